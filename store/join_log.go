package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"nudge/engine"
)

// logRule joins records that each part numbers by itself, as they happen. The joined list is by time: by the instant of an entry,
// then by its part, then by its number. In one part neither numbers nor instants fall. A key is some bytes before the number, which
// may be none, and the number.
//
// A place in the list is named by the number of an entry there, as in any store. That entry tells its instant, and in the other
// parts the place is found by a binary search. If it is gone, the nearest one behind it in its part stands for it, or what the part
// says of the inputs that it has dropped.
type logRule struct {
	before    int // bytes before the number
	numbers   numbering
	onlyFirst bool // of each entry, all parts have a copy; that of the first part is shown
	dropped   bool // entries are dropped with the journal
	// entry reads an entry of a part.
	entry func(j joinedReader, part int, key, record []byte) loggedEntry
}

// loggedEntry is what an entry of a log says.
type loggedEntry struct {
	at     engine.Instant            // less than 0: it cannot be read
	hidden bool                      // another part shows it
	record func(shown uint64) []byte // with the number that it has in the joined store
}

// logOrder is the place of an entry in the joined list.
type logOrder struct {
	before []byte
	at     engine.Instant
	part   int
}

func (a logOrder) compare(b logOrder) int {
	return cmp.Or(bytes.Compare(a.before, b.before), cmp.Compare(a.at, b.at), cmp.Compare(a.part, b.part))
}

// numbering is how the numbers of a part become those of the joined store.
type numbering interface {
	// part returns the part that has a number of the joined store, and the number there.
	part(shown uint64, n int) (part int, number uint64)
	// shown returns the number in the joined store.
	shown(part int, number uint64, n int) uint64
	// span returns the numbers that a part gives, without the first one.
	span(part int) (from, to uint64)
}

// inTurn gives the numbers of all parts in turn, so that each is only once, and in JSON as exact as before.
type inTurn struct{}

func (inTurn) part(shown uint64, n int) (int, uint64) {
	return int(shown % uint64(n)), shown / uint64(n)
}
func (inTurn) shown(part int, number uint64, n int) uint64 {
	return number*uint64(n) + uint64(part)
}
func (inTurn) span(int) (from, to uint64) { return 0, math.MaxUint64 }

// byHome is the numbering of campaigns: a number says which part gave it.
type byHome struct{}

func (byHome) part(shown uint64, _ int) (int, uint64)   { return engine.CampaignHome(shown), shown }
func (byHome) shown(_ int, number uint64, _ int) uint64 { return number }
func (byHome) span(part int) (from, to uint64) {
	from = engine.FirstCampaign(part)
	return from, engine.FirstCampaign(part+1) - 1
}

// key returns the key of a number behind the bytes before it.
func (l *logRule) key(before []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(before[:l.before]), number)
}

func (l *logRule) get(j joinedReader, b Bucket, key []byte) []byte {
	if len(key) != l.before+8 {
		return nil
	}
	shown := lastNumber(key)
	part, number := l.numbers.part(shown, len(j))
	if part >= len(j) || l.onlyFirst && part > 0 {
		return nil
	}
	own := l.key(key, number)
	record := j[part].Get(b, own)
	if record == nil {
		return nil
	}
	x := l.entry(j, part, own, record)
	if x.hidden {
		return nil
	}
	return x.record(shown)
}

func (l *logRule) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	streams := make([]*stream, 0, len(j))
	for part, bound := range l.bounds(j, b, place, down) {
		streams = append(streams, l.stream(j, b, part, bound, down))
	}
	compare := func(x, y *joinedEntry) int {
		if down {
			x, y = y, x
		}
		return x.order.compare(y.order)
	}
	mergeStreams(streams, compare, func(one []*joinedEntry) bool { return visit(one[0].key, one[0].value) })
}

