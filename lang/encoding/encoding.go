// Package encoding says whether text is UTF-8, and what it probably is where it is not.
//
// Text in another encoding must be refused at the door. A decoder that is lenient makes
// U+FFFD of every byte that it does not know, so two people whose names differ in such a
// letter become one.
package encoding

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Mark is the byte order mark in UTF-8, which some programs begin a file with.
const Mark = "\ufeff"

// What text that is not UTF-8 probably is.
const (
	UTF16  = "UTF-16"
	Latin1 = "Latin-1 or Windows-1252"
)

// Error is text that is not UTF-8.
type Error struct {
	Offset int    // of the first byte that is wrong, from 0
	Byte   byte   // the byte there
	Likely string // UTF16 or Latin1
}

// Error says where the text stops being UTF-8 and what it probably is.
func (e *Error) Error() string {
	return fmt.Sprintf("not UTF-8: byte %d is 0x%02X, so it is probably %s", e.Offset+1, e.Byte, e.Likely)
}

// Check reports text that is not UTF-8, or that is UTF-16 with letters of ASCII, which
// UTF-8 allows but nobody means. It returns nil or an [*Error].
func Check(text []byte) error {
	if i := wide(text); i >= 0 {
		return &Error{Offset: i, Byte: text[i], Likely: UTF16}
	}
	if utf8.Valid(text) {
		return nil
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return &Error{Offset: i, Byte: text[i], Likely: Latin1}
		}
		i += size
	}
}

// wide returns the offset of a byte that shows UTF-16: its mark at the beginning, or a zero
// byte beside a letter there. It returns -1 where there is none.
func wide(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return 0
	case len(text) >= 4 && text[0] == 0 && text[2] == 0 && text[1] != 0 && text[3] != 0:
		return 0
	case len(text) >= 4 && text[1] == 0 && text[3] == 0 && text[0] != 0 && text[2] != 0:
		return 1
	}
	return -1
}
