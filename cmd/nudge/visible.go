package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// visible is a writer for what people read. Ids, keys, replies and messages come from anybody,
// and a terminal obeys what it is sent: such text could erase lines, forge them or run things.
// So everything that a terminal would obey is written as it would stand in JSON: \u001b. Line
// ends and tabs stay, and what escape makes is let through.
type visible struct {
	mu   sync.Mutex
	w    io.Writer
	rest []byte // the beginning of a character whose end has not come yet
}

// written is the writer for people over w.
func written(w io.Writer) *visible { return &visible{w: w} }

// raw is the writer below, for output that is a file's content rather than something to read.
func raw(w io.Writer) io.Writer {
	if v, ok := w.(*visible); ok {
		return v.w
	}
	return w
}

// emptyLine goes to the begin of the line and empties it.
var emptyLine = escape("[G") + escape("[K")

// secret marks what this program tells the terminal. Nobody else can know it.
var secret = rand.Text()

// escape is a sequence that the terminal is to obey, such as "[K".
func escape(sequence string) string { return "\x1b" + secret + sequence + "\x1b" }

// Write writes text, with what a terminal would obey made visible.
func (v *visible) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := append(v.rest, p...)
	v.rest = nil
	var out bytes.Buffer
	for len(text) > 0 {
		if own, after, ok := ownEscape(text); ok {
			out.WriteString(own)
			text = after
			continue
		}
		c, size := utf8.DecodeRune(text)
		switch {
		case c == utf8.RuneError && size <= 1 && !utf8.FullRune(text):
			v.rest = bytes.Clone(text)
			size = len(text)
		case c == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case obeyed(c):
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			out.Write(text[:size])
		}
		text = text[size:]
	}
	if _, err := v.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ownEscape cuts a sequence of escape off the front.
func ownEscape(text []byte) (sequence string, rest []byte, ok bool) {
	marked, ok := bytes.CutPrefix(text, []byte("\x1b"+secret))
	if !ok {
		return "", nil, false
	}
	own, rest, ok := bytes.Cut(marked, []byte("\x1b"))
	return "\x1b" + string(own), rest, ok
}

// obeyed reports whether a terminal obeys a character, or an editor shows the text around it in
// another order: the controls C0 and C1 but line end and tab, and the controls of direction.
func obeyed(c rune) bool {
	switch {
	case c == '\n', c == '\t':
		return false
	case unicode.IsControl(c):
		return true
	case c >= '\u202a' && c <= '\u202e', c >= '\u2066' && c <= '\u2069', c == '\u200e', c == '\u200f', c == '\u061c':
		return true
	}
	return c == '\u2028' || c == '\u2029'
}

var lineEnds = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// oneLine is a value of somebody's in one line, so that it cannot look like two.
func oneLine(v any) string { return lineEnds.Replace(fmt.Sprint(v)) }
