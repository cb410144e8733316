package flows

import (
	"os"
	"strings"
	"testing"
)

// TestWrongEdits holds that each edit that a person makes wrongly has a case, and that
// its message helps: it has a place, a caret and, where one can be given, a hint.
func TestWrongEdits(t *testing.T) {
	for edit, name := range map[string]string{
		"a line is indented unlike its neighbours":    "indentation",
		"the lines of a wait stand beside it":         "indentation_too_high",
		"a step's id is misspelt":                     "unknown_step",
		"a read of a step that sends nothing":         "not_a_send",
		"a wait without a limit":                      "wait_without_end",
		"a number is compared with a string":          "number_and_string",
		"a template that does not exist":              "missing_template",
		"a key twice":                                 "key_twice",
		"a tab":                                       "tab",
		"a hyphen in a name":                          "hyphen",
		"an event without its key":                    "event_without_key",
		"a colon inside braces":                       "colon_in_braces",
		"if: !seen.read without quotes":               "tag",
		"a # that cuts an expression":                 "comment_cut",
		"a colon that cuts a text":                    "colon_in_text",
		"an outcome that cannot happen":               "outcome_that_cannot_happen",
		"event.amont":                                 "amont",
		"a category that does not exist":              "category",
		"a schedule without a time zone":              "cron_without_timezone",
		"a field of the profile that is not declared": "profile_field",
		"a repeat that does not say how often":        "repeat_without_times",
		"a moment that is none":                       "bad_moment",
		"a start of a flow that does not exist":       "unknown_flow",
	} {
		text, err := os.ReadFile("testdata/diagnostics/" + name + ".txtar")
		if err != nil {
			t.Errorf("%s: %v", edit, err)
			continue
		}
		_, want, _ := strings.Cut(string(text), "-- "+wantFile+" --\n")
		first, _, _ := strings.Cut(want, "\n\n")
		for _, part := range []string{".yaml:", "^", "["} {
			if !strings.Contains(first, part) {
				t.Errorf("%s: the message has no %q:\n%s", edit, part, first)
			}
		}
	}
}
