package backtest

import (
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/engine/replay"
	"nudge/engine/runner"
	"nudge/store"
)

// world lives through a window again, in virtual time, with flows of its own.
type world struct {
	rec     *recording
	assume  Assumption
	pool    map[string][]*behaviour
	store   *store.Store
	loop    *runner.Loop
	now     time.Time
	next    engine.Instant // when the loop has a timer
	due     schedule       // what the provider, people and services will do
	seed    maphash.Seed
	taken   map[*recordedRun]bool
	paired  map[engine.RunID]*recordedRun
	back    map[engine.RunID]engine.RunID // from the recording to here
	answers map[engine.RunID]map[string]int
	rows    *audiences
	firings map[*recordedFiring]uint64 // their numbers here
	ledger  ledger
}

// senders are enough for every message to be claimed in the input that plans it.
const senders = 1 << 30

// newWorld begins where the window does.
func newWorld(b *backtest, pool map[string][]*behaviour) (*world, error) {
	w := &world{rec: b.rec, assume: b.options.Assume, pool: pool, seed: b.seed, now: b.rec.begin.Time(),
		taken: map[*recordedRun]bool{}, paired: map[engine.RunID]*recordedRun{}, back: map[engine.RunID]engine.RunID{},
		answers: map[engine.RunID]map[string]int{}, ledger: newLedger(), firings: map[*recordedFiring]uint64{},
		rows: &audiences{rec: b.rec, shelf: map[string]*shelved{}}}
	s, core, err := open(b.begin.Clone())
	if err != nil {
		return nil, err
	}
	w.store, w.loop = s, runner.NewLoop(unjournaled{s}, core, senders)
	w.loop.UseAudiences(w.rows)
	return w, errors.Join(w.goOn(), w.openFirings())
}

// openFirings takes up the firings that were open when the window began.
func (w *world) openFirings() error {
	loaded, err := w.store.Load(&engine.Needs{Firings: w.loop.Core().State.Open})
	if err != nil {
		return err
	}
	for _, f := range loaded.Firings {
		if own := w.rec.firings[f.Number]; own != nil {
			w.firings[own] = f.Number
		}
		if f.Status == engine.Freezing {
			w.freeze(f)
		} else {
			w.rows.underWay(f)
		}
	}
	return nil
}

// freeze answers for whoever freezes audiences.
func (w *world) freeze(f *engine.Firing) {
	if own := w.rec.named[f.ID]; own != nil {
		w.firings[own] = f.Number
	}
	frozen := w.rows.freeze(f)
	if frozen == nil {
		w.ledger.unfrozen++
		frozen = &engine.Frozen{Firing: f.Number, Failed: "its audience was not recorded"}
	}
	w.due.plan(engine.InstantOf(w.now), &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputFrozen, Frozen: frozen}}})
}

// freezes answers for the firings of a step.
func (w *world) freezes(all []engine.Freeze) error {
	for _, one := range all {
		loaded, err := w.store.Load(&engine.Needs{Firings: []uint64{one.Firing}})
		if err != nil {
			return err
		}
		for _, f := range loaded.Firings {
			w.freeze(f)
		}
	}
	return nil
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

// pair finds the recorded run that a new run is.
func (w *world) pair(r *engine.Run) {
	if own := w.rec.find(r, w.taken); own != nil {
		w.taken[own] = true
		w.paired[r.ID], w.back[own.id] = own, r.ID
	}
}

// recorded returns what was recorded of a run, or nil.
func (w *world) recorded(id engine.RunID) *recordedRun {
	if own := w.paired[id]; own != nil {
		return own
	}
	if own := w.rec.byID[id]; own != nil && own.earlier {
		return own
	}
	return nil
}

func (w *world) keyOf(r *engine.Run, message int) messageKey {
	return keyOf(w.loop.Core().Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version}), r, message)
}

// post takes down a message that left.
func (w *world) post(r *engine.Run, p engine.Post) {
	if p.Attempt > 1 {
		return // the message counts once, however often it is tried
	}
	seen := []any{p.Content.Body, p.Content.Parts, p.Content.Alert}
	raw, err := json.Marshal(seen)
	if err != nil {
		panic("backtest: a message always encodes: " + err.Error())
	}
	w.ledger.sent(r, w.keyOf(r, p.Message), r.Message(p.Message).Posted, maphash.Bytes(w.seed, raw))
}

