package story_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/flows/schema"
	"nudge/whatif/story"
)

const underTest = `flow: f
trigger: { event: e }
steps:
  - send: { body: x }
  - wait: 1d
  - fetch: { url: "https://x.example" }
`

// probes are for every mapping of the schema, by its title, files of tests that ask the
// parser which keys it knows there: zzz is none.
var probes = map[string][]string{
	"Tests":    {"flow: f\nzzz: 1\ntests: []\n", "flows: [ f ]\nzzz: 1\ntests: []\n"},
	"A test":   {aTest("", "zzz: 1, story: []")},
	"A person": nil, // anything may be known of somebody
	"An answer": {
		aTest("", "answers: { fetch_1: { zzz: 1 } }, story: []"),
	},
	"A move": {
		aMove("{ event: e, zzz: 1 }"), aMove("{ call: f, zzz: 1 }"), aMove("{ failed: any, zzz: 1 }"), aMove("{ zzz: 1 }"),
		aMove("{ reply: hello, message: any, zzz: 1 }"),
	},
	"A part of a reply": {aMove("{ reply: hello, parts: [ { zzz: 1 } ] }")},
	"An expectation": {
		anExpectation("message: send_1"), anExpectation("unsent: send_1"), anExpectation("end: x"),
		anExpectation("event: e"), anExpectation("wait: wait_1"), anExpectation("skipped: f"),
	},
	"An expected alert": {aMove("{ expect: { message: send_1, alert: { zzz: 1 } } }")},
	"An expected part":  {aMove("{ expect: { message: send_1, parts: [ { zzz: 1 } ] } }")},
}

func aTest(people, rest string) string {
	return "flow: f\npeople: { ann: { " + people + " } }\ntests:\n  - { name: x, start: 2026-03-02 10:00 UTC, " + rest + " }\n"
}

func aMove(move string) string { return aTest("", "story: [ "+move+" ]") }

func anExpectation(words string) string { return aMove("{ expect: { " + words + ", zzz: 1 } }") }

// TestSchemaParity holds the keys of the schema of tests against those that the parser
// knows.
func TestSchemaParity(t *testing.T) {
	for title, has := range mappingsOf(t) {
		texts, probed := probes[title]
		if !probed {
			t.Errorf("%q has no probe", title)
			continue
		}
		var known []string
		for _, text := range texts {
			known = append(known, knownKeys(t, text)...)
		}
		for _, key := range known {
			if !slices.Contains(has, key) {
				t.Errorf("%s: the parser knows %s, and the schema does not", title, key)
			}
		}
		for _, key := range has {
			if texts != nil && !slices.Contains(known, key) {
				t.Errorf("%s: the schema has %s, which the parser does not know", title, key)
			}
		}
	}
}

// mappingsOf are the keys of every mapping of the schema, by its title.
func mappingsOf(t *testing.T) map[string][]string {
	t.Helper()
	var whole any
	if err := json.Unmarshal(schema.Test(), &whole); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				title := fmt.Sprint(v["title"])
				for key := range properties {
					all[title] = append(all[title], key)
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(whole)
	if len(all) != len(probes) {
		t.Errorf("%d mappings for %d probes", len(all), len(probes))
	}
	return all
}

// knownKeys is what the parser says is allowed beside zzz.
func knownKeys(t *testing.T, text string) []string {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{"flows/f.yaml": {Data: []byte(underTest)}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	_, list = story.Parse(p, "tests/t.yaml", []byte(text))
	for _, d := range list {
		if strings.Contains(d.Message, `"zzz"`) {
			_, allowed, _ := strings.Cut(d.Hint, "allowed here: ")
			return strings.FieldsFunc(allowed, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	t.Fatalf("the parser takes the unknown key: %v\n%s", list, text)
	return nil
}
