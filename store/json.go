package store

import (
	"bytes"
	"encoding/json"
	"slices"
)

// JSON is written with its punctuation packed: what stands between two names or values is
// one byte, below all that JSON may contain outside of white space (RFC 8259, sections 2
// and 7). What a run keeps of its event is a tenth shorter for it.
const (
	firstCode = 1
	lastCode  = firstCode + byte(len(punctuation)) - 1
)

// punctuation is what the codes stand for. Of two that fit the longer comes first.
var punctuation = [...]string{`","`, `":"`, `,"`, `":`, `{"`, `"}`, `https://`}

// raw writes JSON, with a varint before it: twice the number of bytes that follow, and one
// more where they are packed.
func (c *codec) raw(v *json.RawMessage) {
	if c.reading {
		*v = c.readJSON()
		return
	}
	if len(*v) == 0 || slices.ContainsFunc(*v, isCode) { // the latter is no JSON, and kept all the same
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

// codeOf returns the byte for the beginning of a text, and how much of it that is.
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
