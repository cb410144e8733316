package shape

import (
	"bytes"
	"encoding/json"
	"iter"
)

// TwiceIn returns the first key that stands twice in a JSON object, by its decoded name.
// Keys of the values inside of it do not count. The text must be valid JSON; in anything
// but an object no key is twice.
func TwiceIn(raw []byte) (name string, twice bool) {
	seen := map[string]bool{}
	for key := range KeysIn(raw) {
		if seen[string(key)] {
			return string(key), true
		}
		seen[string(key)] = true
	}
	return "", false
}

// KeysIn yields the decoded keys of a JSON object in their order, those that stand twice
// too, and none of anything but an object. The text must be valid JSON, and a key is good
// until the next one: every event that comes in is read so, and keeps nothing.
func KeysIn(raw []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		r := &reader{text: raw}
		for more := r.take('{'); more; more = r.take(',') {
			key, ok := r.key()
			if !ok || !r.take(':') || !yield(key) {
				return
			}
			r.skip()
		}
	}
}

// key reads a key. Only one with escapes is copied.
func (r *reader) key() ([]byte, bool) {
	if c, ok := r.peek(); !ok || c != '"' {
		return nil, false
	}
	start := r.at
	if r.skipString(); r.at >= len(r.text) {
		return nil, false
	}
	inner := r.text[start+1 : r.at]
	r.at++
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	var decoded string
	if json.Unmarshal(r.text[start:r.at], &decoded) != nil {
		return nil, false
	}
	return []byte(decoded), true
}

// skip passes over a value of valid JSON.
func (r *reader) skip() {
	for depth := 0; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '"':
			r.skipString()
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
		case ',':
			if depth == 0 {
				return
			}
		}
	}
}

// skipString goes to the quote that closes a string.
func (r *reader) skipString() {
	for r.at++; r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			r.at++
		}
	}
}
