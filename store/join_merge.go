package store

import (
	"bytes"
	"slices"
)

// How many entries of a part are read at once: few at first, as most readers want one page, and more for those who go on.
const (
	firstChunk = 16
	lastChunk  = 1024
)

// stream reads the entries of a bucket of one part in a direction, chunk by chunk.
type stream struct {
	r    Reader
	b    Bucket
	part int
	down bool

	place []byte // where the next chunk begins
	chunk []*joinedEntry
	size  int // of the last chunk
	ended bool

	// show turns the next entry into that of the joined store; false: it has none. Nil: it stays as it is.
	show func(*joinedEntry) bool
	seen bool // show was called for the first entry of the chunk
}

// joinedEntry is an entry of a part.
type joinedEntry struct {
	part       int
	key, value []byte
	order      logOrder // of an entry of a log
}

// head returns the next entry; nil after the last one.
func (s *stream) head() *joinedEntry {
	for {
		if len(s.chunk) == 0 {
			if s.ended {
				return nil
			}
			s.read()
			continue
		}
		if s.seen || s.show == nil || s.show(s.chunk[0]) {
			s.seen = true
			return s.chunk[0]
		}
		s.skip()
	}
}

// skip goes to the entry behind the next one.
func (s *stream) skip() { s.chunk, s.seen = s.chunk[1:], false }

func (s *stream) read() {
	s.size = min(max(2*s.size, firstChunk), lastChunk)
	all := make([]*joinedEntry, 0, s.size)
	walk(s.r, s.b, s.place, s.down, func(key, value []byte) bool {
		all = append(all, &joinedEntry{part: s.part, key: key, value: value})
		return len(all) < s.size
	})
	if s.chunk, s.ended = all, len(all) < s.size; s.ended {
		return
	}
	s.place = all[len(all)-1].key
	if !s.down {
		s.place = append(bytes.Clone(s.place), 0)
	}
}

// mergeStreams visits the entries of several streams in one order, until visit returns false. It calls visit once for entries that
// compare as equal, with all of them in the order of their parts.
func mergeStreams(streams []*stream, compare func(a, b *joinedEntry) int, visit func([]*joinedEntry) bool) {
	streams = slices.DeleteFunc(streams, func(s *stream) bool { return s.head() == nil })
	inOrder := func(a, b *stream) int {
		if c := compare(a.head(), b.head()); c != 0 {
			return c
		}
		return a.part - b.part
	}
	slices.SortFunc(streams, inOrder)
	for len(streams) > 0 {
		equal := []*joinedEntry{streams[0].head()}
		for len(equal) < len(streams) && compare(equal[0], streams[len(equal)].head()) == 0 {
			equal = append(equal, streams[len(equal)].head())
		}
		if !visit(equal) {
			return
		}
		for i := len(equal) - 1; i >= 0; i-- { // each goes to its next place among those behind it
			s := streams[i]
			if s.skip(); s.head() == nil {
				streams = slices.Delete(streams, i, i+1)
				continue
			}
			to, _ := slices.BinarySearchFunc(streams[i+1:], s, inOrder)
			copy(streams[i:], streams[i+1:i+1+to])
			streams[i+to] = s
		}
	}
}

// byKey compares entries by their keys, in a direction.
func byKey(down bool) func(a, b *joinedEntry) int {
	return func(a, b *joinedEntry) int {
		if down {
			a, b = b, a
		}
		return bytes.Compare(a.key, b.key)
	}
}

// mergeKeys visits the keys of all parts in their order, each once, with the entries of all parts that have it.
func mergeKeys(j joinedReader, b Bucket, place []byte, down bool, visit func([]*joinedEntry) bool) {
	streams := make([]*stream, 0, len(j))
	for part, r := range j {
		streams = append(streams, &stream{r: r, b: b, part: part, down: down, place: place})
	}
	mergeStreams(streams, byKey(down), visit)
}
