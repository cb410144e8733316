package store

import (
	"encoding/hex"
	"slices"
	"strings"

	"nudge/engine"
)

// A text is a varint and what that announces. The two lowest bits of the varint say how
// the text is written, the rest is a number n:
//
//	plain    n bytes follow
//	again    it is text n of those of the record that may be said again, from 0
//	digits   n bytes follow: its lower-case hexadecimal digits, two a byte
//	uuid     its 16 bytes follow; n is 0
//	instant  n is 1, and milliseconds since the record's own instant follow as a signed varint
//
// Versions of flows, the provider's message IDs and deadlines are most of what a waiting
// run says beside its data, and half of it twice.
const (
	textPlain = iota
	textAgain
	textDigits
	textFormed
)

const (
	formUUID = iota
	formInstant
)

const (
	minAgain  = 4  // bytes of a text that may be said again
	maxAgain  = 64 // texts of a record that may be said again
	minDigits = 8  // hexadecimal digits that are written two a byte
	maxDigits = 64
	uuidBytes = 16
)

func (c *codec) str(v *string) {
	if c.reading {
		*v = c.readText()
	} else {
		c.writeText(*v)
	}
}

func (c *codec) head(how int, n int) {
	head := uint64(n)<<2 | uint64(how)
	c.uint(&head)
}

func (c *codec) writeText(s string) {
	if i := slices.Index(c.texts, s); i >= 0 {
		c.head(textAgain, i)
		return
	}
	c.keep(s)
	if digits, ok := packUUID(s); ok {
		c.head(textFormed, formUUID)
		c.writeDigits(digits)
		return
	}
	if at, ok := parseInstant(s); ok {
		c.head(textFormed, formInstant)
		at -= c.base
		signed(c, &at)
		return
	}
	if isDigits(s) {
		c.head(textDigits, len(s)/2)
		c.writeDigits([]byte(s))
		return
	}
	c.head(textPlain, len(s))
	c.b = append(c.b, s...)
	if s != "" {
		c.used = len(c.b)
	}
}

func (c *codec) writeDigits(digits []byte) {
	b, err := hex.AppendDecode(nil, digits)
	if err != nil {
		panic("store: these were found to be digits: " + err.Error())
	}
	c.write(b)
}

func (c *codec) readText() (s string) {
	var head uint64
	c.uint(&head)
	switch n := head >> 2; head & 3 {
	case textPlain:
		s = string(c.take(n))
	case textDigits:
		s = hex.EncodeToString(c.take(n))
	case textAgain:
		if n >= uint64(len(c.texts)) {
			c.fail()
			return ""
		}
		return c.texts[n]
	case textFormed:
		s = c.readFormed(n)
	}
	c.keep(s)
	return s
}

func (c *codec) readFormed(form uint64) string {
	switch form {
	case formUUID:
		return unpackUUID(c.take(uuidBytes))
	case formInstant:
		var at engine.Instant
		signed(c, &at)
		return (at + c.base).String()
	}
	c.fail()
	return ""
}

// keep notes a text that may be said again.
func (c *codec) keep(s string) {
	if len(s) >= minAgain && len(c.texts) < maxAgain {
		c.texts = append(c.texts, s)
	}
}

// hyphens is where a UUID has them: 8-4-4-4-12 digits (RFC 9562, section 4).
var hyphens = [...]int{8, 13, 18, 23}

// packUUID returns the 32 digits of a UUID in lower case. Not ok: the text is none.
func packUUID(s string) (digits []byte, ok bool) {
	if len(s) != 2*uuidBytes+len(hyphens) {
		return nil, false
	}
	digits = make([]byte, 0, 2*uuidBytes)
	from := 0
	for _, at := range hyphens {
		if s[at] != '-' {
			return nil, false
		}
		digits = append(digits, s[from:at]...)
		from = at + 1
	}
	digits = append(digits, s[from:]...)
	return digits, isDigits(string(digits))
}

func unpackUUID(b []byte) string {
	if len(b) != uuidBytes {
		return ""
	}
	digits := hex.EncodeToString(b)
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

func isDigits(s string) bool {
	if len(s)%2 != 0 || len(s) < minDigits || len(s) > maxDigits {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// parseInstant reads an instant as it writes itself. Not ok: the text is none, or another
// way to write one.
func parseInstant(s string) (at engine.Instant, ok bool) {
	if len(s) != len("2006-01-02T15:04:05.000Z") || s[len(s)-1] != 'Z' {
		return 0, false
	}
	err := at.UnmarshalText([]byte(s))
	return at, err == nil && at.String() == s
}
