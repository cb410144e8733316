package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"time"

	"nudge/store"
)

// Format is the version of the layout of backups.
const Format = 1

// magic is the first line of a backup.
const magic = "nudge backup\n"

// Kinds of blocks.
const (
	headerBlock  = 'h'
	bucketBlock  = 'b' // the number of a partition, and the name of a bucket: the records that follow are of it
	recordsBlock = 'r' // keys and values, each behind its length
	fileBlock    = 'f' // the name of a file that belongs to the store: the texts that follow are of it
	textBlock    = 'x'
	trailerBlock = 't'

	// These follow behind the trailer of a backup that goes on, with files.
	changesBlock = 'c' // what a transaction wrote into a partition
	aliveBlock   = 'l'
)

const (
	// blockBytes is how many bytes of records a block takes before it is written.
	blockBytes = 256 << 10
	// maxBlock is the longest block that is read: far more than the longest record, and bounded where the length is
	// damaged.
	maxBlock = 1 << 30
)

// ErrDamaged is what is wrong with a backup that is not as it was written, or not whole.
var ErrDamaged = errors.New("the backup is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header says what a backup is of.
type Header struct {
	Format       int       `json:"format"`       // of the backup
	Store        int       `json:"store"`        // the format of the records
	Installation string    `json:"installation"` // that the records are of
	Partitions   int       `json:"partitions"`   // from 1
	Seq          uint64    `json:"seq"`          // how many inputs its journals have had
	Made         time.Time `json:"made"`         // when the records were as they are here
	By           string    `json:"by"`           // the version of Nudge that wrote it
}

// Trailer is the end of a whole backup.
type Trailer struct {
	Records int64  `json:"records"`
	SHA256  string `json:"sha256"` // of everything before it
}

// writer writes blocks.
type writer struct {
	ctx     context.Context
	out     io.Writer
	sum     hash.Hash
	block   []byte // the records of the next one
	records int64
}

// File is a file that belongs to a store and is no part of it: a frozen audience.
type File struct {
	Name string
	Text io.ReadCloser // is closed once it is written, or when that fails
}

// Write writes the records of all partitions, which were so when it says that they were, and the files that belong to them. By is
// the version of Nudge. It holds a block in memory, and ends when ctx ends.
func Write(ctx context.Context, to io.Writer, parts []store.Reader, files []File, made time.Time, by string) (err error) {
	defer func() { err = errors.Join(err, closeAll(files)) }()
	h := Header{Format: Format, Store: store.Format, Partitions: len(parts), Made: made.UTC(), By: by}
	for n, r := range parts {
		state, err := store.StateIn(r)
		if err != nil {
			return err
		}
		if h.Seq += state.Seq; n == 0 {
			h.Installation = state.Installation.String()
		}
	}
	w := &writer{ctx: ctx, sum: sha256.New()}
	w.out = io.MultiWriter(to, w.sum)
	if _, err := io.WriteString(w.out, magic); err != nil {
		return err
	}
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := w.put(headerBlock, head); err != nil {
		return err
	}
	for n, r := range parts {
		for _, b := range store.Buckets {
			if err := w.bucket(n, b, r); err != nil {
				return err
			}
		}
	}
	for _, f := range files {
		if err := w.file(f); err != nil {
			return err
		}
	}
	tail, err := json.Marshal(Trailer{w.records, hex.EncodeToString(w.sum.Sum(nil))})
	if err != nil {
		return err
	}
	return w.put(trailerBlock, tail)
}

func closeAll(files []File) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Text.Close())
	}
	return err
}

// bucket writes a bucket that has records.
func (w *writer) bucket(part int, b store.Bucket, r store.Reader) (err error) {
	begun := false
	r.Ascend(b, nil, func(key, value []byte) bool {
		if !begun {
			begun = true
			if err = w.put(bucketBlock, append([]byte{byte(part)}, b.String()...)); err != nil {
				return false
			}
		}
		w.records++
		w.block = binary.AppendUvarint(w.block, uint64(len(key)))
		w.block = append(w.block, key...)
		w.block = binary.AppendUvarint(w.block, uint64(len(value)))
		if w.block = append(w.block, value...); len(w.block) >= blockBytes {
			err = w.flush()
		}
		return err == nil
	})
	return errors.Join(err, w.flush())
}

