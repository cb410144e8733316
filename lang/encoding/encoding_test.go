package encoding

import "testing"

func TestCheck(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"ASCII", "ann", ""},
		{"UTF-8", "Zoë, 李, 😀", ""},
		{"a mark", Mark + "ann", ""},
		{"the replacement character itself", "a\ufffdb", ""},
		{"Latin-1", "Zo\xeb,1", "not UTF-8: byte 3 is 0xEB, so it is probably Latin-1 or Windows-1252"},
		{"Windows-1252", "caf\xe9 \x80", "not UTF-8: byte 4 is 0xE9, so it is probably Latin-1 or Windows-1252"},
		{"a rune that is cut", "Zo\xc3", "not UTF-8: byte 3 is 0xC3, so it is probably Latin-1 or Windows-1252"},
		{"an encoded surrogate", "a\xed\xa0\x80", "not UTF-8: byte 2 is 0xED, so it is probably Latin-1 or Windows-1252"},
		{"UTF-16 with a mark", "\xff\xfea\x00n\x00", "not UTF-8: byte 1 is 0xFF, so it is probably UTF-16"},
		{"UTF-16 the other way", "\xfe\xff\x00a\x00n", "not UTF-8: byte 1 is 0xFE, so it is probably UTF-16"},
		{"UTF-16 without a mark", "a\x00n\x00n\x00", "not UTF-8: byte 2 is 0x00, so it is probably UTF-16"},
		{"UTF-16 without a mark, the other way", "\x00a\x00n\x00n", "not UTF-8: byte 1 is 0x00, so it is probably UTF-16"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := Check([]byte(test.text)); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
