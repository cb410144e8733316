package diag

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func span(line, from, to int) Span {
	return Span{File: "f.yaml", Start: Pos{line, from}, End: Pos{line, to}}
}

func TestRender(t *testing.T) {
	text := "one\n\ttwo 日本 x\nthree\n"
	var list List
	list.Errorf(span(2, 9, 10), "unknown-name", `did you mean "y"?`, "unknown name %q", "x")
	list.Warnf(span(1, 1, 9), "odd", "", "odd")
	list.Errorf(Span{File: "other.yaml"}, "too-large", "", "too large")
	list.Errorf(span(99, 1, 2), "lost", "", "behind the end")
	list.Sort()
	var b strings.Builder
	err := Render(&b, list, func(file string) (string, bool) { return text, file == "f.yaml" })
	want := "other.yaml: too large [too-large]\n\nf.yaml:1:1: warning: odd [odd]\n 1 | one\n   | ^^^\n\n" +
		"f.yaml:2:9: unknown name \"x\" [unknown-name]\n 1 | one\n 2 | \ttwo 日本 x\n   | \t         ^\nhint: did you mean \"y\"?\n\n" +
		"f.yaml:99:1: behind the end [lost]\n"
	if got := b.String(); err != nil || got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRenderOfMuch(t *testing.T) {
	line := strings.Repeat("a", 1000) + "b" + strings.Repeat("c", 1000)
	var list List
	for range maxRendered + 7 {
		list.Errorf(span(1, 1001, 1002), "bad", "", "bad")
	}
	var b strings.Builder
	if err := Render(&b, list, func(string) (string, bool) { return line, true }); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(b.String(), "\n\n")
	want := "f.yaml:1:1001: bad [bad]\n 1 | …" + strings.Repeat("a", 119) + "b" + strings.Repeat("c", 120) + "…\n   | " +
		strings.Repeat(" ", 120) + "^"
	if first != want || !strings.HasSuffix(b.String(), "\n\nand 7 more\n") {
		t.Errorf("got\n%s\nwant\n%s\nand 7 more at the end", first, want)
	}
}

func TestMisspelt(t *testing.T) {
	known := []string{"user.signed_up", "order.paid", "task.opened", "item.v1", "user.login"}
	for word, want := range map[string]string{
		"user.signedup": "user.signed_up", "User.Signed-Up": "user.signed_up", "order.payed": "order.paid", "order.piad": "order.paid",
		"task.reopened": "", "item.v2": "", "user.logout": "", "order.paid": "", "comment.made": "",
	} {
		if got := Misspelt(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestListIsAnErrorWhenItHasErrors(t *testing.T) {
	var list List
	list.Warnf(span(1, 1, 2), "odd", "", "odd")
	if list.HasErrors() || list.Err() != nil {
		t.Error("a warning is an error")
	}
	list.Errorf(span(2, 3, 4), "bad", "do this", "bad")
	list.Errorf(span(2, 3, 4), "bad", "do this", "bad")
	list.Sort()
	if len(list) != 2 || list.Err() == nil || list.Error() != "f.yaml:2:3: bad (do this)" {
		t.Errorf("got %q", list.Error())
	}
}

func TestJSON(t *testing.T) {
	d := Diagnostic{"odd", "it is odd", span(1, 2, 3), "", Warning}
	text, err := json.Marshal(d)
	want := `{"code":"odd","message":"it is odd","span":{"file":"f.yaml","start":{"line":1,"column":2},"end":{"line":1,"column":3}},"severity":"warning"}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	var back Diagnostic
	if err := json.Unmarshal(text, &back); err != nil || back != d {
		t.Errorf("came back as %v, %v", back, err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"send", "wait", "branch", "order_id", "if_running"}
	for word, want := range map[string]string{
		"snd": "send", "Wait": "wait", "wiat": "wait", "brnch": "branch", "order": "order_id", "if_runing": "if_running",
		"cron": "", "x": "", "fetch": "", strings.Repeat("send", 100): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

// TestLongHint holds that a hint stays readable where there are very many candidates.
func TestLongHint(t *testing.T) {
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("flow_%03d", i))
	}
	hint := DidYouMean("flow_4999", names, "There is")
	if !strings.HasPrefix(hint, `did you mean "flow_499"? There is: flow_000, `) || !strings.HasSuffix(hint, ", flow_059, and 440 more") {
		t.Error(hint)
	}
}
