package model

import (
	"fmt"
	"slices"

	"nudge/engine"
)

// A run in a loop without times keeps of each step the newest 20 messages, and of its timeline
// the first 100 and the newest 900 entries.
const (
	newestOfStep = 20
	firstEntries = 100
	lastEntries  = 900
)

// endless reports whether the run is in a loop without times.
func (w *walk) endless() bool {
	return slices.ContainsFunc(w.loops, func(l *loop) bool { return w.flow.byIndex[l.step].times == 0 })
}

// kept are the places of the messages that the run still has.
func (w *walk) kept() (places []int) {
	for i := range w.messages {
		if !w.messages[i].gone {
			places = append(places, i)
		}
	}
	return places
}

// addMessage adds the newest message of a step, and lets go of the oldest one that nobody is
// about.
func (w *walk) addMessage(m Message) {
	w.messages = append(w.messages, m)
	if !w.endless() {
		return
	}
	w.mark("a message in a loop without times")
	var same []int
	for _, i := range w.kept() {
		if w.messages[i].step == m.step {
			same = append(same, i)
		}
	}
	if len(same) > newestOfStep {
		w.letGoOf(same)
	}
	if all := w.kept(); len(all) > engine.MaxMessagesPerRun {
		w.letGoOf(all)
	}
}

// letGoOf lets go of the oldest of these messages that nobody is about and that is not the
// newest of its step.
func (w *walk) letGoOf(places []int) {
	for n, i := range places {
		status := w.messages[i].status
		newer := slices.ContainsFunc(places[n+1:], func(j int) bool { return w.messages[j].step == w.messages[i].step })
		if newer && status != engine.Planned && status != engine.Claimed && !slices.Contains(w.asking.messages, i+1) {
			w.mark("let go of a message")
			w.messages[i].gone = true
			return
		}
	}
}

// letsGo says whether the timeline has let go of what it should not, or kept too much.
func (w *walk) letsGo(got *engine.Run) string {
	often := slices.ContainsFunc(w.flow.steps, hasEndless)
	switch {
	case got.Dropped.Entries > 0 && (!often || len(got.Timeline) < firstEntries+lastEntries):
		return fmt.Sprintf("its timeline has let go of %d entries and has %d", got.Dropped.Entries, len(got.Timeline))
	case w.status != engine.Ended && w.endless() && len(got.Timeline) > firstEntries+lastEntries:
		return fmt.Sprintf("its timeline has %d entries", len(got.Timeline))
	}
	return ""
}

// hasEndless reports whether a step is, or has in it, a loop without times.
func hasEndless(s *step) bool {
	if s.verb == "repeat" && s.times == 0 {
		return true
	}
	return slices.ContainsFunc(append(s.inner(), s.loopBody()), func(block []*step) bool { return slices.ContainsFunc(block, hasEndless) })
}

// tellable are the entries of a timeline that a reading foresees.
func tellable(all []engine.Entry) (told []engine.Entry) {
	for _, e := range all {
		if !untold[e.Kind] {
			told = append(told, e)
		}
	}
	return told
}
