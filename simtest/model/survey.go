package model

import (
	"slices"
	"time"

	"nudge/engine"
)

// givenUp is after how long the provider has given up on a webhook.
const givenUp = 24 * time.Hour

// beginning is what must come of the start of a process.
type beginning struct {
	accounts []engine.AccountPolicy // as the engine must know them
	down     bool                   // webhooks may have been lost
	open     map[engine.RunID]bool  // that had asked the provider, and were not answered
}

// Begin tells that a process starts at an instant, and how its accounts are.
func (w *World) Begin(now engine.Instant, accounts []engine.AccountPolicy) {
	long := w.stamp != 0 && now > w.stamp.Add(givenUp)
	b := &beginning{open: map[engine.RunID]bool{}}
	matters := false
	for _, p := range accounts {
		p.Asks = p.Asks && (p.Verify || long || w.down != 0)
		matters = matters || p.Asks || p.ByID
		b.down = b.down || long && p.Asks
		b.accounts = append(b.accounts, p)
	}
	if !matters {
		b.accounts = nil
	}
	for _, r := range w.order {
		if r.now.asking.until != 0 {
			b.open[r.id] = true
		}
	}
	w.beginning, w.asks = b, nil
}

// Begun says what a process that has started left out; nil for nothing.
func (w *World) Begun() *Violation {
	b := w.beginning
	if !slices.Equal(w.accounts, b.accounts) {
		return &Violation{What: "the accounts behave otherwise than the engine knows"}
	}
	if b.down && !w.surveying {
		return &Violation{What: "after a long stop nobody is asked about lost webhooks"}
	}
	for _, r := range w.order {
		if b.open[r.id] && r.now.asking.until != 0 {
			return &Violation{Run: r.id, What: "what run " + r.id.String() + " had asked is not asked again"}
		}
	}
	return nil
}

// Asks are the questions to the provider that follow from what was taken since they were
// last asked for, or since a process began.
func (w *World) Asks() []engine.StatusQuery {
	asks := w.asks
	w.asks = nil
	return asks
}

// Surveying reports whether runs are still to be asked about lost webhooks.
func (w *World) Surveying() bool { return w.surveying }

// behave takes over how accounts behave.
func (w *World) behave(in *engine.Accounts) {
	if b := w.beginning; b != nil {
		switch {
		case !slices.Equal(in.List, b.accounts):
			w.fail("the accounts are said to be %+v, want %+v", in.List, b.accounts)
		case in.Down != b.down:
			w.fail("webhooks may have been lost: %v, want %v", in.Down, b.down)
		}
		if len(w.accounts) > 0 && !slices.Equal(in.List, w.accounts) {
			w.Reached["an account behaves otherwise after a start"]++
		}
	}
	w.accounts = in.List
	if in.Down {
		w.down, w.surveying, w.surveyed = w.stamp, true, engine.RunID{}
	}
}

// answer is what the provider said of a message.
func (w *World) answer(in *engine.StatusAnswer) {
	r := w.known(in.Run)
	if in.Message < 1 || in.Message > len(r.now.messages) {
		w.failIn(r, "the provider was asked about message %d of run %s, which has none", in.Message, r.id)
	}
	if !w.feed(r, fact{kind: told, answer: in}) {
		w.failIn(r, "what the provider says of message %d of run %s is taken, and nobody waits for it", in.Message, r.id)
	}
}

// askRuns lets runs ask again what they had asked before the process died, or the next of
// all about what may have been lost in a long stop.
func (w *World) askRuns(in *engine.RecheckRuns) {
	kind := asksAgain
	if in.Survey {
		kind = surveyed
		w.checkSurvey(in)
	}
	for _, id := range in.Runs {
		r := w.known(id)
		if r.over() {
			continue
		}
		if w.feed(r, fact{kind: kind}) {
			if in.Survey {
				w.Reached["surveyed after a long stop"]++
			} else {
				w.Reached["asked again after a crash"]++
			}
		}
	}
	if n := len(in.Runs); in.Survey && n > 0 {
		w.surveyed = in.Runs[n-1]
	}
}

// checkSurvey holds a part of the survey against the runs that there are: it goes on where
// it was, in order, and leaves none out that began before the stop.
func (w *World) checkSurvey(in *engine.RecheckRuns) {
	if !w.surveying {
		w.fail("runs are surveyed, and webhooks were not lost")
	}
	last := w.surveyed
	for _, id := range in.Runs {
		if id.Compare(last) <= 0 {
			w.fail("run %s is surveyed after %s", id, last)
		}
		last = id
	}
	for _, r := range w.order {
		mine := r.id.Compare(w.surveyed) > 0 && (in.Last || r.id.Compare(last) <= 0)
		if mine && r.facts[0].now < w.down && !slices.Contains(in.Runs, r.id) {
			w.failIn(r, "run %s is left out of the survey", r.id)
		}
	}
	w.surveying = !in.Last
}
