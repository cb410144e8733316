package engine

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"nudge/lang/encoding"
)

// CheckProfileID reports what is wrong with a profile ID. It is the one rule for every way
// in: events, calls, replies, to, audiences and profiles. Only forgetting skips it, because
// it must reach everything that is stored. The error says what the id must be, such as "must
// not end with a space".
//
// An id is UTF-8 text of 1 to MaxProfileBytes bytes without control characters. Neither its
// first nor its last character is a space or invisible. So an id never looks like another
// one because a form or a file added a space. It is neither . nor .., which browsers and proxies take out
// of an address, however they are written there.
func CheckProfileID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("must be 1 to %d bytes, is empty", MaxProfileBytes)
	case len(id) > MaxProfileBytes:
		return fmt.Errorf("must be 1 to %d bytes, has %d", MaxProfileBytes, len(id))
	}
	if id == "." || id == ".." {
		return fmt.Errorf("must not be %s: in an address that means a folder, so no page and no route could be about this person", id)
	}
	if err := encoding.Check([]byte(id)); err != nil {
		return fmt.Errorf("must be UTF-8 text and is %w", err)
	}
	for _, r := range id {
		switch {
		case r == utf8.RuneError:
			return fmt.Errorf("must not have U+FFFD: the text was damaged before it came here, because it was not UTF-8")
		case unicode.IsControl(r):
			return fmt.Errorf("must not have a control character, has %U", r)
		}
	}
	if strings.TrimFunc(id, unseen) == "" {
		return fmt.Errorf("must not be blank")
	}
	if first, _ := utf8.DecodeRuneInString(id); unseen(first) {
		return fmt.Errorf("must not begin with %s", runeName(first))
	}
	if last, _ := utf8.DecodeLastRuneInString(id); unseen(last) {
		return fmt.Errorf("must not end with %s", runeName(last))
	}
	return nil
}

// unseen reports whether a character is invisible at the end of a text: a space of any kind,
// or a format character.
func unseen(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

func runeName(r rune) string {
	if r == ' ' {
		return "a space"
	}
	return fmt.Sprintf("the invisible character %U", r)
}
