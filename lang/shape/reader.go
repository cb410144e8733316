package shape

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// reader reads a JSON text and knows the path of the current value. It exists because
// encoding/json accepts duplicate keys and does not name the field of a mistake, and
// because one pass both checks an event and decodes it.
type reader struct {
	text []byte
	at   int
	path []step
}

// step is one part of a path: a field's name, or an index if the name is empty.
type step struct {
	name  string
	index int
}

func (r *reader) push(name string) { r.path = append(r.path, step{name: name}) }
func (r *reader) pushIndex(i int)  { r.path = append(r.path, step{index: i}) }
func (r *reader) pop()             { r.path = r.path[:len(r.path)-1] }
func (r *reader) peek() (byte, bool) {
	if r.space(); r.at < len(r.text) {
		return r.text[r.at], true
	}
	return 0, false
}

func (r *reader) pathText() string {
	var b strings.Builder
	for _, s := range r.path {
		switch {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case b.Len() > 0:
			b.WriteString("." + shortened(s.name))
		default:
			b.WriteString(shortened(s.name))
		}
	}
	return b.String()
}

func (r *reader) malformed(want string) *Mismatch {
	got := "the end of the text"
	if r.at < len(r.text) {
		got = strconv.QuoteRune(rune(r.text[r.at])) + " at byte " + strconv.Itoa(r.at+1)
	}
	return &Mismatch{Path: r.pathText(), Want: want, Got: got}
}

// space skips white space.
func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// take skips one punctuation mark and reports whether it was there.
func (r *reader) take(c byte) bool {
	if got, ok := r.peek(); !ok || got != c {
		return false
	}
	r.at++
	return true
}

// ends is take for the closing bracket of an object or a list.
func (r *reader) ends(c byte) bool { return r.take(c) }

func (r *reader) word(w string) bool {
	if !bytes.HasPrefix(r.text[r.at:], []byte(w)) {
		return false
	}
	r.at += len(w)
	return true
}

// str reads a string. Only a string with escapes needs encoding/json.
func (r *reader) str() (string, *Mismatch) {
	start, escaped := r.at, false
	for i := start + 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			r.at = i
			return "", r.malformed("text without control characters")
		case c == '"':
			r.at = i + 1
			if !escaped {
				return string(r.text[start+1 : i]), nil
			}
			var s string
			if err := json.Unmarshal(r.text[start:r.at], &s); err != nil {
				r.at = start
				return "", r.malformed("text with valid escapes")
			}
			return s, nil
		}
	}
	r.at = len(r.text)
	return "", r.malformed(`a closing "`)
}

// num reads a number: an int if it is written as one and fits, otherwise a float64.
func (r *reader) num() (any, *Mismatch) {
	start := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.eE0123456789", r.text[r.at]) >= 0 {
		r.at++
	}
	text := r.text[start:r.at]
	if !json.Valid(text) {
		r.at = start
		return nil, r.malformed("a number")
	}
	if n, err := strconv.Atoi(string(text)); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		r.at = start
		return nil, r.malformed("a number that fits into 64 bits")
	}
	if f == 0 {
		f = 0 // and not -0, which would be printed
	}
	return f, nil
}
