package prove_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

// TestStoriesOfDays plays the stories of a flow that counts from a day of its data: they name a
// day, and go by the hour at which its time of day comes.
func TestStoriesOfDays(t *testing.T) {
	p, list := flows.Load(fstest.MapFS{
		"nudge.yaml":           {Data: []byte("timezone: UTC\nevents: { order: { id: string, due: date } }\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml": {Data: []byte("flow: one\ntrigger: { event: order, key: event.id }\n" +
			"steps: [ { id: w, wait: [ { at: 09:00 1d before data.due } ] }, { if: w.outcome == \"past\", exit: gone }, { send: hello } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	r := prove.Project(p).Flows[0]
	want := map[string]string{"completed": `"due":"2026-03-04"`, "gone": `"due":"2026-03-03"`}
	for _, e := range r.Endings {
		if text, why := r.Test(e.Outcome, e.Story); why != "" || want[e.Outcome] == "" || !strings.Contains(text, want[e.Outcome]) {
			t.Errorf("%s: %s\n%s", e.Outcome, why, text)
		}
	}
	if len(r.Endings) != len(want) {
		t.Error(line(r))
	}
}
