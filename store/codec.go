package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"nudge/engine"
)

// A record has this layout:
//
//	byte 0        the version of its encoding
//	bytes 1–n     its fields in order: varints, and bytes with their length before them; zero or empty fields at the end are left out
//	last 4 bytes  CRC-32C (Castagnoli) of everything before, big-endian
//
// A run's record does not repeat the ID, because the ID is its key. The checksum starts
// with the ID, so a record under another run's key is detected.
//
// Index keys carry no checksum: the check derives them again from the records.

const checksumBytes = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged means that a record differs from what was written.
var errDamaged = errors.New("the record is damaged")

// ErrDamaged is in the error of everything that a damaged record prevents, except in a
// [DamagedRun].
var ErrDamaged = errors.New("the store is damaged")

// codec writes or reads the fields of a record. One description of a record serves both
// directions, so writing and reading cannot drift apart.
type codec struct {
	b       []byte // written so far, or still to be read
	used    int    // bytes written, without zero or empty fields at the end
	reading bool
	failed  bool           // reading went past the end
	texts   []string       // texts that later fields may refer to; see text.go
	base    engine.Instant // reference for the instants in texts
	packed  []byte         // JSON on its way into b
}

// codecs keeps used codecs, to reuse their buffers.
var codecs = sync.Pool{New: func() any { return new(codec) }}

// encode writes a record. If there is a key, the checksum starts with it.
func encode(version byte, fields func(*codec), key ...byte) []byte {
	c := codecs.Get().(*codec)
	defer codecs.Put(c)
	*c = codec{b: append(c.b[:0], version), texts: c.texts[:0], packed: c.packed}
	fields(c)
	c.b = c.b[:max(1, c.used)]
	c.b = binary.BigEndian.AppendUint32(c.b, checksum(key, c.b))
	return bytes.Clone(c.b)
}

func checksum(key, record []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, record)
}

// decode reads a record. The result shares no memory with the record.
func decode(record []byte, version byte, fields func(*codec), key ...byte) error {
	n := len(record) - checksumBytes
	if n < 1 || checksum(key, record[:n]) != binary.BigEndian.Uint32(record[n:]) {
		return errDamaged
	}
	if record[0] != version {
		return fmt.Errorf("the record has version %d, this program reads %d", record[0], version)
	}
	c := codecs.Get().(*codec)
	defer codecs.Put(c)
	written := c.b
	*c = codec{b: record[1:n], texts: c.texts[:0], packed: c.packed, reading: true}
	fields(c)
	whole := !c.failed && len(c.b) == 0
	if c.b = written; !whole { // it never keeps what belongs to the record
		return errDamaged
	}
	return nil
}

func (c *codec) uint(v *uint64) {
	if !c.reading {
		c.b = binary.AppendUvarint(c.b, *v)
		if *v != 0 {
			c.used = len(c.b)
		}
		return
	}
	if *v = 0; len(c.b) == 0 {
		return // this field and all after it were zero
	}
	n := 0
	if *v, n = binary.Uvarint(c.b); n <= 0 {
		c.fail()
		return
	}
	c.b = c.b[n:]
}

func (c *codec) fail() {
	c.b, c.failed = nil, true
}

// take returns the next n bytes. They still belong to the record.
func (c *codec) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.fail()
		return nil
	}
	taken := c.b[:n]
	c.b = c.b[n:]
	return taken
}

func (c *codec) bytes(v []byte) {
	if c.reading {
		copy(v, c.take(uint64(len(v))))
	} else {
		c.write(v)
	}
}

func (c *codec) write(b []byte) {
	if c.b = append(c.b, b...); len(b) > 0 {
		c.used = len(c.b)
	}
}

func (c *codec) bool(v *bool) {
	n := uint64(0)
	if *v {
		n = 1
	}
	c.uint(&n)
	*v = n == 1
}

// integer writes any integer that is not negative.
func integer[T ~int | ~int64 | ~uint8 | ~uint64](c *codec, v *T) {
	n := uint64(*v)
	c.uint(&n)
	*v = T(n)
}

// signed writes an integer that may be negative.
func signed[T ~int | ~int64](c *codec, v *T) {
	n := zigzag(int64(*v))
	c.uint(&n)
	*v = T(unzigzag(n))
}

// zigzag maps numbers close to zero, of both signs, to small numbers.
func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// list writes a slice, element by element.
func list[T any](c *codec, v *[]T, element func(*codec, *T)) {
	n := uint64(len(*v))
	c.uint(&n)
	if c.reading {
		if n > uint64(len(c.b)) { // an element takes at least one byte
			c.fail()
			return
		}
		if *v = nil; n > 0 {
			*v = make([]T, n)
		}
	}
	for i := range *v {
		element(c, &(*v)[i])
	}
	if n > 0 {
		c.used = len(c.b)
	}
}

// optional writes a value that may be absent.
func optional[T any](c *codec, v **T, fields func(*codec, *T)) {
	present := *v != nil
	c.bool(&present)
	if !present {
		return
	}
	if c.reading {
		*v = new(T)
	}
	fields(c, *v)
}

// instants writes each instant as the difference from the one before, which keeps the
// numbers small. It adds one to every difference, so that 0 can mean no instant.
type instants struct{ last engine.Instant }

func (in *instants) write(c *codec, v *engine.Instant) {
	d := *v - in.last
	n := zigzag(int64(d)) + 1
	if *v == 0 {
		n = 0
	}
	if c.uint(&n); n == 0 {
		*v = 0
		return
	}
	*v = in.last + engine.Instant(unzigzag(n-1))
	in.last = *v
}
