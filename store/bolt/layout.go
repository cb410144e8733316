package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
)

// The layout of a bbolt file, version 2 (go.etcd.io/bbolt, internal/common). Numbers have the
// byte order of the machine. Page 0 and page 1 each have a meta record; the valid one with the
// higher transaction counts. Reading it here, without mapping the file, turns what would be a
// panic or a fault in bbolt into an error that names the page.
const (
	fileMagic   = 0xED0CDAED
	fileVersion = 2
	headBytes   = 16 // of a page: id, flags, count, overflow
	itemBytes   = 16 // of an item in a leaf or a branch
	metaBytes   = 64 // of a meta record, with its checksum
	bucketBytes = 16 // of a bucket in a leaf: its root page, or 0 and the page itself behind it

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketItem   = 0x01 // an item of a leaf that is a bucket

	noFreelist = ^uint64(0)
)

var order = binary.NativeEndian

// Damage is an error in the structure of the store's file.
type Damage struct {
	Page uint64 // number of the page
	What string
}

// Error names the page.
func (d *Damage) Error() string {
	return fmt.Sprintf("the store is damaged at page %d: %s", d.Page, d.What)
}

// meta is what a meta record says of the file.
type meta struct {
	pageSize   int64
	root       uint64 // page of the bucket of all buckets
	freelist   uint64 // page, or noFreelist
	pages      uint64 // all pages of the file are below
	generation uint64 // number of the transaction that wrote it
}

// inspect reads the meta records of a file, holds the file's size against them, and verifies the
// tree that leads to the buckets: bbolt would follow a circle in it until its stack is full, and no
// program survives that. A writer of a file without a list of free pages, as a crash leaves it, reads all pages anyway: then all of
// them are verified first.
func inspect(path string, to access) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := readMeta(f)
	if err != nil {
		return err
	}
	w := &pages{file: f, meta: m, used: make([]bool, m.pages)}
	if to == readWrite && m.freelist == noFreelist {
		err = w.all()
	} else {
		w.noBuckets = true
		err = w.tree(m.root, nil, nil, 0)
	}
	if err == nil && len(w.damages) > 0 {
		err = w.damages[0]
	}
	return err
}

// readMeta reads the meta record that counts. Its error is a *Damage, or one of the disk.
func readMeta(f *os.File) (meta, error) {
	info, err := f.Stat()
	if err != nil {
		return meta{}, err
	}
	if !info.Mode().IsRegular() {
		return meta{}, fmt.Errorf("%s is not a file", f.Name())
	}
	head := make([]byte, min(info.Size(), 128<<10))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return meta{}, err
	}
	if len(head) == 0 {
		return meta{}, &Damage{0, "the file is empty"}
	}
	best, found := parseMeta(head, 0)
	for size := 512; size < len(head); size *= 2 { // page 1 says how large pages are, if page 0 does not
		if found && int64(size) != best.pageSize {
			continue
		}
		if m, ok := parseMeta(head, size); ok && m.pageSize == int64(size) && (!found || m.generation > best.generation) {
			best, found = m, true
		}
	}
	switch {
	case !found:
		return best, &Damage{0, "neither page 0 nor page 1 has a valid meta record"}
	case best.root >= best.pages:
		return best, &Damage{best.generation % 2, fmt.Sprintf("the root is page %d of %d", best.root, best.pages)}
	case best.freelist != noFreelist && best.freelist >= best.pages:
		return best, &Damage{best.generation % 2, fmt.Sprintf("the list of free pages is page %d of %d", best.freelist, best.pages)}
	case info.Size() < int64(best.pages)*best.pageSize:
		return best, &Damage{uint64(info.Size() / best.pageSize), fmt.Sprintf("the file ends here, after %d bytes; it had at least %d", info.Size(), int64(best.pages)*best.pageSize)}
	}
	return best, nil
}

