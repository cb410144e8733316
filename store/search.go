package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"nudge/engine"
	"nudge/flows"
)

const (
	// searchSlice is how many records one slice reads while the index of searchable fields is made.
	searchSlice = 1000
	// longestFound is how many bytes a value has as it is in the index; a longer one is there as its hash.
	longestFound = 64
)

// searchState says of which fields the index has entries.
type searchState struct {
	fields []string        // of people's profiles, sorted
	drop   []string        // fields whose old entries must go first
	next   json.RawMessage // key of the next profile to read
	ready  bool            // every profile is in the index
}

func (s *searchState) codec(c *codec) {
	list(c, &s.fields, (*codec).str)
	list(c, &s.drop, (*codec).str)
	c.raw(&s.next)
	c.bool(&s.ready)
}

func readSearch(r Reader) (s searchState, err error) {
	if record := r.Get(Meta, keySearch); record != nil {
		s, err = decodeSearch(record)
		err = damaged(Meta, keySearch, err)
	}
	return s, err
}

func encodeSearch(s *searchState) []byte { return encode(searchVersion, s.codec) }

func decodeSearch(record []byte) (s searchState, err error) {
	err = decode(record, searchVersion, s.codec)
	return s, err
}

func (s *searchState) put(w Writer) error { return w.Put(Meta, keySearch, encodeSearch(s)) }

// Searchable returns the fields by which people are found. Until it is complete, some people are not.
func (s *Store) Searchable() (fields []string, complete bool, err error) {
	err = s.kv.View(func(r Reader) error {
		state, err := readSearch(r)
		fields, complete = state.fields, state.ready
		return err
	})
	return fields, complete, err
}

// indexPeople keeps the index of searchable fields in step with a batch. It runs before the people of the
// batch are written.
func indexPeople(w Writer, b *engine.Batch) error {
	state, err := readSearch(w)
	if err != nil {
		return err
	}
	for i := range b.Journal {
		if d, ok := b.Journal[i].Input.Payload.(*engine.Deploy); ok {
			if err := state.become(w, d); err != nil {
				return err
			}
		}
	}
	if len(state.fields) == 0 {
		return nil
	}
	ahead(w, func(add func(Want)) {
		for _, p := range b.People {
			add(Want{Bucket: Profiles, From: personPrefix(p.ID)})
		}
	})
	for _, p := range b.People {
		before, err := readPerson(w, p.ID)
		if err != nil {
			return err
		}
		was, is := foundBy(before, state.fields), foundBy(p, state.fields)
		if err := state.move(w, was, is); err != nil {
			return err
		}
	}
	return nil
}

// move replaces the entries of a person.
func (s *searchState) move(w Writer, was, is [][]byte) error {
	in := func(keys [][]byte, key []byte) bool {
		return slices.ContainsFunc(keys, func(k []byte) bool { return bytes.Equal(k, key) })
	}
	for _, key := range was {
		if in(is, key) {
			continue
		}
		if err := w.Delete(Fields, key); err != nil {
			return err
		}
	}
	for _, key := range is {
		if s.ready && in(was, key) {
			continue
		}
		if err := w.Put(Fields, key, nil); err != nil {
			return err
		}
	}
	return nil
}

// become makes the fields those that a deploy marks. A field that is new begins without entries.
func (s *searchState) become(w Writer, d *engine.Deploy) error {
	marks, err := flows.ParseMarks(d.Marks)
	if err != nil {
		return fmt.Errorf("store: the marks of a deploy: %w", err)
	}
	var fields []string
	if marks != nil {
		fields = flows.Searchable(marks.Profile)
	}
	if slices.Equal(fields, s.fields) {
		return nil
	}
	for _, name := range s.fields {
		if !slices.Contains(fields, name) && !slices.Contains(s.drop, name) {
			s.drop = append(s.drop, name)
		}
	}
	s.fields, s.next, s.ready = fields, nil, false
	return s.put(w)
}

// foundBy are the entries of a person, who may be nil.
func foundBy(p *engine.Person, fields []string) (keys [][]byte) {
	attributes := map[string]json.RawMessage{}
	if p == nil || len(p.Attributes) == 0 || json.Unmarshal(p.Attributes, &attributes) != nil {
		return nil
	}
	for _, name := range fields {
		if value, ok := foundValue(attributes[name]); ok {
			keys = append(keys, append(foundPrefix(name, value), p.ID...))
		}
	}
	return keys
}

// FoundAs returns the text by which a number is found.
func FoundAs(number float64) string { return strconv.FormatFloat(number, 'g', -1, 64) }

// foundValue returns the text by which a value is found; false for what nobody searches for.
func foundValue(raw json.RawMessage) (string, bool) {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return "", false
	}
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return FoundAs(v), true
	}
	return "", false
}

func foundPrefix(field, value string) []byte {
	if len(value) > longestFound {
		sum := sha256.Sum256([]byte(value))
		value = string(sum[:])
	}
	return sized(sized(nil, field), value)
}

// IndexPeople makes the next slice of the index of searchable fields, after a deploy has changed them. It
// reports whether there is more to do.
func (s *Store) IndexPeople() (more bool, err error) {
	var state searchState
	if err := s.kv.View(func(r Reader) error {
		state, err = readSearch(r)
		return err
	}); err != nil || state.ready || len(state.fields)+len(state.drop) == 0 {
		return false, err
	}
	err = s.kv.Update(func(w Writer) error {
		if len(state.drop) > 0 {
			err = state.dropSlice(w)
		} else {
			err = state.addSlice(w)
		}
		if err != nil {
			return err
		}
		if len(state.fields) == 0 && len(state.drop) == 0 {
			return w.Delete(Meta, keySearch)
		}
		return state.put(w)
	})
	return err == nil && !state.ready && len(state.fields)+len(state.drop) > 0, err
}

// dropSlice drops the next entries of a field that people are not found by any more.
func (s *searchState) dropSlice(w Writer) error {
	prefix, keys := sized(nil, s.drop[0]), [][]byte(nil)
	w.Ascend(Fields, prefix, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) || len(keys) == searchSlice {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		if err := w.Delete(Fields, key); err != nil {
			return err
		}
	}
	if len(keys) < searchSlice {
		s.drop = s.drop[1:]
	}
	return nil
}

// addSlice adds the entries of the next profiles.
func (s *searchState) addSlice(w Writer) (err error) {
	var keys [][]byte
	looked, next := 0, []byte(nil)
	w.Ascend(Profiles, s.next, func(key, record []byte) bool {
		if looked == searchSlice {
			next = bytes.Clone(key)
			return false
		}
		looked++
		var p *engine.Person
		if p, err = decodePerson(record); err != nil {
			err = damaged(Profiles, key, err)
			return false
		}
		keys = append(keys, foundBy(p, s.fields)...)
		return true
	})
	if err != nil {
		return err
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, key := range keys {
		if err := w.Put(Fields, key, nil); err != nil {
			return err
		}
	}
	s.next, s.ready = next, next == nil
	return nil
}
