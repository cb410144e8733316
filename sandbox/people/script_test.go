package people_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/sandbox/people"
)

func TestParseScript(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`reads`, `delivered after 1s, reads after 3s`},
		{`reads after 3s`, `delivered after 1s, reads after 3s`},
		{`reads after 200ms`, `delivered after 200ms, reads after 200ms`},
		{`never reads`, `never reads, delivered after 1s`},
		{`never reads, delivered after 2d`, `never reads, delivered after 48h0m0s`},
		{`never delivered`, `never delivered`},
		{`delivered after 5s, reads after 3s`, `reads after 3s, delivered after 5s`},
		{`fails`, `never delivered, fails after 1s`},
		{`fails "no such device, ever" after 2m`, `never delivered, fails "no such device, ever" after 2m0s`},
		{`expires after 1h`, `never delivered, expires after 1h0m0s`},
		{`delivered after 1s, expires`, `delivered after 1s, expires after 1h0m0s`},
		{`replies "yes" after 1m`, `delivered after 1s, reads after 3s, replies "yes" after 1m0s`},
		{`replies "yes" after 2s`, `delivered after 1s, reads after 2s, replies "yes" after 2s`},
		{`never reads, replies "yes"`, `never reads, delivered after 1s, replies "yes" after 5s`},
		{`reads after 1m,replies "a, \"b\"" , replies "c" after 6s`,
			`delivered after 1s, replies "a, \"b\"" after 5s, replies "c" after 6s, reads after 1m0s`},
	} {
		s, err := people.ParseScript(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got := s.String(); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.text, got, test.want)
		}
		again, err := people.ParseScript(s.String())
		if err != nil || !cmp.Equal(again, s) {
			t.Errorf("%s: parsed again: got %v, %v, want the same", s, again, err)
		}
	}
}

func TestParseScriptErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{``, `unknown ""; want one or more of these`},
		{`sleeps`, `unknown "sleeps"; want one or more of these, separated by commas: reads`},
		{`reads,`, `unknown ""`},
		{`reads before 3s`, `unknown "before 3s"; want a time, like after 3s`},
		{`reads after noon`, `"noon" is not a duration; want one like 3s`},
		{`reads after -3s`, `"-3s" is not a duration`},
		{`reads after`, `unknown "after"`},
		{`replies yes`, `lacks its text; want replies "yes", with the text in double quotes`},
		{`replies "yes`, `lacks its text`},
		{`reads "yes"`, `unknown "\"yes\""; want a time`},
		{`reads, reads`, `says "reads" twice`},
		{`reads, never reads`, `both reads and never reads`},
		{"fails \"\xd3\"", `must be UTF-8`},
		{`delivered, never delivered`, `both delivered and never delivered`},
		{`never delivered, reads`, `can be neither read nor answered`},
		{`fails, expires`, `both fails and expires`},
		{`fails, replies "yes"`, `neither read nor answered`},
	} {
		_, err := people.ParseScript(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %s", test.text, err, test.want)
		}
	}
}

// FuzzParseScript: a script that parses can be printed and parsed again, to the same.
func FuzzParseScript(f *testing.F) {
	f.Add(`reads after 3s, replies "yes" after 1m`)
	f.Add(`fails "x" after 2d`)
	f.Add(`never reads, delivered`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := people.ParseScript(text)
		if err != nil || len(s.String()) > people.MaxScript { // printed, it also says what the text left out
			return
		}
		again, err := people.ParseScript(s.String())
		if err != nil || !cmp.Equal(again, s) {
			t.Errorf("%q: %s: parsed again: got %v, %v", text, s, again, err)
		}
	})
}
