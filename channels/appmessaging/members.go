package appmessaging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"unicode/utf8"
)

// members yields the names and values of a JSON object in their order, names without their
// quotes and with escapes as they are, and nothing of any other value. The JSON must be
// valid. Receipts are most of what comes, and reading them
// so takes half the time that encoding/json takes to fill structs.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(object), []byte("{"))
		for more := ok; more; {
			colon := endOfName(rest)
			if colon < 0 {
				return // an empty object
			}
			name := bytes.TrimSpace(rest[:colon])
			value, _, end := cut(rest[colon+1:])
			if !yield(name[1:len(name)-1], bytes.TrimSpace(value)) {
				return
			}
			rest, more = bytes.CutPrefix(rest[colon+1+end:], []byte(","))
		}
	}
}

// elements yields the values of a JSON array in their order, and nothing of any other value.
// The JSON must be valid. An array may have millions of them, of which few are needed.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest, more := bytes.CutPrefix(bytes.TrimSpace(array), []byte("["))
		for more {
			value, _, end := cut(rest)
			if value = bytes.TrimSpace(value); len(value) == 0 || !yield(value) {
				return // an empty array
			}
			rest, more = bytes.CutPrefix(rest[end:], []byte(","))
		}
	}
}

// endOfName is where the colon behind a name stands; less than 0 where there is none.
func endOfName(b []byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			return i
		}
	}
	return -1
}

// text is a JSON string, or empty for anything else.
func text(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if plain := raw[1 : len(raw)-1]; bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return string(plain)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// mustText is text, where anything but a string or null is an error that names the place.
func mustText(place string, raw []byte) (string, error) {
	if kind := kindOf(raw); kind != "string" && kind != "null" {
		return "", fmt.Errorf("%s is a JSON %s, want string", place, kind)
	}
	return text(raw), nil
}

// kindOf is the kind of a JSON value in a word.
func kindOf(raw []byte) string {
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}
