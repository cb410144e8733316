package shape

import "slices"

// TwiceIn returns the first key that stands twice in a JSON object, by its decoded name.
// Keys of the values inside of it do not count. The text must be valid JSON; in anything
// but an object no key is twice.
func TwiceIn(raw []byte) (name string, twice bool) {
	keys := KeysIn(raw)
	for i, key := range keys {
		if slices.Contains(keys[:i], key) {
			return key, true
		}
	}
	return "", false
}

// KeysIn returns the decoded keys of a JSON object in their order, those that stand twice
// too, and none of anything but an object. The text must be valid JSON.
func KeysIn(raw []byte) (keys []string) {
	r := &reader{text: raw}
	if !r.take('{') {
		return nil
	}
	for {
		if c, ok := r.peek(); !ok || c != '"' {
			return keys
		}
		key, bad := r.str()
		if bad != nil || !r.take(':') {
			return keys
		}
		keys = append(keys, key)
		r.skip()
		if !r.take(',') {
			return keys
		}
	}
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
