package model

import (
	"slices"
	"strings"
	"time"

	"nudge/engine"
)

// dealt is the arm that a split deals to a person: the one that was seen first, and
// ever after.
func (w *World) dealt(r *Run, s *step) *arm {
	name := strings.Join([]string{r.flow.Name, s.id, r.profile}, "\x00")
	if n := w.arms[name]; n != 0 {
		return &s.arms[n-1]
	}
	if after := w.after[r.id]; after != nil {
		for _, e := range after.Timeline {
			if e.Kind == engine.KindBranch && e.Step == s.index {
				n := slices.IndexFunc(s.arms, func(a arm) bool { return a.name == e.Detail })
				if n < 0 {
					w.fail("run %s took an arm %q that %s has not", r.id, e.Detail, s.id)
				}
				w.arms[name] = n + 1
				return &s.arms[n]
			}
		}
	}
	w.fail("run %s should have come to the split %s", r.id, s.id)
	return nil
}

// pause is when the next attempt of a message or a fetch is due. Its jitter is learned
// from the engine and held against its bounds.
func (w *World) pause(r *Run, f *fact, result *engine.SendResult, attempt int) engine.Instant {
	if at := r.learned[f.seq]; at != 0 {
		return at
	}
	grown := grown(attempt)
	least := grown / 2
	if result != nil {
		least = max(least, result.RetryAfter)
	}
	at := f.now.Add(least)
	if after := w.after[r.id]; after != nil {
		for _, a := range after.Alarms {
			// Another one may stand there at the end of the batch; then this is not seen.
			if a.Place == engine.AtMessage && a.At >= at && a.At <= at.Add(grown/2) {
				at = a.At
				break
			}
		}
	}
	r.learned[f.seq] = at
	return at
}

// grown is how long the pause after an attempt may be that nobody asked for; it is half of
// that at least.
func grown(attempt int) time.Duration {
	return min(2*time.Second<<min(attempt-1, 16), 5*time.Minute)
}