func parseMeta(file []byte, at int) (m meta, ok bool) {
	if at+headBytes+metaBytes > len(file) {
		return m, false
	}
	record := file[at+headBytes:][:metaBytes]
	sum := fnv.New64a()
	sum.Write(record[:metaBytes-8])
	if order.Uint32(record) != fileMagic || order.Uint32(record[4:]) != fileVersion || order.Uint64(record[56:]) != sum.Sum64() {
		return m, false
	}
	m = meta{
		pageSize: int64(order.Uint32(record[8:])), root: order.Uint64(record[16:]), freelist: order.Uint64(record[32:]),
		pages: order.Uint64(record[40:]), generation: order.Uint64(record[48:]),
	}
	return m, m.pageSize >= 512 && m.pageSize&(m.pageSize-1) == 0 && m.pages < 1<<40
}

// maxDamages is how many damages of pages `nudge store check` lists; more are left out.
const maxDamages = 100

// pages walks through all pages of a file that are in use.
type pages struct {
	file      io.ReaderAt
	meta      meta
	noBuckets bool   // leave out what is in them
	used      []bool // by page
	listed    []bool // as free, by page; nil if nobody asks
	damages   []*Damage
}

// Verify reads every page of the file in use and returns what is wrong with their structure, at
// most 100 damages. A file without any can be read without a panic. The KV must be open for
// reading only, so that nobody writes meanwhile.
func (k *KV) Verify() ([]*Damage, error) {
	f, err := os.Open(k.db.Path())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := readMeta(f)
	if err != nil {
		return nil, err
	}
	return verify(f, m)
}

func verify(f *os.File, m meta) ([]*Damage, error) {
	w := &pages{file: f, meta: m, used: make([]bool, m.pages)}
	err := w.all()
	return w.damages, err
}

func (w *pages) all() error {
	err := w.tree(w.meta.root, nil, nil, 0)
	if err == nil && w.meta.freelist != noFreelist {
		err = w.free(w.meta.freelist)
	}
	return err
}

func (w *pages) found(page uint64, format string, args ...any) {
	if len(w.damages) < maxDamages {
		w.damages = append(w.damages, &Damage{page, fmt.Sprintf(format, args...)})
	}
}

// read returns the bytes of a page with those that it overflows into, once the head is found to
// be right. Nil means that a damage was noted.
func (w *pages) read(page uint64, kinds ...uint16) ([]byte, error) {
	if page < 2 || page >= w.meta.pages {
		w.found(page, "there is no such page: the file has %d", w.meta.pages)
		return nil, nil
	}
	head := make([]byte, headBytes)
	if _, err := w.file.ReadAt(head, int64(page)*w.meta.pageSize); err != nil {
		return nil, err
	}
	overflow := uint64(order.Uint32(head[12:]))
	kind := order.Uint16(head[8:])
	switch {
	case order.Uint64(head) != page:
		w.found(page, "it says that it is page %d", order.Uint64(head))
		return nil, nil
	case !slices.Contains(kinds, kind):
		w.found(page, "it is of the kind %#x, want %#x", kind, kinds)
		return nil, nil
	case page+overflow >= w.meta.pages:
		w.found(page, "it goes on for %d pages, beyond the end of the file", overflow)
		return nil, nil
	}
	for p := page; p <= page+overflow; p++ {
		if w.used[p] {
			w.found(p, "it is used twice")
			return nil, nil
		}
		w.used[p] = true
	}
	all := make([]byte, int64(overflow+1)*w.meta.pageSize)
	if _, err := w.file.ReadAt(all, int64(page)*w.meta.pageSize); err != nil {
		return nil, err
	}
	return all, nil
}

// item is one entry of a page.
type item struct {
	key, value []byte
	child      uint64 // of a branch
	bucket     bool
}

// items returns the entries of a leaf or a branch that lie within its bytes and in order.
func (w *pages) items(page uint64, all []byte) (list []item, branch bool) {
	branch = order.Uint16(all[8:]) == branchPage
	count := int(order.Uint16(all[10:]))
	if headBytes+count*itemBytes > len(all) {
		w.found(page, "it has %d items, more than fit", count)
		return nil, branch
	}
	for i := range count {
		it, ok := parseItem(all, headBytes+i*itemBytes, branch)
		if !ok {
			w.found(page, "item %d is of no kind, or lies outside of the page", i)
			return nil, branch
		}
		if i > 0 && bytes.Compare(list[i-1].key, it.key) >= 0 {
			w.found(page, "item %d is not in order", i)
			return nil, branch
		}
		list = append(list, it)
	}
	return list, branch
}

