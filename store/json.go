package store

import (
	"bytes"
	"encoding/json"
	"slices"
)

// JSON is stored with packed punctuation: one byte replaces the punctuation between two
// names or values. These bytes lie below all bytes that JSON may contain outside of white
// space (RFC 8259, sections 2 and 7). This makes the event data of a run about a tenth
// smaller.
const (
	firstCode = 1
	lastCode  = firstCode + byte(len(punctuation)) - 1
)

// punctuation has the text that each code replaces. If two texts fit, the longer one comes
// first.
var punctuation = [...]string{`","`, `":"`, `,"`, `":`, `{"`, `"}`, `https://`}

// raw writes JSON after a varint. The varint is twice the number of bytes that follow,
// plus one if they are packed.
func (c *codec) raw(v *json.RawMessage) {
	if c.reading {
		*v = c.readJSON()
		return
	}
	if len(*v) == 0 || slices.ContainsFunc(*v, isCode) { // a code byte inside means that this is not JSON; it is stored as it is
		head := uint64(len(*v)) << 1
		c.uint(&head)
		c.write(*v)
		return
	}
	c.packed = pack(c.packed[:0], *v)
	head := uint64(len(c.packed))<<1 | 1
	c.uint(&head)
	c.write(c.packed)
}

func (c *codec) readJSON() json.RawMessage {
	var head uint64
	c.uint(&head)
	b := c.take(head >> 1)
	switch {
	case len(b) == 0:
		return nil
	case head&1 == 0:
		return bytes.Clone(b)
	}
	return unpack(b)
}

func pack(to, text []byte) []byte {
	for len(text) > 0 {
		code, n := codeOf(text)
		to, text = append(to, code), text[n:]
	}
	return to
}

// codeOf returns the code for the beginning of a text, and the length of that beginning.
func codeOf(text []byte) (code byte, n int) {
	switch text[0] {
	case '"', ',', '{', 'h':
		for i, p := range punctuation {
			if len(text) >= len(p) && string(text[:len(p)]) == p {
				return byte(firstCode + i), len(p)
			}
		}
	}
	return text[0], 1
}

func unpack(b []byte) []byte {
	size := len(b)
	for _, c := range b {
		if isCode(c) {
			size += len(punctuation[c-firstCode]) - 1
		}
	}
	text := make([]byte, 0, size)
	for _, c := range b {
		if isCode(c) {
			text = append(text, punctuation[c-firstCode]...)
		} else {
			text = append(text, c)
		}
	}
	return text
}

func isCode(c byte) bool { return c >= firstCode && c <= lastCode }