// respond lets the provider and the person do with one attempt of a message what they
// did, or what is assumed.
func (w *world) respond(r *engine.Run, message, attempt int) {
	key := w.keyOf(r, message)
	b, how := w.behaviour(r, key)
	if attempt == 1 {
		w.ledger.assumed[how]++
	}
	posted := r.Message(message).Posted
	result := timed[channels.Result]{what: channels.Result{Outcome: channels.Accepted}}
	if b != nil && len(b.results) > 0 {
		result = b.results[min(attempt, len(b.results))-1]
	}
	w.plan(posted, result.after, &runner.Group{Frees: 1, Inputs: []*engine.Input{{Kind: engine.InputResult,
		Result: &engine.SendResult{Run: r.ID, Message: message, Attempt: attempt, Result: result.what}}}})
	if b == nil || attempt > 1 {
		return
	}
	for _, told := range b.receipts {
		receipt := told.what
		receipt.Ref = channels.Ref{Installation: w.loop.Core().State.Installation.String(),
			Run: r.ID.String(), Message: message, Attempt: attempt}
		w.plan(posted, told.after, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputReceipt, Receipt: &receipt}}})
	}
}

// behaviour is what is known, or assumed, of what comes back for a message.
func (w *world) behaviour(r *engine.Run, key messageKey) (*behaviour, how) {
	if own := w.recorded(r.ID); own != nil && own.messages[key] != nil {
		return own.messages[key], asRecorded
	}
	alike := w.pool[key.template]
	if w.assume != LikeOthers || len(alike) == 0 {
		return nil, asUnread
	}
	// Which of them is a hash of who and what, so that it does not depend on the order of things.
	return alike[fingerprint(r, key)%uint64(len(alike))], asOthers
}

// answer gives a fetch the answer that was recorded for it.
func (w *world) answer(r *engine.Run, f engine.FetchPost) {
	answer := engine.FetchResult{Error: "no answer was recorded", Final: true}
	step := w.loop.Core().Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version}).Steps[f.Step].ID
	if own := w.recorded(r.ID); own != nil && len(own.answers[step]) > 0 {
		if w.answers[r.ID] == nil {
			w.answers[r.ID] = map[string]int{}
		}
		n := min(w.answers[r.ID][step], len(own.answers[step])-1)
		answer = own.answers[step][n]
		w.answers[r.ID][step]++
	} else {
		w.ledger.unanswered++
	}
	answer.Run, answer.Step, answer.Attempt = f.Run, f.Step, f.Attempt
	w.plan(engine.InstantOf(w.now), 0, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputFetched, Fetched: &answer}}})
}

// translate makes a recorded input one of this world, where runs have other IDs; nil
// where it concerns a run that this world does not have.
func (w *world) translate(in *engine.Input) *engine.Input {
	switch in.Kind {
	case engine.InputCancel:
		id, ok := w.here(in.Cancel.Run)
		if !ok {
			return nil
		}
		cancel := *in.Cancel
		cancel.Run = id
		return &engine.Input{Kind: in.Kind, ID: in.ID, Cancel: &cancel}
	case engine.InputReply:
		reply := *in.Reply
		if id, err := engine.ParseRunID(reply.Answers.Run); err == nil {
			if here, ok := w.here(id); ok {
				reply.Answers.Run = here.String()
			} else {
				reply.Answers = channels.Ref{}
			}
		}
		return &engine.Input{Kind: in.Kind, ID: in.ID, Reply: &reply}
	case engine.InputSteer:
		return w.steer(in)
	case engine.InputControl:
		return nil // see begin
	}
	return in
}

// steer makes what an operator said of a firing about the one with the same name here.
func (w *world) steer(in *engine.Input) *engine.Input {
	if in.Steer.Firing == 0 {
		return in
	}
	steer := *in.Steer
	here, ok := w.firings[w.rec.firings[in.Steer.Firing]]
	if !ok {
		return nil
	}
	steer.Firing = here
	return &engine.Input{Kind: in.Kind, ID: in.ID, Steer: &steer}
}

// here returns the run of this world that a recorded run is.
func (w *world) here(id engine.RunID) (engine.RunID, bool) {
	if own := w.rec.byID[id]; own != nil && own.earlier {
		return id, true
	}
	here, ok := w.back[id]
	return here, ok
}

func (w *world) plan(from engine.Instant, after time.Duration, g *runner.Group) {
	w.due.plan(max(from.Add(after), engine.InstantOf(w.now)), g)
}
