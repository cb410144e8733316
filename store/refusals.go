package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"

	"nudge/engine"
)

const (
	// MaxRefusals is how many refused events are kept; the oldest are dropped beyond it.
	MaxRefusals = 1000
	// MaxRefusedBody is how many bytes of a refused event are kept; the rest is cut off, and the answer says so.
	MaxRefusedBody = 512
)

// Refusal is an event, or a request with events, that was refused. It is in no journal.
type Refusal struct {
	Number  uint64         // in order; the store gives it
	At      engine.Instant //
	From    string         // the token that sent it
	Code    string         // of the problem
	Field   string         // where in the event; may be empty
	Detail  string
	Type    string // of the event; empty: it is not known
	Profile string // whom it names; may be empty
	Body    []byte // as it came, or the beginning of it
	Cut     bool   // the body is only the beginning
	More    uint64 // how many more were refused about then, which are only counted
}

func (x *Refusal) fields(c *codec) {
	c.uint(&x.Number)
	integer(c, &x.At)
	c.str(&x.From)
	c.str(&x.Code)
	c.str(&x.Field)
	c.str(&x.Detail)
	c.str(&x.Type)
	c.str(&x.Profile)
	body := string(x.Body)
	c.str(&body)
	x.Body = []byte(body)
	c.bool(&x.Cut)
	c.uint(&x.More)
}

func encodeRefusal(x *Refusal) []byte { return encode(refusalVersion, x.fields) }

func decodeRefusal(record []byte) (*Refusal, error) {
	x := new(Refusal)
	return x, decode(record, refusalVersion, x.fields)
}

// putRefusals adds refusals and drops the oldest beyond the limit. More is how many others there were: they are
// noted at the last one.
func putRefusals(w Writer, all []*Refusal, more uint64) (err error) {
	var last *Refusal
	w.Descend(Refusals, nil, func(key, record []byte) bool {
		last, err = decodeRefusal(record)
		err = damaged(Refusals, key, err)
		return false
	})
	if err != nil {
		return err
	}
	number := uint64(0)
	if last != nil {
		number = last.Number
	}
	for _, x := range all {
		number++
		x.Number, last = number, x
		if err := w.Put(Refusals, be(number), encodeRefusal(x)); err != nil {
			return err
		}
		if x.Profile != "" {
			if err := w.Put(RefusedPeople, refusedKey(x), nil); err != nil {
				return err
			}
		}
	}
	if more > 0 && last != nil {
		last.More += more
		if err := w.Put(Refusals, be(last.Number), encodeRefusal(last)); err != nil {
			return err
		}
	}
	return dropRefusals(w, number)
}

// refusedKey leads from a person to a refusal.
func refusedKey(x *Refusal) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(personHash(x.Profile)), x.Number)
}

// dropRefusals drops those that are too old beside the newest.
func dropRefusals(w Writer, newest uint64) error {
	if newest <= MaxRefusals {
		return nil
	}
	var old []write
	w.Ascend(Refusals, nil, func(key, record []byte) bool {
		if len(key) != 8 || binary.BigEndian.Uint64(key) > newest-MaxRefusals {
			return false
		}
		old = append(old, write{bucket: Refusals, key: bytes.Clone(key), delete: true})
		if x, err := decodeRefusal(record); err == nil && x.Profile != "" {
			old = append(old, write{bucket: RefusedPeople, key: refusedKey(x), delete: true})
		}
		return true
	})
	return apply(w, old)
}

// RefusalQuery selects refusals. An empty field matches every refusal.
type RefusalQuery struct {
	Type    string
	From    string // name of a token
	Code    string
	Profile string         // whom it names
	Since   engine.Instant // only those at or after it
	Until   engine.Instant // only those before it; 0 for any
	Before  uint64         // only those before this number; 0 for the newest
	Limit   int            // refusals to return: 1 to MaxPage
}

func (q *RefusalQuery) matches(x *Refusal) bool {
	return (q.Type == "" || q.Type == x.Type) && (q.From == "" || q.From == x.From) && (q.Code == "" || q.Code == x.Code) &&
		(q.Profile == "" || q.Profile == x.Profile) && x.At >= q.Since && (q.Until == 0 || x.At < q.Until)
}

// Refusals returns a page of the events that were refused, newest first. Next is the Before of the next page, 0 if
// there is none. Those of a person are found without a look at others.
func (s *Store) Refusals(q RefusalQuery) (all []*Refusal, next uint64, err error) {
	limit := min(max(q.Limit, 1), MaxPage)
	bucket, prefix := Refusals, []byte(nil)
	if q.Profile != "" {
		bucket, prefix = RefusedPeople, personHash(q.Profile)
	}
	before := q.Before
	if before == 0 {
		before = math.MaxUint64 // no refusal has it
	}
	from := binary.BigEndian.AppendUint64(bytes.Clone(prefix), before)
	err = s.kv.View(func(r Reader) (failed error) {
		r.Descend(bucket, from, func(key, record []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				return false
			}
			if len(all) == limit {
				next = all[limit-1].Number
				return false
			}
			if q.Profile != "" {
				record = r.Get(Refusals, be(lastNumber(key)))
			}
			var x *Refusal
			if x, failed = decodeRefusal(record); failed != nil {
				failed = damaged(Refusals, key, failed)
				return false
			}
			if q.matches(x) {
				all = append(all, x)
			}
			return x.At >= q.Since // those before it are older
		})
		return failed
	})
	return all, next, err
}

// eraseRefusal adds the write that takes the person out of a refusal. A body that was cut may have named them behind
// the cut, so it goes, too. That something was refused, and why, stays.
func (e *erasure) eraseRefusal(key, record []byte, add func(write)) error {
	x, err := decodeRefusal(record)
	if err != nil || x.At > e.stamp {
		return err
	}
	if x.Profile != e.profile && !x.Cut && !e.standsIn(x.Body) && !e.isWordOf(string(x.Body)) && !e.isWordOf(x.Detail) {
		return nil
	}
	if x.Profile == e.profile {
		add(write{bucket: RefusedPeople, key: refusedKey(x), delete: true})
		x.Profile = ""
	}
	x.Body, x.Detail = nil, ""
	if strings.Contains(x.Field, e.profile) {
		x.Field = ""
	}
	add(write{bucket: Refusals, key: bytes.Clone(key), value: encodeRefusal(x)})
	return nil
}

func (c *checker) refusal(key, record []byte) {
	x, err := decodeRefusal(record)
	if err != nil {
		c.problem("refusals %x: %v", key, err)
	} else if !bytes.Equal(be(x.Number), key) {
		c.problem("refusals %x: the record is of %d", key, x.Number)
	} else if x.Profile != "" && !has(c.r, RefusedPeople, refusedKey(x)) {
		c.problem("refusals %x: it is not found by its person", key)
	}
}

// refusedPerson verifies that an entry follows from its refusal.
func (c *checker) refusedPerson(key, _ []byte) {
	var x *Refusal
	var err error
	if len(key) > 8 {
		x, err = decodeRefusal(c.r.Get(Refusals, be(lastNumber(key))))
	}
	if x == nil || err != nil || !bytes.Equal(key, refusedKey(x)) {
		c.problem("refusedpeople %x: no refusal that it follows from", key)
	}
}
