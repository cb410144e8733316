package backtest

import (
	"context"
	"errors"
	"hash/maphash"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/whatif/replay"
)

// world lives through a window again, in virtual time, with flows of its own.
type world struct {
	rec       *recording
	assume    Assumption
	pool      map[string][]*behaviour
	store     *store.Store
	loop      *runner.Loop
	now       time.Time
	next      engine.Instant // when the loop has a timer
	due       schedule       // what the provider, people and services will do
	seed      maphash.Seed
	taken     map[*recordedRun]bool
	paired    map[engine.RunID]*recordedRun
	back      map[engine.RunID]engine.RunID // from the recording to here
	answers   map[engine.RunID]map[string]int
	rows      *audiences
	campaigns map[*recordedCampaign]uint64 // their numbers here
	ledger    ledger
}

// senders are enough for every message to be claimed in the input that plans it.
const senders = 1 << 30

// newWorld begins where the window does.
func newWorld(b *backtest, pool map[string][]*behaviour) (*world, error) {
	w := &world{rec: b.rec, assume: b.options.Assume, pool: pool, seed: b.seed, now: b.rec.begin.Time(),
		taken: map[*recordedRun]bool{}, paired: map[engine.RunID]*recordedRun{}, back: map[engine.RunID]engine.RunID{},
		answers: map[engine.RunID]map[string]int{}, ledger: newLedger(), campaigns: map[*recordedCampaign]uint64{},
		rows: &audiences{rec: b.rec, rows: map[string]*recordedRows{}}}
	s, core, err := open(b.begin.Clone())
	if err != nil {
		return nil, err
	}
	w.store, w.loop = s, runner.NewLoop(unjournaled{s}, core, senders)
	w.loop.UseAudiences(w.rows)
	return w, errors.Join(w.goOn(), w.openCampaigns())
}

// unjournaled is a store that keeps no journal: nobody replays a backtest.
type unjournaled struct{ *store.Store }

func (s unjournaled) Commit(b *engine.Batch) error {
	b.Journal = nil
	return s.Store.Commit(b)
}

// goOn takes up the messages and fetches that were under way when the window began.
func (w *world) goOn() error {
	var after engine.OutboxRef
	for {
		found, err := w.store.Outbox(after, maxBatch)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, e := range found {
			after = e.OutboxRef
			r, err := w.store.Run(e.Run)
			if err != nil {
				return err
			}
			if e.Claimed && r != nil {
				w.respond(r, e.Message, r.Message(e.Message).Attempt)
			}
		}
	}
}

// begin makes flows the active ones, and lets everything go out: what operators held back
// at the time says nothing about the flows.
func (w *world) begin(d *engine.Deploy) error {
	alive := false
	return w.step(w.now, []*runner.Group{
		{Inputs: []*engine.Input{{Kind: engine.InputDeploy, Deploy: d}}},
		{Inputs: []*engine.Input{{Kind: engine.InputControl, Control: &engine.Control{Outbound: engine.OutboundLive, Kill: &alive}}}},
	})
}

// live takes the world to the end of the window.
func (w *world) live(ctx context.Context, src replay.Source, from uint64, until engine.Instant, tick func()) error {
	feed := newFeed(src, from)
	for ctx.Err() == nil {
		outside, err := feed.peek()
		if err != nil {
			return err
		}
		at := until + 1
		if outside != nil {
			at = min(at, outside.Stamp)
		}
		for _, t := range [...]engine.Instant{w.due.earliest(), w.next} {
			if t != 0 {
				at = min(at, t)
			}
		}
		if at > until {
			return nil
		}
		groups := w.due.take(at)
		for len(groups) < maxBatch && outside != nil && outside.Stamp <= at {
			if in := w.translate(outside.Input); in != nil {
				groups = append(groups, &runner.Group{Inputs: []*engine.Input{in}})
			}
			tick()
			feed.skip()
			if outside, err = feed.peek(); err != nil {
				return err
			}
		}
		if err := w.step(at.Time(), groups); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// step makes steps at an instant until nothing is left to do there.
func (w *world) step(at time.Time, groups []*runner.Group) error {
	if at.After(w.now) {
		w.now = at
	}
	for again := true; again; groups = nil {
		step, err := w.loop.Step(w.now, groups)
		if err != nil {
			return err
		}
		w.took(step)
		if err := w.freezes(step.Freezes); err != nil {
			return err
		}
		again = step.Again
	}
	return nil
}

// took takes down what a step led to, and lets the world respond.
func (w *world) took(step *runner.Step) {
	w.next = step.Next
	runs := make(map[engine.RunID]*engine.Run, len(step.Changes))
	for _, c := range step.Changes {
		runs[c.After.ID] = c.After
		if c.Before == nil {
			w.pair(c.After)
		}
		w.ledger.change(c)
	}
	for _, p := range step.Posts {
		r := runs[p.Run]
		w.post(r, p)
		w.respond(r, p.Message, p.Attempt)
	}
	for _, f := range step.Fetches {
		w.answer(runs[f.Run], f)
	}
}
