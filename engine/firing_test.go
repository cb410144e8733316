package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"nudge/engine"
)

const incidents = `
-- nudge.yaml --
timezone: UTC
events: { opened: { id: string }, noted: { id: string, level: number }, closed: { id: string } }
-- flows/incident.yaml --
flow: incident
trigger: { event: opened, key: event.id, audience: people.csv, rate: 1/h, max_delay: 3h }
exit: [ { event: closed, key: event.id, as: closed }, { event: noted, key: event.id, if: event.level > 9, as: noted } ]
steps: [ { set: { n: 1 } } ]
-- flows/incident_too.yaml --
flow: incident_too
trigger: { event: opened, key: event.id, if: event.id == "twice", audience: people.csv }
steps: [ { set: { n: 1 } } ]
-- audiences/people.csv --
profile
ann
bob
cid
`

func (w *world) opened(id string) *engine.Input {
	return &engine.Input{ID: "e-" + id, Payload: &engine.Event{Type: "opened", Data: fmt.Appendf(nil, `{"id":%q}`, id)}}
}

func (w *world) status(id string) string {
	w.t.Helper()
	c, err := w.store.CampaignOf(id)
	if err != nil || c == nil {
		w.t.Fatalf("campaign %s: %v", id, err)
	}
	text := fmt.Sprintf("%s %d of %d", c.Status, c.Walked, c.Rows)
	for _, l := range c.Excluded {
		text += fmt.Sprintf(", %s %d", l.Reason, l.Rows)
	}
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	return text
}

func (w *world) want(id, status string) {
	w.t.Helper()
	if got := w.status(id); got != status {
		w.t.Errorf("%s is %s, want %s", id, got, status)
	}
}

// TestFiringsWaitInOrder shows that beyond the campaigns that may take rows those of events
// wait, hear their exits meanwhile, and begin in the order of their events. No process needs to
// live through it.
func TestFiringsWaitInOrder(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(incidents)))
	for i := range engine.MaxOpenCampaigns + 3 {
		w.apply(w.opened(fmt.Sprint(i)))
	}
	first, waits, over, last := "incident@e-0", fmt.Sprint("incident@e-", engine.MaxOpenCampaigns), fmt.Sprint("incident@e-", engine.MaxOpenCampaigns+1), fmt.Sprint("incident@e-", engine.MaxOpenCampaigns+2)
	w.want(first, "walking 1 of 3")
	w.want(waits, "waiting 0 of 0")
	w.apply(&engine.Input{Payload: &engine.Event{Type: "closed", Data: fmt.Appendf(nil, `{"id":"%d"}`, engine.MaxOpenCampaigns+1)}})
	w.campaign("cancel " + first)
	w.want(waits, "walking 1 of 3")
	w.want(over, "waiting 0 of 0")
	w.open() // the process is another one
	w.step()
	w.want(last, "waiting 0 of 0")
	w.campaign("cancel incident@e-1")
	w.want(over, "walked 3 of 3, exited 3")
	w.want(last, "walking 1 of 3") // the place of the one that is over is free again
	w.passUntil(w.now.Add(5 * time.Hour))
	w.want(last, "walked 3 of 3")
	w.want(waits, "walked 3 of 3")
	w.check()
}

// TestRowsComeTooLate shows that max_delay leaves out the rows that are taken too late.
func TestRowsComeTooLate(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(strings.Replace(incidents, "max_delay: 3h", "max_delay: 90m", 1))))
	w.apply(w.opened("A"))
	w.passUntil(w.now.Add(5 * time.Hour))
	w.want("incident@e-A", "walked 3 of 3, late 1")
	w.check()
}

// TestFiringKeepsNoMore shows that a firing fails that would have to keep too many events.
func TestFiringKeepsNoMore(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(incidents)))
	w.apply(w.opened("A"))
	noted := func() {
		w.apply(&engine.Input{Payload: &engine.Event{Type: "noted", Data: []byte(`{"id":"A","level":1}`)}})
	}
	for range engine.MaxKept {
		noted()
	}
	w.want("incident@e-A", "walking 1 of 3")
	noted()
	w.want("incident@e-A", "failed 1 of 3: more than 100 events came for the rows that were not taken yet")
	w.check()
}

// TestOneEventFiresSeveral shows that an event can be for the audiences of several flows.
func TestOneEventFiresSeveral(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(incidents)))
	w.apply(w.opened("twice"))
	w.want("incident@e-twice", "walking 1 of 3")
	w.want("incident_too@e-twice", "walked 3 of 3")
	compare(t, "replayed", dump(t, replay(t, w.store, func() int { return 1 })), dump(t, w.kv))
	w.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: "bob", Forget: true}})
	w.passUntil(w.now.Add(5 * time.Hour))
	w.want("incident@e-twice", "walked 3 of 3, duplicate 1") // bob was forgotten before his row
	w.check()
}
