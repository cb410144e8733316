package app

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const monitoring = "../docs/monitoring"

// alert is a rule of docs/monitoring/alerts.yaml.
type alert struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

// ruleFile is a file of rules.
type ruleFile struct {
	Groups []struct{ Rules []alert }
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	var file ruleFile
	readYAML(t, "alerts.yaml", &file)
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 20 {
		t.Fatalf("there are only %d alerts", len(all))
	}
	return all
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(monitoring, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestAlertRules lets Prometheus's own tool check the rules and their tests, and the expressions of the
// dashboard.
func TestAlertRules(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", filepath.Join(monitoring, "alerts.yaml"))
	promtool(t, "test", "rules", filepath.Join(monitoring, "alerts_test.yaml"))
	var text strings.Builder
	text.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for i, p := range dashboard(t) {
		expr := strings.ReplaceAll(p.expr, "$__rate_interval", "5m")
		fmt.Fprintf(&text, "      - { record: 'panel:%d', expr: %q }\n", i, expr)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v; ./test.sh installs it\n%s", strings.Join(args, " "), err, out)
	}
}

// TestAlertsPage holds docs/alerts.md to the rules: each alert has its part of the page, in their order,
// begins it with its severity, leads there, and has a test in which it fires.
func TestAlertsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings, names []string
	severity := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^## (.*)\n\n\*\*(.*)\.\*\* `).FindAllStringSubmatch(string(page), -1) {
		headings = append(headings, m[1])
		severity[m[1]] = strings.ToLower(m[2])
	}
	fires := firing(t)
	for _, a := range alerts(t) {
		names = append(names, a.Alert)
		if want := "docs/alerts.md#" + strings.ToLower(a.Alert); a.Annotations["runbook"] != want {
			t.Errorf("%s leads to %q, want %q", a.Alert, a.Annotations["runbook"], want)
		}
		if a.Labels["severity"] != severity[a.Alert] {
			t.Errorf("%s is %q in the rules and %q on the page", a.Alert, a.Labels["severity"], severity[a.Alert])
		}
		if !fires[a.Alert] {
			t.Errorf("%s fires in no test of alerts_test.yaml", a.Alert)
		}
	}
	if !slices.Equal(headings, names) || strings.Count(string(page), "\n## ") != len(names) {
		t.Errorf("docs/alerts.md has\n%q\nthe rules have\n%q", headings, names)
	}
}

// firing returns the alerts that fire in a test.
func firing(t *testing.T) map[string]bool {
	t.Helper()
	var file struct {
		Tests []struct {
			Rules []struct {
				Name string `yaml:"alertname"`
				Want []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "alerts_test.yaml", &file)
	fires := map[string]bool{}
	for _, test := range file.Tests {
		for _, r := range test.Rules {
			fires[r.Name] = fires[r.Name] || len(r.Want) > 0
		}
	}
	return fires
}

// TestMonitoredMetrics holds the rules and the dashboard to the metrics of a running server: each name and
// label exists, and each condition on labels fits a series.
func TestMonitoredMetrics(t *testing.T) {
	known := families(t)
	known["up"] = &family{labels: map[string]bool{}} // Prometheus's own
	var all []expression
	for _, a := range alerts(t) {
		all = append(all, expression{a.Alert, a.Expr})
	}
	for _, e := range append(all, dashboard(t)...) {
		if err := e.check(known); err != nil {
			t.Errorf("%s: %v\n%s", e.name, err, e.expr)
		}
	}
}

// expression is one of a rule or a panel.
type expression struct{ name, expr string }

// dashboard returns the expressions of the dashboard.
func dashboard(t *testing.T) (all []expression) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(monitoring, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, expression{"the panel " + p.Title, target.Expr})
		}
	}
	if len(all) < 40 {
		t.Fatalf("the dashboard has only %d expressions", len(all))
	}
	return all
}

var (
	rangeForm    = regexp.MustCompile(`\[[^\]]*\]`)
	groupingForm = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	nameForm     = regexp.MustCompile(`\b([a-zA-Z_][a-zA-Z0-9_]*)(\s*\()?(?:\{([^}]*)\})?`)
	matcherForm  = regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
)

// check compares an expression with the metrics that there are.
func (e expression) check(known map[string]*family) error {
	expr := rangeForm.ReplaceAllString(e.expr, "")
	labels := map[string]bool{"job": true, "instance": true, "le": true}
	for _, m := range nameForm.FindAllStringSubmatch(groupingForm.ReplaceAllString(expr, ""), -1) {
		if m[2] != "" || slices.Contains([]string{"and", "or", "unless"}, m[1]) {
			continue // a function or an operator
		}
		f := known[m[1]]
		if f == nil {
			f = known[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(m[1], "")]
		}
		if f == nil {
			return fmt.Errorf("there is no metric %s", m[1])
		}
		for label := range f.labels {
			labels[label] = true
		}
		if !f.fits(m[3]) {
			return fmt.Errorf("%s has no series with %s", m[1], m[3])
		}
	}
	for _, m := range groupingForm.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.Split(m[1], ",") {
			if !labels[strings.TrimSpace(label)] {
				return fmt.Errorf("no metric of it has the label %s", label)
			}
		}
	}
	return nil
}

// fits reports whether the conditions on labels fit a series. While there is none, the labels must exist.
func (f *family) fits(conditions string) bool {
	matchers := matcherForm.FindAllStringSubmatch(conditions, -1)
	matchers = slices.DeleteFunc(matchers, func(m []string) bool { return m[1] == "job" || m[1] == "instance" })
	if len(f.series) == 0 {
		return !slices.ContainsFunc(matchers, func(m []string) bool { return !f.labels[m[1]] })
	}
	return slices.ContainsFunc(f.series, func(series map[string]string) bool {
		for _, m := range matchers {
			value, there := series[m[1]]
			equal := value == m[3]
			if strings.HasSuffix(m[2], "~") {
				equal = regexp.MustCompile("^(?:" + m[3] + ")$").MatchString(value)
			}
			if !there || equal == strings.HasPrefix(m[2], "!") {
				return false
			}
		}
		return true
	})
}
