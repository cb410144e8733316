package app

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"nudge/examples"
)

var updateMetrics = flag.Bool("update-metrics", false, "write the list of metrics in docs/operations.md anew")

// TestMetricsPage holds the list of metrics in docs/operations.md to those that a server has.
func TestMetricsPage(t *testing.T) {
	local := startExample(t, examples.OrderShipped(), t.TempDir())
	var answer *http.Response
	for range 2 { // the first counts as a request
		var err error
		if answer, err = http.Get(local.URL() + "/metrics"); err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
	}
	kinds, rows := map[string]string{}, []string{}
	help := map[string]string{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if words := strings.SplitN(lines.Text(), " ", 4); len(words) == 4 && words[0] == "#" && strings.HasPrefix(words[2], "nudge_") {
			switch words[1] {
			case "HELP":
				help[words[2]] = strings.ReplaceAll(words[3], "|", `\|`)
			case "TYPE":
				kinds[words[2]] = words[3]
			}
		}
	}
	for name, text := range help {
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", name, kinds[name], text))
	}
	slices.Sort(rows)
	const begin, end, file = "<!-- generated: metrics -->\n", "<!-- end -->\n", "../docs/operations.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found || len(rows) < 20 {
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
