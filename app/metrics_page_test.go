package app

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateMetrics = flag.Bool("update-metrics", false, "write the list of metrics in docs/operations.md anew")

// TestMetricsPage holds the list of metrics in docs/operations.md to those that a server has.
func TestMetricsPage(t *testing.T) {
	var rows []string
	for name, f := range families(t) {
		if strings.HasPrefix(name, "nudge_") {
			rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", name, f.kind, strings.ReplaceAll(f.help, "|", `\|`)))
		}
	}
	slices.Sort(rows)
	const begin, end, file = "<!-- generated: metrics -->\n", "<!-- end -->\n", "../docs/operations.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found || len(rows) < 40 {
		t.Fatalf("the page has no list of metrics, or there are only %d", len(rows))
	}
	want := before + begin + "| Metric | Kind | |\n| --- | --- | --- |\n" + strings.Join(rows, "") + end + after
	if *updateMetrics {
		err = os.WriteFile(file, []byte(want), 0o600)
	} else if want != string(page) {
		t.Error("docs/operations.md is out of date: go test ./app -run TestMetricsPage -update-metrics")
	}
	if err != nil {
		t.Fatal(err)
	}
}
