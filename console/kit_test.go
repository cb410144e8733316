package console_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// changing is what differs from visit to visit.
var changing = regexp.MustCompile(`<time[^>]*>[^<]*</time>`)

// TestKit holds each component to what it writes. In serve nobody sees the kit.
func TestKit(t *testing.T) {
	start(t, shop).visitor("").get("/console/kit").has(404, "nudge dev")
	_, page, found := strings.Cut(startDev(t, shop).get("/console/kit").has(200).body, `<h1>Kit</h1>`)
	page, _, ended := strings.Cut(page, "</main>")
	if !found || !ended {
		t.Fatal("the page has no kit")
	}
	page = changing.ReplaceAllString(page, "<time>")
	const golden = "testdata/kit.html"
	if *update {
		must(t, os.WriteFile(golden, []byte(page), 0o666))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if page != string(want) {
		t.Errorf("the components have changed: look at /console/kit, and run go test ./console -run TestKit -update\n%s", page)
	}
}