// parseItem reads the item of a leaf or a branch whose head is at a place of the page. It returns
// not ok for one that is of no kind, or lies outside of the page.
func parseItem(all []byte, at int, branch bool) (it item, ok bool) {
	e := all[at : at+itemBytes]
	from, keyBytes, valueBytes := uint64(at)+uint64(order.Uint32(e)), uint64(order.Uint32(e[4:])), uint64(0)
	if branch {
		it.child = order.Uint64(e[8:])
	} else {
		it.bucket = order.Uint32(e) == bucketItem
		from, keyBytes, valueBytes = uint64(at)+uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:])), uint64(order.Uint32(e[12:]))
		if order.Uint32(e) > bucketItem {
			return it, false
		}
	}
	heads := uint64(headBytes) + uint64(order.Uint16(all[10:]))*itemBytes
	if from < heads || from+keyBytes+valueBytes > uint64(len(all)) {
		return it, false
	}
	it.key, it.value = all[from:from+keyBytes], all[from+keyBytes:from+keyBytes+valueBytes]
	return it, true
}

// maxLevels is more than the levels of any tree: each has at least two entries.
const maxLevels = 64

// tree walks through a page and those below. Its keys are from a lower bound on and below an
// upper one; nil is none.
func (w *pages) tree(page uint64, lower, upper []byte, level int) error {
	if level > maxLevels {
		w.found(page, "the tree has more than %d levels", maxLevels)
		return nil
	}
	all, err := w.read(page, branchPage, leafPage)
	if all == nil {
		return err
	}
	list, branch := w.items(page, all)
	for i, it := range list {
		if i == 0 && lower != nil && bytes.Compare(it.key, lower) < 0 || upper != nil && bytes.Compare(it.key, upper) >= 0 {
			w.found(page, "item %d does not belong here", i)
			return nil
		}
		next := upper
		if i+1 < len(list) {
			next = list[i+1].key
		}
		switch {
		case branch:
			err = w.tree(it.child, it.key, next, level+1)
		case it.bucket && !w.noBuckets:
			err = w.bucket(page, i, it.value, level)
		}
		if err != nil {
			return err
		}
	}
	if branch && len(list) == 0 && order.Uint16(all[10:]) == 0 {
		w.found(page, "it has no items")
	}
	return nil
}

// bucket walks through a bucket: a tree of its own, or a page within the item.
func (w *pages) bucket(page uint64, i int, value []byte, level int) error {
	if len(value) < bucketBytes {
		w.found(page, "item %d is too short for a bucket", i)
		return nil
	}
	if root := order.Uint64(value); root != 0 {
		return w.tree(root, nil, nil, level+1)
	}
	inline := value[bucketBytes:]
	if len(inline) < headBytes || order.Uint16(inline[8:]) != leafPage {
		w.found(page, "item %d is no bucket", i)
		return nil
	}
	w.items(page, inline)
	return nil
}

// free walks through the list of free pages.
func (w *pages) free(page uint64) error {
	all, err := w.read(page, freelistPage)
	if all == nil {
		return err
	}
	count, from := uint64(order.Uint16(all[10:])), uint64(headBytes)
	if count == 0xffff { // too many for the head
		count, from = order.Uint64(all[headBytes:]), headBytes+8
	}
	if count > (uint64(len(all))-from)/8 {
		w.found(page, "it has %d free pages, more than fit", count)
		return nil
	}
	before := uint64(1)
	for i := range count {
		id := order.Uint64(all[from+8*i:])
		switch {
		case id <= before || id >= w.meta.pages:
			w.found(page, "free page %d is not in order", id)
			return nil
		case w.used[id]:
			w.found(id, "it is free and in use")
		}
		if before = id; w.listed != nil {
			w.listed[id] = true
		}
	}
	return nil
}
