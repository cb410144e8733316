package store

import (
	"encoding/hex"
	"slices"

	"nudge/engine"
)

// A text is a varint and the bytes it describes. The two lowest bits of the varint are the
// form of the text. The other bits are a number n:
//
//	plain    n bytes follow
//	again    it repeats text n of the kept texts of the record, counted from 0
//	digits   n bytes follow: lower-case hexadecimal digits, two in a byte
//	uuid     its 16 bytes follow; n is 0
//	instant  n is 1, and milliseconds since the record's own instant follow as a signed varint
//
// Versions of flows, the provider's message IDs and deadlines are most of the data in a
// waiting run, apart from the event's own data. Half of them occur twice.
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
	minAgain  = 4  // shortest text that later ones may refer to, in bytes
	maxAgain  = 64 // number of texts that later ones may refer to
	minDigits = 8  // shortest text that is stored as hexadecimal digits
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
	if s == "" {
		c.head(textPlain, 0)
		return
	}
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
	c.used = len(c.b)
}

func (c *codec) writeDigits(digits []byte) {
	b, err := hex.AppendDecode(c.b, digits)
	if err != nil {
		panic("store: these were found to be digits: " + err.Error())
	}
	c.b, c.used = b, len(b)
}

func (c *codec) readText() (s string) {
	var head uint64
	c.uint(&head)
	switch n := head >> 2; head & 3 {
	case textPlain:
		s = string(c.take(n))
	case textDigits:
		var usual [maxDigits]byte
		s = string(hex.AppendEncode(usual[:0], c.take(n)))
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

// keep remembers a text, so that a later one can refer to it.
func (c *codec) keep(s string) {
	if len(s) >= minAgain && len(c.texts) < maxAgain {
		c.texts = append(c.texts, s)
	}
}

// hyphens are the positions of the hyphens in a UUID: 8-4-4-4-12 digits (RFC 9562, section
// 4).
var hyphens = [...]int{8, 13, 18, 23}

// packUUID returns the 32 digits of a UUID in lower case. It returns not ok if the text is
// not a UUID.
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
	text := make([]byte, 0, 2*uuidBytes+len(hyphens))
	for i := range b {
		if slices.Contains(hyphens[:], len(text)) {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, b[i:i+1])
	}
	return string(text)
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

// parseInstant reads an instant in its own notation. It returns not ok for any other text,
// even another notation of the same instant.
func parseInstant(s string) (at engine.Instant, ok bool) {
	if len(s) != len("2006-01-02T15:04:05.000Z") || s[len(s)-1] != 'Z' {
		return 0, false
	}
	err := at.UnmarshalText([]byte(s))
	return at, err == nil && at.String() == s
}
