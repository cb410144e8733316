package console_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"nudge/client"
)

// lines are those of a file.
func (p *shown) lines() []string { return strings.Split(strings.TrimSuffix(p.body, "\n"), "\n") }

// TestDownloadRuns: what a filter finds is a file, all of it and nothing else.
func TestDownloadRuns(t *testing.T) {
	w := start(t, shop, tokens()...)
	const people = 1003 // more, twice, than the API gives at once
	var events []client.Event
	for i := range people {
		events = append(events, client.Event{Type: "order.shipped", Data: []byte(fmt.Sprintf(`{"order_id": "A-%d", "customer": "p%d"}`, i, i))})
	}
	for _, some := range [][]client.Event{events[:1000], events[1000:]} {
		_, err := w.api.SendEvents(t.Context(), some)
		must(t, err)
	}
	w.ship("=1+1", "=HYPERLINK(1)")
	v := w.visitor("read")
	v.get("/console/runs?profile=p7").has(200, `href="/console/runs.csv?profile=p7" download`, `href="/console/runs.ndjson?profile=p7" download`)
	v.get("/console/flows/order/runs?status=live").has(200, `href="/console/runs.csv?flow=order&amp;status=live" download`)

	all := v.get("/console/runs.ndjson?flow=order").has(200)
	seen := map[string]bool{}
	for _, line := range all.lines() {
		var run client.Run
		must(t, json.Unmarshal([]byte(line), &run))
		seen[run.Profile] = true
	}
	if len(all.lines()) != people+1 || len(seen) != people+1 || all.header.Get("Content-Type") != "application/x-ndjson" || all.header.Get("Content-Disposition") != `attachment; filename="runs.ndjson"` {
		t.Errorf("%d lines of %d people, %v", len(all.lines()), len(seen), all.header)
	}
	rows, err := csv.NewReader(strings.NewReader(v.get("/console/runs.csv?flow=order").has(200).body)).ReadAll()
	must(t, err)
	if len(rows) != people+2 || rows[0][0] != "id" || rows[1][3] != "'=HYPERLINK(1)" || rows[1][4] != "'=1+1" || rows[2][1] != "order" {
		t.Errorf("%d rows: %v", len(rows), rows[:3])
	}
	one := v.get("/console/runs.ndjson?profile=p7").has(200, `"profile":"p7"`)
	if len(one.lines()) != 1 {
		t.Errorf("the filter finds %d", len(one.lines()))
	}
	none := v.get("/console/runs.ndjson?profile=nobody").has(200)
	if none.body != "" || none.header.Get("Content-Disposition") == "" {
		t.Errorf("a list of nobody is %q, %v", none.body, none.header)
	}
	v.get("/console/runs.csv?flow=odrer").has(400, "order")
	w.visitor("").get("/console/runs.csv").has(401)
}

// TestDownloadPeople: people are a file with what the visitor may see, and no more.
func TestDownloadPeople(t *testing.T) {
	project := maps.Clone(shop)
	project["nudge.yaml"] += "profile: { email: private optional string, city: optional string }\n"
	w := start(t, project, tokens()...)
	for id, known := range map[string]string{"ann": `{"email": "ann@example.com", "city": "Rome", "opt_outs": ["all"]}`, "bob": `{"city": "Bern"}`, "+39 333": `{"city": "@cmd"}`} {
		_, err := w.api.SetProfile(t.Context(), id, []byte(known))
		must(t, err)
	}
	v := w.visitor("read")
	v.get("/console/people?prefix=a").has(200, `href="/console/people.csv?prefix=a" download`)
	v.get("/console/people.ndjson?prefix=a").has(200, `"id":"ann"`, "•••").hasNot("ann@example.com", "bob")
	w.visitor("operate").get("/console/people.ndjson?prefix=a").has(200, "•••").hasNot("ann@example.com") // it is shown person by person
	rows, err := csv.NewReader(strings.NewReader(v.get("/console/people.csv").has(200).body)).ReadAll()
	must(t, err)
	slices.SortFunc(rows[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	got := fmt.Sprintf("%q", rows)
	if want := `[["id" "opt_outs" "city" "email" "besides"] ["'+39 333" "" "'@cmd" "" ""] ["ann" "all" "Rome" "•••" ""] ["bob" "" "Bern" "" ""]]`; got != want {
		t.Errorf("the file is %s, want %s", got, want)
	}
	v.get("/console/people.csv?q=" + "city=Rome").has(400)
}
