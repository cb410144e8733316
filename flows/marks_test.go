package flows

import (
	"strings"
	"testing"
	"testing/fstest"
)

const markedProject = `project: shop
account: { url: https://example.com, token: "${SECRET}" }
profile: { email: private search string, city: search string, first_name: string }
events:
  order.shipped: { order_id: string, address: { street: private string } }
  order.returned: { order_id: string }
`

// unmarked is the same project without marks.
var unmarked = strings.NewReplacer("private ", "", "search ", "").Replace(markedProject)

func markedFlow(t *testing.T, config string) *Project {
	t.Helper()
	p, list := Load(fstest.MapFS{ProjectFile: {Data: []byte(config)},
		"flows/f.yaml": {Data: []byte("flow: f\ntrigger: { event: order.shipped, key: event.order_id }\nsteps:\n  - send: { body: \"Hello {{ data.order_id }}\" }\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p
}

// TestMarksAreNoVersion holds that a mark makes no new version of a flow, and that the marks of a project
// have nothing of its other settings.
func TestMarksAreNoVersion(t *testing.T) {
	with, without := markedFlow(t, markedProject), markedFlow(t, unmarked)
	if a, b := with.Flows[0].Version, without.Flows[0].Version; a != b {
		t.Errorf("marks made version %s of %s", a, b)
	}
	if got := without.Marks(); got != "" {
		t.Errorf("a project without marks has %q", got)
	}
	text := with.Marks()
	for word, want := range map[string]bool{"email": true, "street": true, "SECRET": false, "order.returned": false} {
		if strings.Contains(text, word) != want {
			t.Errorf("%s among the marks: want %v\n%s", word, want, text)
		}
	}
	marks, err := ParseMarks(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(Searchable(marks.Profile), " "); got != "city email" {
		t.Errorf("people are found by %q", got)
	}
	if !marks.Profile.Fields["email"].Private || !marks.Events["order.shipped"].HasPrivate() {
		t.Errorf("private fields were lost:\n%s", text)
	}
}

// TestMarksOfFlows holds that a project in which only a flow marks something has marks.
func TestMarksOfFlows(t *testing.T) {
	p, list := Load(fstest.MapFS{"flows/f.yaml": {Data: []byte("flow: f\ntrigger: { event: a }\ndata: { code: private string }\nsteps:\n  - send: { body: Hello }\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	if p.Marks() == "" {
		t.Error("a private field of a flow is no mark")
	}
}

// TestSearchStandsAtTheProfile holds where the mark search may stand.
func TestSearchStandsAtTheProfile(t *testing.T) {
	for config, ok := range map[string]bool{
		"profile: { email: search string }": true, "profile: { size: search optional number, kind: search a | b }": true,
		"profile: { more: search any }": false, "profile: { tags: search [string] }": false, "profile: { tags: [search string] }": false,
		"profile: { address: { city: search string } }": false, "events: { a: { email: search string } }": false,
	} {
		_, list := Load(fstest.MapFS{ProjectFile: {Data: []byte(config)}})
		if list.HasErrors() == ok {
			t.Errorf("%s: %v", config, list)
		}
	}
}
