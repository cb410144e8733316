package flows

import (
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// edited is the project of testdata/order_shipped with one text replaced in one of
// its files.
func edited(t *testing.T, file, from, to string) fstest.MapFS {
	t.Helper()
	project := fstest.MapFS{}
	root := os.DirFS("testdata/order_shipped")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		project[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if file != "" {
		before := string(project[file].Data)
		after := strings.Replace(before, from, to, 1)
		if before == after {
			t.Fatalf("%s does not have %q", file, from)
		}
		project[file] = &fstest.MapFile{Data: []byte(after)}
	}
	return project
}

// TestVersion holds what makes another version of a flow, and what does not.
func TestVersion(t *testing.T) {
	original := mustLoad(t, edited(t, "", "", "")).Flows[0].Version
	if len(original) != 16 {
		t.Errorf("version %q, want 16 hex digits", original)
	}
	const flow, config = "flows/order_shipped.yaml", "nudge.yaml"
	tests := []struct {
		name, file, from, to string
		same                 bool
	}{
		{"a comment", flow, "# the first line to happen wins", "# whoever comes first", true},
		{"quotes", flow, "as: returned", `as: "returned"`, true},
		{"layout", flow, "entry: { if_running: skip }", "entry:\n  if_running: skip", true},
		{"the order of keys", flow, "  - event: order.returned\n    key: event.order_id\n", "  - key: event.order_id\n    event: order.returned\n", true},
		{"a comment in a template", "templates/shipped.yaml", "body:", "# hello\nbody:", true},
		{"an event of others", config, "events:", "events:\n  other: { a: string }", true},
		{"a category of others", config, "categories:", "categories:\n  others: {}", true},
		{"the serving of the project", config, "project: acme", "project: acme\nlisten: x", true},
		{"a duration", flow, "after: 24h", "after: 1d", false},
		{"a condition", flow, `contains "help"`, `contains "Help"`, false},
		{"a template", "templates/shipped.yaml", "Hello", "Dear", false},
		{"the shape of an event", config, "order.delivered: { order_id: string }", "order.delivered: { order_id: any }", false},
		{"the profile, which a template sees", config, "first_name: optional string", "first_name: any", false},
		{"the zone", config, "Europe/London", "Europe/Paris", false},
		{"the sender", flow, "from: Customer Services", "from: Sales", false},
		{"on_unknown", config, "project: acme", "project: acme\non_unknown: resend", false},
		{"the category", flow, "category: orders ", "#", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mustLoad(t, edited(t, tt.file, tt.from, tt.to)).Flows[0].Version
			if (got == original) != tt.same {
				t.Errorf("version %s, before %s; want the same: %v", got, original, tt.same)
			}
		})
	}
}

func TestCompileMakesTheSameVersion(t *testing.T) {
	f := mustLoad(t, os.DirFS("testdata/order_shipped")).Flows[0]
	encoded, err := json.Marshal(f.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	var b Bundle
	if err := json.Unmarshal(encoded, &b); err != nil {
		t.Fatal(err)
	}
	again, err := Compile(b)
	if err != nil {
		t.Fatal(err)
	}
	if again.Version != f.Version || drawn(again) != drawn(f) {
		t.Errorf("compiled version %s, loaded %s", again.Version, f.Version)
	}
	if diff := cmp.Diff(f.Bundle, again.Bundle); diff != "" {
		t.Errorf("the bundle of a bundle differs: %s", diff)
	}
}

// TestBundleHasNoSecrets holds that what serves a project stays out of the versions
// of its flows, which are stored and shown.
func TestBundleHasNoSecrets(t *testing.T) {
	p := mustLoad(t, edited(t, "nudge.yaml", "project: acme", "project: acme\naccount: { token: hush }\ntokens: [hush]"))
	for _, f := range p.Flows[0].Bundle {
		if strings.Contains(f.Text, "hush") {
			t.Errorf("%s has the secret:\n%s", f.Name, f.Text)
		}
	}
}

func TestCompileRefusesBrokenBundles(t *testing.T) {
	for _, b := range []Bundle{nil, {{"flows/a.yaml", "flow: a"}}, {{"flows/a.yaml", "["}}} {
		if _, err := Compile(b); err == nil {
			t.Errorf("Compile(%v) makes a flow", b)
		}
	}
}
