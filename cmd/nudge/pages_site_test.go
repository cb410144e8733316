package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"nudge/docs/pagetest"
	"nudge/docs/site/render"
)

// finder searches the site as its pages do: names in, and for each the sections that were found.
const finder = `
for (const file of ['search-index.js', 'search.js']) require(process.cwd() + '/' + file);
const names = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(names.map((name) => nudgeSearch(nudgeIndex, name, 3))));
`

// foundSection is a section that the search of the site found.
type foundSection struct {
	Address string `json:"a"`
	Heading string `json:"h"`
	Text    string `json:"t"`
}

// TestFound holds the site to what there is: of every command, key, metric, route and diagnostic, the first thing
// that the search finds is a section which names it, on a page that is no changelog.
func TestFound(t *testing.T) {
	site, err := render.Read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := site.Write(dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	for kind, all := range namesOnPages(t) {
		if len(all) < 40 {
			t.Errorf("there are only %d names of %s", len(all), kind)
		}
		names = append(names, all...)
	}
	given, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", finder)
	node.Dir, node.Stdin = dir, bytes.NewReader(given)
	out, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found [][]foundSection
	if err := json.Unmarshal(out, &found); err != nil || len(found) != len(names) {
		t.Fatalf("%d names, %d answers, %v", len(names), len(found), err)
	}
	for i, name := range names {
		whole := regexp.MustCompile(`(?i)(?:^|[^\w])` + regexp.QuoteMeta(name) + `(?:$|[^\w])`)
		if len(found[i]) == 0 {
			t.Errorf("no page has %q", name)
		} else if first := found[i][0]; !whole.MatchString(first.Heading+" "+first.Text) || strings.HasPrefix(first.Address, "CHANGELOG") {
			t.Errorf("the first that is found of %q is %s, which does not describe it", name, first.Address)
		}
	}
}

// namesOnPages is everything that pages describe, by kind. More is held elsewhere: TestPageTables holds the
// tables of keys, TestMetricsPage that of metrics, TestOpenAPI the routes, TestExplainedPage the diagnostics, and
// TestCommandsPage the commands.
func namesOnPages(t *testing.T) map[string][]string {
	t.Helper()
	names := map[string][]string{}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		names["commands"] = append(names["commands"], c.CommandPath())
		for _, verb := range documented(c) {
			visit(verb)
		}
	}
	visit(newRoot())
	for _, kind := range []string{"project", "flow", "template", "test", "people"} {
		var schema any
		if err := json.Unmarshal(schemas[kind](), &schema); err != nil {
			t.Fatal(err)
		}
		names["keys"] = keysOf(schema, names["keys"])
	}
	var err error
	if names["routes"], err = readRoutes(); err != nil {
		t.Fatal(err)
	}
	names["diagnostics"] = explainableCodes()
	names["metrics"] = metricNames(t)
	for kind, all := range names {
		slices.Sort(all)
		names[kind] = slices.Compact(all)
	}
	return names
}

// keysOf adds the keys of all mappings in a schema.
func keysOf(schema any, keys []string) []string {
	switch s := schema.(type) {
	case map[string]any:
		if properties, ok := s["properties"].(map[string]any); ok {
			for key := range properties {
				keys = append(keys, key)
			}
		}
		for _, part := range s {
			keys = keysOf(part, keys)
		}
	case []any:
		for _, part := range s {
			keys = keysOf(part, keys)
		}
	}
	return keys
}

// metricName is the name of a metric in the sources.
var metricName = regexp.MustCompile(`"(nudge_[a-z]+(?:_[a-z]+)+)"`)

// noMetrics have such names, and are cookies, a series of a metric, and a mark of completions.
var noMetrics = []string{"nudge_console", "nudge_console_settings", "nudge_commit_duration_seconds_count", "nudge_completes_here"}

func metricNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := pagetest.Sources(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metricName.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(noMetrics, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	return names
}
