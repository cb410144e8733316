package engine_test

import (
	"strings"
	"testing"

	"nudge/channels"
	"nudge/engine"
)

// personIDs are profile IDs, each with the error it must give; "" means that it is valid.
var personIDs = []struct{ name, id, want string }{
	{"letters", "ann", ""},
	{"a space inside", "ann smith", ""},
	{"slashes", `TEAM\a/b`, ""},
	{"other scripts", "李雷", ""},
	{"a joiner inside", "क्\u200dष", ""},
	{"an emoji", "😀", ""},
	{"256 bytes", strings.Repeat("a", 256), ""},
	{"nothing", "", "must be 1 to 256 bytes, is empty"},
	{"257 bytes", strings.Repeat("a", 257), "must be 1 to 256 bytes, has 257"},
	{"a space", " ", "must not be blank"},
	{"spaces of other kinds", "\u00a0\u3000", "must not be blank"},
	{"a space at the end", "ann ", "must not end with a space"},
	{"a folder", ".", "must not be .: in an address that means a folder, so no page and no route could be about this person"},
	{"the folder above", "..", "must not be ..: in an address that means a folder, so no page and no route could be about this person"},
	{"three dots", "...", ""},
	{"a space at the beginning", " ann", "must not begin with a space"},
	{"a no-break space at the end", "ann\u00a0", "must not end with the invisible character U+00A0"},
	{"a byte order mark", "\ufeffann", "must not begin with the invisible character U+FEFF"},
	{"a zero-width space", "ann\u200b", "must not end with the invisible character U+200B"},
	{"a zero byte", "bob\x00", "must not have a control character, has U+0000"},
	{"a line break", "a\nb", "must not have a control character, has U+000A"},
	{"a control character of Latin-1", "a\u0085b", "must not have a control character, has U+0085"},
	{"Latin-1", "Zo\xeb", "must be UTF-8 text and is not UTF-8: byte 3 is 0xEB, so it is probably Latin-1 or Windows-1252"},
	{"damaged text", "Zo\ufffd", "must not have U+FFFD: the text was damaged before it came here, because it was not UTF-8"},
}

func TestCheckProfileID(t *testing.T) {
	for _, test := range personIDs {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := engine.CheckProfileID(test.id); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestPeopleAtEveryDoor checks that every input that brings in a person uses the one rule,
// and that forgetting takes every id that can be stored.
func TestPeopleAtEveryDoor(t *testing.T) {
	core, err := engine.New(engine.State{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	doors := map[string]func(id string) engine.Payload{
		"event":   func(id string) engine.Payload { return &engine.Event{Type: "order.shipped", Profile: id} },
		"call":    func(id string) engine.Payload { return &engine.Call{Flow: "welcome", Profile: id} },
		"reply":   func(id string) engine.Payload { return &engine.Reply{Reply: channels.Reply{Profile: id, Text: "yes"}} },
		"profile": func(id string) engine.Payload { return &engine.ProfileChange{Profile: id} },
	}
	for door, payload := range doors {
		for _, test := range personIDs {
			want := test.want
			if door == "event" && test.id == "" {
				want = "" // it names nobody
			}
			refused := core.Check(&engine.Input{Payload: payload(test.id)})
			if got := detailOf(refused); got != want {
				t.Errorf("%s, %s: got %q, want %q", door, test.name, got, want)
			}
			if refused != nil && refused.Field != "profile" {
				t.Errorf("%s, %s: the field is %q, want profile", door, test.name, refused.Field)
			}
			if refused := core.Check(&engine.Input{Derived: 1, Payload: payload(test.id)}); refused != nil {
				t.Errorf("%s, %s: what follows from an input is refused: %v", door, test.name, refused)
			}
		}
	}
	for _, test := range personIDs {
		refused := core.Check(&engine.Input{Payload: &engine.ProfileChange{Profile: test.id, Forget: true}})
		if (refused != nil) != (test.id == "") {
			t.Errorf("forgetting, %s: %v", test.name, refused)
		}
	}
}

func detailOf(refused *engine.Refusal) string {
	if refused == nil {
		return ""
	}
	return refused.Detail
}
