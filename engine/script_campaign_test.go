package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// freeze takes the first snapshot that is requested.
func (w *world) freeze() {
	w.t.Helper()
	f := w.frozen[0]
	w.frozen = w.frozen[1:]
	frozen, err := w.shelf.Freeze(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	frozen.Campaign = f.Campaign
	w.apply(&engine.Input{Payload: frozen})
}

// campaign carries out an operator's command for a campaign, or shows it.
func (w *world) campaign(rest string) {
	w.t.Helper()
	verb, name, _ := strings.Cut(rest, " ")
	steer := &engine.CampaignControl{Flow: name}
	switch verb {
	case "start":
		steer.Do = engine.CampaignStart
	case "alone":
		steer.Do = engine.CampaignStartAlone
	case "show":
		w.showCampaigns()
		return
	case "pause":
		steer.Do = engine.CampaignPause
	case "resume":
		steer.Do = engine.CampaignResume
	case "cancel", "end":
		steer.Do, steer.EndRuns = engine.CampaignCancel, verb == "end"
	default:
		w.t.Fatalf("campaign %s: no such verb", verb)
	}
	if !steer.Do.Starts() {
		c, err := w.store.CampaignOf(name)
		if err != nil || c == nil {
			w.t.Fatalf("campaign %s: %v", name, err)
		}
		steer.Flow, steer.Campaign = "", c.Number
	}
	w.apply(&engine.Input{Payload: steer})
}

// showCampaigns writes every campaign, oldest first, with the progress of its people.
func (w *world) showCampaigns() {
	w.t.Helper()
	all, err := w.store.ListCampaigns("", 0, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range slices.Backward(all) {
		fmt.Fprintf(&w.out, "%s %s", c.ID, c.Status)
		if c.Paused {
			w.out.WriteString(" paused")
		}
		if c.Missed > 0 {
			fmt.Fprintf(&w.out, ", %d firings until %s", c.Missed, c.Until)
		}
		if c.Reason != "" {
			fmt.Fprintf(&w.out, ": %s", c.Reason)
		}
		if c.Rows+c.Bad > 0 {
			fmt.Fprintf(&w.out, "; %d of %d rows, %d bad", c.Walked, c.Rows, c.Bad)
		}
		for _, b := range c.BadRows {
			fmt.Fprintf(&w.out, " (line %d: %s)", b.Line, b.What)
		}
		for _, l := range c.Excluded {
			fmt.Fprintf(&w.out, "; left %s %d", l.Reason, l.Rows)
		}
		for _, standing := range slices.Sorted(maps.Keys(c.Tally.Standings)) {
			fmt.Fprintf(&w.out, "; %s %d", standing, c.Tally.Standings[standing])
		}
		w.out.WriteString("\n")
	}
}

// jump changes the clock, like a machine that slept or whose clock was set.
func (w *world) jump(rest string) {
	w.t.Helper()
	text, back := strings.CutPrefix(rest, "-")
	d, err := flows.ParseDuration(text)
	if err != nil {
		w.t.Fatal(err)
	}
	if back {
		d.Days, d.Clock = -d.Days, -d.Clock
	}
	w.now = d.After(w.now, time.UTC)
	w.open()
	w.step()
}

// restore continues with the store as a restored backup: it gets another installation.
func (w *world) restore() {
	w.t.Helper()
	state, err := w.store.State()
	if err != nil {
		w.t.Fatal(err)
	}
	state.Installation[0]++
	if err := w.store.Commit(&engine.Batch{State: state}); err != nil {
		w.t.Fatal(err)
	}
	w.open()
	w.step()
}
