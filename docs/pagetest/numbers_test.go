package pagetest

import (
	"go/ast"
	"go/parser"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func constants(t *testing.T, values map[string]string) Constants {
	t.Helper()
	all := Constants{}
	for name, text := range values {
		var e ast.Expr
		e, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		pkg, short, _ := strings.Cut(name, ".")
		all[name] = Constant{Pkg: pkg, Name: short, Value: e}
	}
	return all
}

// TestMarks compares numbers with what their marks name.
func TestMarks(t *testing.T) {
	all := constants(t, map[string]string{
		"engine.MaxKept": "100", "engine.Hold": "15 * time.Minute", "engine.MaxBytes": "64 << 10", "engine.MaxRows": "1_000",
		"runner.span": "time.Second / 10", "engine.MaxAgain": "2", "engine.Other": "MaxKept + 1",
	})
	values := Values{"list.waits": "5 s and 2 hours"}
	for text, wrong := range map[string]string{
		"at most 100<!-- engine.MaxKept --> events":       "",
		"at most 101<!-- engine.MaxKept --> events":       "engine.MaxKept is 100",
		"101<!-- engine.Other -->":                        "",
		"for 15 minutes<!-- engine.Hold -->":              "",
		"for fifteen\nminutes<!-- engine.Hold -->":        "",
		"for 15m<!-- engine.Hold -->":                     "",
		"for 900 s<!-- engine.Hold -->":                   "",
		"for 15 hours<!-- engine.Hold -->":                "engine.Hold is 15m0s",
		"for 15<!-- engine.Hold --> minutes":              "the units differ",
		"64 KiB<!-- engine.MaxBytes -->":                  "",
		"64 kB<!-- engine.MaxBytes -->":                   "engine.MaxBytes is 65536",
		"1,000<!-- engine.MaxRows --> or a thousand":      "",
		"a thousand<!-- engine.MaxRows --> rows":          "",
		"100 ms<!-- runner.span -->' worth":               "",
		"at most twice<!-- engine.MaxAgain -->":           "",
		"after 5 s and 2\nhours<!-- list.waits -->, then": "",
		"after 5 s and 3 hours<!-- list.waits -->":        "list.waits is 5 s and 2 hours",
		"many<!-- engine.MaxKept -->":                     "no number stands before",
		"100<!-- engine.Gone -->":                         "there is no constant engine.Gone",
	} {
		n, errs := Page{Name: "p.md", Text: text + "\n"}.Numbers(all, values)
		switch {
		case wrong == "" && len(errs) > 0, wrong != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), wrong)):
			t.Errorf("%q: got %v, want %q", text, errs, wrong)
		case wrong == "" && len(n.Plain) > 0 && !strings.Contains(text, "or a thousand"):
			t.Errorf("%q: the mark leaves %q", text, n.Plain)
		}
	}
}

// TestPhrases finds the numbers that have no mark.
func TestPhrases(t *testing.T) {
	const page = "# Page 1\n\nIt takes 5 or 6 of them, and at `limit: 7` it ends.\n1. First\n2. two things\n\n" +
		"<!-- measured: speed -->\n| runs | 8,546 |\n\n```yaml\n# nudge.yaml\nrate: 9/s   # at most 10\n```\n\n" +
		"<!-- generated: x -->\n11\n<!-- end -->\n[Twelve](a.md#part-13), I1, v1, wait_1, 4xx and 30s.\n"
	got, errs := Page{Name: "p.md", Text: page}.Numbers(nil, nil)
	want := Numbers{
		Plain:    []string{"# Page 1", "It takes 5 or 6 of them,", "2. two things", "at most 10 ```", "[Twelve](a.md#part-13), I1, v1,", "4xx and 30s."},
		Code:     []string{"at `limit: 7` it ends."},
		Measured: map[string][]string{"speed": {"runs | 8,546 |"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("(-want +got), %v:\n%s", errs, diff)
	}
}

// TestFile completes parts of flows.
func TestFile(t *testing.T) {
	for text, want := range map[string][2]string{
		"# flows/a.yaml\nflow: a\n": {"flows/a.yaml", "flow: a\n"},
		"flow: a\nsteps: []\n":      {"flows/a.yaml", "flow: a\nsteps: []\n"},
		"listen: x\n":               {"nudge.yaml", "listen: x\n"},
		"# steps\n- send: x\n":      {"flows/example.yaml", "flow: example\ntrigger: { event: order.shipped, key: event.order_id }\nsteps:\n  - send: x\n"},
		"# in a flow\nexit: []\n":   {"flows/example.yaml", "flow: example\nexit: []\ntrigger: { event: order.shipped, key: event.order_id }\nsteps: [ { send: hello } ]\n"},
	} {
		file, whole := Block{Text: text}.File("nudge.yaml")
		if diff := cmp.Diff(want, [2]string{file, whole}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestLinkTargets finds headings.
func TestLinkTargets(t *testing.T) {
	p := Page{Name: "numbers.go", Text: "# `A b`: c\n## Twice\n## Twice\n[1](#a-b-c) [2](#twice-1) [3](#twice-2) [4](page.go) [5](gone.go#x) [6](https://x.example/y)\n"}
	errs := p.Links(".")
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "#twice-2") || !strings.Contains(errs[1].Error(), "gone.go") {
		t.Errorf("got %v", errs)
	}
}
