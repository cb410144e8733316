package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"nudge/engine"
)

// peopleScan is how many profiles are looked at for one page of a list of people; the page ends there, and its
// `next` continues.
const peopleScan = 2000

// PeopleQuery selects people. An empty field matches everybody.
type PeopleQuery struct {
	Prefix string // of the ID
	Field  string // a searchable field of the profile, with this exact value
	Value  string
	Match  func(*engine.Person) (bool, error) // nil: everybody
	After  string                             // only people behind this ID, in the order of the list
	Limit  int                                // people to return: 1 to MaxPage
}

// PeoplePage is one page of a list of people: shorter IDs first, and IDs of the same length in the order of their
// bytes; those that were found by a field in the order of their bytes.
type PeoplePage struct {
	People []*engine.Person
	// Next is where the next page begins (PeopleQuery.After), empty when there is none. A page may be empty
	// and still have a next one, because a page looks at a limited number of profiles.
	Next string
	// Incomplete says that people may be missing: the field was marked lately, and the index is still
	// being made.
	Incomplete bool
}

// ListPeople returns a page of people.
func (s *Store) ListPeople(q PeopleQuery) (page PeoplePage, err error) {
	l := &peopleList{PeopleQuery: q}
	l.Limit = min(max(q.Limit, 1), MaxPage)
	err = s.kv.View(func(r Reader) error {
		switch {
		case q.Field != "":
			return l.found(r)
		case q.Prefix != "":
			return l.withPrefix(r)
		}
		return l.everybody(r)
	})
	return l.page, err
}

// peopleList is a page in the making.
type peopleList struct {
	PeopleQuery
	page   PeoplePage
	looked int
	last   string // the last person who was looked at
}

// look takes a person into the page, if they match. It returns false when the page ends before them.
func (l *peopleList) look(key, record []byte) (more bool, err error) {
	if l.looked == peopleScan || len(l.page.People) == l.Limit {
		l.page.Next = l.last
		return false, nil
	}
	p, err := decodePerson(record)
	if err != nil {
		return false, damaged(Profiles, key, err)
	}
	l.looked, l.last = l.looked+1, p.ID
	ok := true
	if l.Match != nil {
		ok, err = l.Match(p)
	}
	if ok && err == nil {
		l.page.People = append(l.page.People, p)
	}
	return err == nil, err
}

func (l *peopleList) everybody(r Reader) (err error) {
	var from []byte
	if l.After != "" {
		from = append(personPrefix(l.After), 0)
	}
	r.Ascend(Profiles, from, func(key, record []byte) bool {
		more := false
		more, err = l.look(key, record)
		return more
	})
	return err
}

// withPrefix looks at the IDs of each length: the key of a profile begins with it. It goes from each length that somebody has to the next one, and
// so reads little where IDs have few lengths.
func (l *peopleList) withPrefix(r Reader) (err error) {
	var lengths [][]byte
	for n := len(l.Prefix); n <= engine.MaxProfileBytes; n++ {
		lengths = append(lengths, binary.AppendUvarint(nil, uint64(n)))
	}
	slices.SortFunc(lengths, bytes.Compare)
	after := append(personPrefix(l.After), 0)
	var next []byte // the first profile behind those that were looked at
	for _, length := range lengths {
		prefix, more := append(length, l.Prefix...), true
		from := prefix
		if l.After != "" && bytes.Compare(from, after) < 0 {
			from = after
		}
		if next != nil && bytes.Compare(from, next) < 0 && !bytes.HasPrefix(next, prefix) {
			continue
		}
		next = nil
		r.Ascend(Profiles, from, func(key, record []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				next = bytes.Clone(key)
				return false
			}
			more, err = l.look(key, record)
			return more
		})
		if err != nil || !more || next == nil {
			return err
		}
	}
	return nil
}

// found looks at the people with a value of a field.
func (l *peopleList) found(r Reader) error {
	state, err := readSearch(r)
	if err != nil {
		return err
	}
	l.page.Incomplete = !state.ready
	prefix := foundPrefix(l.Field, l.Value)
	from := append(bytes.Clone(prefix), l.After...)
	r.Ascend(Fields, from, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		id := string(key[len(prefix):])
		if l.After != "" && id <= l.After || !strings.HasPrefix(id, l.Prefix) {
			return true
		}
		record := r.Get(Profiles, personPrefix(id))
		if record == nil {
			return true
		}
		more := false
		more, err = l.look(personPrefix(id), record)
		return more
	})
	return err
}
