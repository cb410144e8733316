package backtest

import (
	"context"
	"errors"
	"hash/maphash"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/whatif/virtual"
)

// world plays a window again, in virtual time, with one set of flows.
type world struct {
	rec       *recording
	assume    Assumption
	pool      map[string][]*behaviour
	store     *store.Store
	core      *engine.Engine
	virtual   *virtual.World
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
	w := &world{rec: b.rec, assume: b.options.Assume, pool: pool, seed: b.seed,
		taken: map[*recordedRun]bool{}, paired: map[engine.RunID]*recordedRun{}, back: map[engine.RunID]engine.RunID{},
		answers: map[engine.RunID]map[string]int{}, ledger: newLedger(), campaigns: map[*recordedCampaign]uint64{},
		rows: &audiences{rec: b.rec, rows: map[string]*recordedRows{}}}
	s, core, err := open(b.begin.kv.Clone())
	if err != nil {
		return nil, err
	}
	loop := runner.NewLoop(unjournaled{s}, core, senders)
	loop.UseAudiences(w.rows)
	w.store, w.core, w.virtual = s, core, virtual.New(loop, b.rec.begin.Time(), w.respond)
	for _, c := range b.begin.changes {
		w.changed(c)
	}
	for _, in := range b.begin.emitted {
		own := *in // each world has its own
		w.virtual.Arrive(virtual.One(&own))
	}
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
				w.answerPost(r, e.Message, r.Message(e.Message).Attempt)
			}
		}
	}
}

// begin makes flows the active ones, and lets everything go out: what operators held back
// at the time says nothing about the flows.
func (w *world) begin(d *engine.Deploy) error {
	alive := false
	first := []*runner.Group{
		virtual.One(&engine.Input{Payload: d}),
		virtual.One(&engine.Input{Payload: &engine.Control{Outbound: engine.OutboundLive, Kill: &alive}}),
	}
	if err := w.virtual.Step(first); err != nil {
		return err
	}
	return w.virtual.Settle()
}

// live plays the window to its end.
func (w *world) live(ctx context.Context, feed *feed, until engine.Instant, tick func()) error {
	for ctx.Err() == nil {
		outside, err := feed.peek()
		if err != nil {
			return err
		}
		at, ok := w.virtual.Next()
		if outside != nil && (!ok || outside.Stamp.Time().Before(at)) {
			at, ok = outside.Stamp.Time(), true
		}
		if !ok || at.After(until.Time()) {
			return nil
		}
		w.virtual.JumpTo(at)
		for n := 0; n < maxBatch && outside != nil && !outside.Stamp.Time().After(at); n++ {
			if in := w.translate(outside.Input); in != nil {
				w.virtual.Arrive(virtual.One(in))
			}
			tick()
			feed.skip()
			if outside, err = feed.peek(); err != nil {
				return err
			}
		}
		if err := w.virtual.Settle(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// respond takes down what a step led to, and lets the world respond.
func (w *world) respond(step *runner.Step, _ []*runner.Group) error {
	runs := make(map[engine.RunID]*engine.Run, len(step.Changes))
	for _, c := range step.Changes {
		runs[c.After.ID] = c.After
		w.changed(c)
	}
	for _, p := range step.Posts {
		r := runs[p.Run]
		w.post(r, p)
		w.answerPost(r, p.Message, p.Attempt)
	}
	for _, f := range step.Fetches {
		w.answerFetch(runs[f.Run], f)
	}
	return w.freezes(step.Freezes)
}

// changed takes down what an input changed of a run.
func (w *world) changed(c engine.Change) {
	if c.Before == nil {
		w.pair(c.After)
	}
	w.ledger.change(c)
}