// file writes a file.
func (w *writer) file(f File) error {
	if err := w.put(fileBlock, []byte(f.Name)); err != nil {
		return err
	}
	text := make([]byte, blockBytes)
	for {
		n, err := io.ReadFull(f.Text, text)
		if n > 0 {
			if err := w.put(textBlock, text[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func (w *writer) flush() error {
	if len(w.block) == 0 {
		return nil
	}
	err := w.put(recordsBlock, w.block)
	w.block = w.block[:0]
	return err
}

// put writes a block.
func (w *writer) put(kind byte, content []byte) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	_, err := w.out.Write(frame(kind, content))
	return err
}

// Backup is a backup that is read.
type Backup struct {
	Header Header
	from   *bufio.Reader
	sum    hash.Hash
	at     int64  // of the block that is read next
	block  []byte // reused
}

// Read reads the beginning of a backup.
func Read(from io.Reader) (*Backup, error) {
	b := &Backup{from: bufio.NewReaderSize(from, 1<<20), sum: sha256.New()}
	line := make([]byte, len(magic))
	_, err := io.ReadFull(b.from, line)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if string(line) != magic {
		return nil, fmt.Errorf("this is no backup: it does not begin with %q. One that was compressed has to be decompressed first", magic)
	}
	b.sum.Write(line)
	b.at = int64(len(line))
	kind, content, err := b.next()
	if err != nil {
		return nil, err
	}
	if kind != headerBlock || json.Unmarshal(content, &b.Header) != nil {
		return nil, b.damaged("it has no header")
	}
	h := &b.Header
	switch {
	case h.Format != Format:
		return nil, fmt.Errorf("the backup has format %d, and this Nudge reads format %d: it was written by Nudge %s", h.Format, Format, h.By)
	case h.Store > store.Format, h.Store < store.OldestFormat:
		return nil, fmt.Errorf("the backup has records of format %d, and this Nudge reads formats %d to %d: it was written by Nudge %s", h.Store, store.OldestFormat, store.Format, h.By)
	case h.Partitions < 1 || h.Partitions > 256:
		return nil, b.damaged(fmt.Sprintf("it has %d partitions", h.Partitions))
	}
	return b, nil
}

func (b *Backup) damaged(what string) error {
	return fmt.Errorf("%w at byte %d: %s", ErrDamaged, b.at, what)
}

// next reads a block. Its content is good until the next call.
func (b *Backup) next() (kind byte, content []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(b.from, head[:]); err != nil {
		return 0, nil, b.cutShort(err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxBlock {
		return 0, nil, b.damaged(fmt.Sprintf("a block has %d bytes", size))
	}
	b.block = b.block[:0]
	whole := bytes.NewBuffer(append(b.block, head[:]...))
	if _, err := io.CopyN(whole, b.from, int64(size)+4); err != nil { // takes no more memory than there is to read
		return 0, nil, b.cutShort(err)
	}
	b.block = whole.Bytes()
	end := len(b.block) - 4
	if crc32.Checksum(b.block[:end], castagnoli) != binary.BigEndian.Uint32(b.block[end:]) {
		return 0, nil, b.damaged("the checksum of a block is wrong")
	}
	if head[0] != trailerBlock {
		b.sum.Write(b.block)
	}
	b.at += int64(len(b.block))
	return head[0], b.block[5:end], nil
}

func (b *Backup) cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", b.damaged("it ends here, and is not whole"), errCutShort)
	}
	return err
}

// errCutShort is what is wrong with a backup that ends too early.
var errCutShort = errors.New("what comes before is as it was written")

// Copy puts the records into empty stores, one for each partition, in transactions of a few blocks, and the files where makeFile says. It fails
// with [ErrDamaged] where the backup is not as it was written; what is in the stores then is of no use. Progress is called after each block with
// the bytes so far; it may be nil.
func (b *Backup) Copy(ctx context.Context, into []store.KV, makeFile func(name string) (io.WriteCloser, error), progress func(bytes int64)) (records int64, err error) {
	if len(into) != b.Header.Partitions {
		return 0, fmt.Errorf("there are %d stores for %d partitions", len(into), b.Header.Partitions)
	}
	c := &copying{b: b, into: into, makeFile: makeFile}
	records, err = b.copy(ctx, c, progress)
	return records, errors.Join(err, c.closeFile())
}

// Verify reads the backup to its end and returns how many records it has. It fails with [ErrDamaged] where the backup is not as it was written.
func (b *Backup) Verify(ctx context.Context) (records int64, err error) {
	return b.copy(ctx, &copying{b: b, into: make([]store.KV, b.Header.Partitions), makeFile: makeNowhere}, nil)
}

func (b *Backup) copy(ctx context.Context, c *copying, progress func(bytes int64)) (records int64, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return c.records, err
		}
		kind, content, err := b.next()
		if err != nil {
			return c.records, err
		}
		if kind == trailerBlock {
			if err := c.end(content); err != nil {
				return c.records, err
			}
			return c.records, c.commit()
		}
		if err := c.take(kind, content); err != nil {
			return c.records, err
		}
		if progress != nil {
			progress(b.at)
		}
	}
}

// commitBytes is how many bytes of records one transaction of a copy has.
const commitBytes = 4 << 20

// copying is a copy under way.
type copying struct {
	b       *Backup
	into    []store.KV
	part    int
	bucket  store.Bucket
	begun   bool // there is a bucket
	waiting []record
	bytes   int
	records int64

	makeFile func(name string) (io.WriteCloser, error)
	file     io.WriteCloser // nil: there is none
}

type record struct{ key, value []byte }

func (c *copying) take(kind byte, content []byte) error {
	switch kind {
	case bucketBlock:
		if err := c.commit(); err != nil {
			return err
		}
		return c.begin(content)
	case recordsBlock:
		if !c.begun {
			return c.b.damaged("records of no bucket")
		}
		if err := c.keep(bytes.Clone(content)); err != nil || c.bytes < commitBytes {
			return err
		}
		return c.commit()
	}
	return c.takeFile(kind, content)
}

// takeFile takes a part of a file.
func (c *copying) takeFile(kind byte, content []byte) (err error) {
	switch {
	case kind == fileBlock:
		if err := errors.Join(c.commit(), c.closeFile()); err != nil {
			return err
		}
		name := string(content)
		if !fs.ValidPath(name) || strings.Contains(name, "/") {
			return c.b.damaged(fmt.Sprintf("a file with the name %q", name))
		}
		c.file, err = c.makeFile(name)
		return err
	case kind == textBlock && c.file != nil:
		_, err = c.file.Write(content)
		return err
	case kind == textBlock:
		return c.b.damaged("a text of no file")
	}
	return c.b.damaged(fmt.Sprintf("a block of unknown kind %q", kind))
}

func (c *copying) closeFile() error {
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file = nil
	return err
}

// begin begins a bucket.
func (c *copying) begin(content []byte) error {
	if len(content) < 1 || int(content[0]) >= len(c.into) {
		return c.b.damaged("a bucket of no partition")
	}
	b, known := bucketOf(content[1:])
	if !known {
		return c.b.damaged(fmt.Sprintf("an unknown bucket %q", content[1:]))
	}
	c.part, c.bucket, c.begun = int(content[0]), b, true
	return nil
}

func bucketOf(name []byte) (b store.Bucket, known bool) {
	for _, b := range store.Buckets {
		if b.String() == string(name) {
			return b, true
		}
	}
	return 0, false
}

// keep takes the records of a block, which it owns.
func (c *copying) keep(content []byte) error {
	c.bytes += len(content)
	for len(content) > 0 {
		var key, value []byte
		var ok bool
		if key, content, ok = cut(content); ok {
			value, content, ok = cut(content)
		}
		if !ok {
			return c.b.damaged("a record that does not fit its block")
		}
		c.waiting = append(c.waiting, record{key, value})
	}
	return nil
}

// cut takes a text behind its length.
func cut(from []byte) (text, rest []byte, ok bool) {
	size, n := binary.Uvarint(from)
	if n <= 0 || size > uint64(len(from)-n) {
		return nil, nil, false
	}
	return from[n : n+int(size)], from[n+int(size):], true
}

// commit writes what waits.
func (c *copying) commit() error {
	if len(c.waiting) == 0 {
		return nil
	}
	into := c.into[c.part]
	if into == nil { // only to be verified
		into = nowhere{}
	}
	err := into.Update(func(w store.Writer) error {
		for _, r := range c.waiting {
			if err := w.Put(c.bucket, r.key, r.value); err != nil {
				return err
			}
		}
		return nil
	})
	c.records += int64(len(c.waiting))
	c.waiting, c.bytes = nil, 0
	return err
}

func makeNowhere(string) (io.WriteCloser, error) { return discarded{io.Discard}, nil }

// discarded is a file that keeps nothing.
type discarded struct{ io.Writer }

func (discarded) Close() error { return nil }

// nowhere is a store that keeps nothing.
type nowhere struct{ store.KV }

func (nowhere) Update(func(store.Writer) error) error { return nil }

// end holds that all is there.
func (c *copying) end(content []byte) error {
	var t Trailer
	if json.Unmarshal(content, &t) != nil {
		return c.b.damaged("its end cannot be read")
	}
	if all := c.records + int64(len(c.waiting)); t.Records != all {
		return c.b.damaged(fmt.Sprintf("it has %d records, and there should be %d", all, t.Records))
	}
	if t.SHA256 != hex.EncodeToString(c.b.sum.Sum(nil)) {
		return c.b.damaged("its checksum is wrong")
	}
	return nil
}
