package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"nudge/whatif/backtest"
	"nudge/whatif/plan"
)

// hostile are names that would be markup, if they could.
var hostile = []string{
	"a|b", "`a`", "<img src=x onerror=alert(1)>", "</details>", "--> x", "[a](https://evil.example)", "![a](x)", "@everybody", "#1", "a\nb\n# c", "&lt;b&gt;", "**a**", "\\|", " a ", "",
	"\u202eoverturned", "www.evil.example", "‘ä’",
}

// TestCode holds that a name is code and nothing else: it is in backticks, or it has no character that is markup.
func TestCode(t *testing.T) {
	backticks, entities := regexp.MustCompile("^`[^`|\\\\\n]+`$"), regexp.MustCompile(`^<code>(?:&#\d+;|[\pL\pN ‘’]|&#92;u)*</code>$`)
	for _, name := range hostile {
		if got := code(name); !backticks.MatchString(got) && !entities.MatchString(got) && got != "–" {
			t.Errorf("%q is %s", name, got)
		}
		if got := htmlCode(name); !entities.MatchString(got) {
			t.Errorf("%q as HTML is %s", name, got)
		}
	}
}

// hostilePlan has a flow for each name, and the names wherever names are.
func hostilePlan() *plan.Plan {
	p := &plan.Plan{}
	for _, name := range hostile {
		ahead := []plan.Ahead{{Runs: 1, IfUnread: plan.Story{Messages: []string{name}}}}
		p.Flows = append(p.Flows, plan.Flow{Flow: name, Change: plan.Changed, Active: name, Next: name, Because: []string{name}, Live: 1, Parked: []plan.Parked{
			{Version: name, Step: name, Runs: 1, InNext: "gone", Fate: plan.Moves, To: name, Sample: []string{name}, Ahead: ahead, Then: ahead, Refused: []string{name}, Hypothetical: true},
			{Version: name, Step: name, Runs: 2, Fate: plan.Ends, To: name},
		}})
	}
	return p
}

// TestPlanComment holds that no name of a plan breaks its comment.
func TestPlanComment(t *testing.T) {
	var out strings.Builder
	p := hostilePlan()
	if err := writePlanComment(&out, p, "shop", "production"); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if first, _, _ := strings.Cut(text, "\n"); first != "<!-- nudge plan shop production -->" {
		t.Errorf("it begins with %s", first)
	}
	holdMarkup(t, text, len(hostile), 6)
	if want := fmt.Sprintf("**The deploy to production moves %d runs and ends %d.** Flows: %d changed.", len(hostile), 2*len(hostile), len(hostile)); !strings.Contains(text, want) {
		t.Errorf("there is no %q in\n%s", want, text)
	}
}

var inBackticks = regexp.MustCompile("`[^`\n]*`")

// holdMarkup holds that a comment has the markup of its own and no other: so many sections, and tables with so many bars in a row.
func holdMarkup(t *testing.T, text string, sections, bars int) {
	t.Helper()
	_, body, _ := strings.Cut(text, "\n")
	body = inBackticks.ReplaceAllString(body, "") // what is in backticks is no markup
	tags := map[string]int{}
	for _, tag := range regexp.MustCompile(`<[^ >]*`).FindAllString(body, -1) {
		tags[tag]++
	}
	for tag, n := range tags {
		switch {
		case strings.Contains(tag, "code"):
		case strings.Contains("<details <summary </summary </details", tag) && n == sections:
		default:
			t.Errorf("there are %d of %s", n, tag)
		}
	}
	for _, sign := range []string{"@", "](", "-->", "www.", "://"} {
		if strings.Contains(body, sign) {
			t.Errorf("a name is markup: %s in\n%s", sign, body)
		}
	}
	for line := range strings.Lines(body) {
		if n := strings.Count(line, "|"); n != 0 && n != bars {
			t.Errorf("the row has %d bars: %s", n, line)
		}
	}
}

// TestCommentFits holds that a comment of a large plan is short enough for GitHub, and says how much it leaves out.
func TestCommentFits(t *testing.T) {
	p := &plan.Plan{}
	for range 200 {
		p.Flows = append(p.Flows, hostilePlan().Flows...)
	}
	var out strings.Builder
	if err := writePlanComment(&out, p, "shop", ""); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if len(text) > maxComment || len(text) < maxComment-3*commentEnd {
		t.Errorf("it has %d bytes", len(text))
	}
	if !regexp.MustCompile("\nA comment has no room for [0-9]+ parts more; `nudge plan` shows all.\n$").MatchString(text) {
		t.Errorf("it ends with %s", text[len(text)-commentEnd:])
	}
	if body := inBackticks.ReplaceAllString(text, ""); strings.Count(body, "<details>") != strings.Count(body, "</details>") {
		t.Error("a section stays open")
	}
}

// TestNothingChanges is the plan of the flows that are active already.
func TestNothingChanges(t *testing.T) {
	var out strings.Builder
	if err := writePlanComment(&out, &plan.Plan{Flows: []plan.Flow{{Flow: "a", Change: plan.Unchanged}}}, "shop", ""); err != nil {
		t.Fatal(err)
	}
	if want := "<!-- nudge plan shop -->\n\n**The deploy moves and ends nobody.** Flows: 1 unchanged.\n"; out.String() != want {
		t.Errorf("it is\n%s", out.String())
	}
}

// TestBacktestComment holds that a report names no people, and that no name in it breaks the comment.
func TestBacktestComment(t *testing.T) {
	r := &backtest.Report{Inputs: 3, Before: backtest.Totals{Messages: 4}, After: backtest.Totals{Messages: 5}, Changes: backtest.Changes{Added: 1}, People: []backtest.Person{{Profile: "ann.smith"}}}
	for _, name := range hostile {
		r.Templates = append(r.Templates, backtest.Template{Flow: name, Template: name})
		r.After.Endings = append(r.After.Endings, backtest.Ending{Flow: name, Outcome: name, Runs: 1})
	}
	var out strings.Builder
	if err := writeBacktestComment(&out, r, time.UTC, "shop", ""); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	totals, messages, _ := strings.Cut(text, "<details>")
	holdMarkup(t, totals, 0, 5)
	holdMarkup(t, "\n<details>"+messages, 1, 9)
	if !strings.Contains(text, "**4 messages would have been 5: 1 new.** Different for 1 person.") || strings.Contains(text, "ann") {
		t.Errorf("it is\n%s", text)
	}
}