// stream reads the entries of a part, as the joined store shows them.
func (l *logRule) stream(j joinedReader, b Bucket, part int, bound []byte, down bool) *stream {
	s := &stream{r: j[part], b: b, part: part, down: down, place: bound}
	from, to := l.numbers.span(part)
	at := engine.Instant(0) // of the last entry that could be read
	s.show = func(e *joinedEntry) bool {
		if len(e.key) != l.before+8 {
			return false
		}
		number := lastNumber(e.key)
		if number < from || number > to {
			s.chunk, s.ended = s.chunk[:1], true
			return false
		}
		x := l.entry(j, part, e.key, e.value)
		if x.hidden {
			return false
		}
		if x.at >= 0 {
			at = x.at
		}
		shown := l.numbers.shown(part, number, len(j))
		e.order = logOrder{e.key[:l.before], at, part}
		e.key, e.value = l.key(e.key, shown), x.record(shown)
		return true
	}
	return s
}

// bounds returns for each part the first key that is not before a place of the joined list.
func (l *logRule) bounds(j joinedReader, b Bucket, place []byte, down bool) [][]byte {
	bounds := make([][]byte, len(j))
	if l.onlyFirst {
		bounds = bounds[:1]
	}
	switch {
	case len(place) >= l.before+8:
		l.find(j, b, place, bounds)
	case place != nil:
		for part := range bounds {
			bounds[part] = place
		}
	case l.before == 0:
		for part := range bounds {
			from, to := l.numbers.span(part)
			if bounds[part] = be(from); down {
				bounds[part] = append(be(to), 0)
			}
		}
	}
	return bounds
}

// find finds the entry that a place names, and the same instant in the other parts.
func (l *logRule) find(j joinedReader, b Bucket, place []byte, bounds [][]byte) {
	before := place[:l.before]
	part, number := l.numbers.part(binary.BigEndian.Uint64(place[l.before:]), len(j))
	at := engine.Instant(math.MaxInt64) // behind everything
	if part < len(bounds) {
		at = (&logSearch{l, j[part], j, b, part, before}).at(number)
	}
	for q := range bounds {
		from, to := l.numbers.span(q)
		switch {
		case at < 0:
			bounds[q] = l.key(before, from)
		case at == math.MaxInt64:
			bounds[q] = append(l.key(before, to), 0)
		case q == part:
			bounds[q] = append(l.key(before, number), place[l.before+8:]...)
		default:
			search := &logSearch{l, j[q], j, b, q, before}
			bounds[q] = l.key(before, search.first(at, q > part))
		}
	}
}

// logSearch looks into the entries of one part.
type logSearch struct {
	*logRule
	r      Reader
	j      joinedReader
	b      Bucket
	part   int
	prefix []byte
}

// from returns the number and the instant of the first entry from a number on that can be read; false if there is none.
func (s *logSearch) from(number uint64) (found uint64, at engine.Instant, ok bool) {
	_, to := s.numbers.span(s.part)
	s.r.Ascend(s.b, s.key(s.prefix, number), func(key, record []byte) bool {
		if len(key) != s.before+8 || !bytes.HasPrefix(key, s.prefix) || lastNumber(key) > to {
			return false
		}
		found, at = lastNumber(key), s.entry(s.j, s.part, key, record).at
		ok = at >= 0
		return !ok
	})
	return found, at, ok
}

// at returns the instant of a number. It is less than 0 for one before everything, and the last of all for one behind everything.
func (s *logSearch) at(number uint64) engine.Instant {
	from, _ := s.numbers.span(s.part)
	if number <= from {
		return -1
	}
	next, at, found := s.from(number)
	if s.dropped && next != number {
		if p, err := readPurged(s.r); err == nil && number <= p.Journal {
			return p.Stamp
		}
	}
	if found {
		return at
	}
	if _, _, any := s.from(from); !any && number < math.MaxUint64/engine.MaxPartitions {
		return -1 // all that the part had is gone, and it was older than what the other parts have
	}
	return math.MaxInt64
}

// first returns the number of the first entry after an instant, or at it if that counts; one behind all if there is none.
func (s *logSearch) first(at engine.Instant, same bool) uint64 {
	low, to := s.numbers.span(s.part)
	high := low
	s.r.Descend(s.b, append(s.key(s.prefix, to), 0), func(key, _ []byte) bool {
		if len(key) == s.before+8 && bytes.HasPrefix(key, s.prefix) && lastNumber(key) >= low {
			high = lastNumber(key) + 1
		}
		return false
	})
	for low < high {
		middle := low + (high-low)/2
		number, when, ok := s.from(middle)
		if !ok || when > at || same && when == at {
			high = middle
		} else {
			low = number + 1
		}
	}
	return low
}
