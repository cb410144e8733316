package explain

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/shape"
	"nudge/whatif/replay"
)

// Recording is what happened to one run from outside, and what came of it.
type Recording struct {
	Run        *engine.Run // as it is at the end
	Flow       *flows.Flow // the version it is pinned to
	Attributes json.RawMessage
	Zone       *time.Location // where the person lives
	Moves      []recorded     // in order
}

// recorded is one thing that happened, or that came of what happened.
type recorded struct {
	At      time.Time
	Event   *engine.Event
	Call    *engine.Call
	Reply   *channels.Reply
	Receipt *channels.Receipt
	Profile *engine.ProfileChange
	Fetched *engine.FetchResult
	Step    string // of a receipt, a fetch or a message
	Message bool   // the message of Step went out
	Ended   bool
}

// Record replays a journal and takes down what concerned a run.
func Record(ctx context.Context, src replay.Source, run engine.RunID, tick func()) (*Recording, error) {
	state, err := src.State()
	if err != nil {
		return nil, err
	}
	r, err := newReplayed(state)
	if err != nil {
		return nil, err
	}
	rec := &Recording{}
	entries := 0
	if err := r.through(ctx, src, func(a *applied) bool {
		for _, c := range a.Changes {
			if c.After.ID == run {
				if c.Before == nil {
					rec.begin(r, c.After)
				}
				rec.Run = c.After
				rec.take(a, c.After, entries)
				entries = c.After.Logged()
			}
		}
		return rec.Run == nil || rec.Run.Live()
	}, tick); err != nil {
		return nil, err
	}
	if rec.Run == nil {
		return nil, fmt.Errorf("the journal has no run %s", run)
	}
	return rec, nil
}

// begin takes down what was known when the run started.
func (rec *Recording) begin(r *replayed, run *engine.Run) {
	rec.Flow = r.Core.Flow(engine.FlowVersion{Flow: run.Flow, Version: run.Version})
	rec.Zone = rec.Flow.Zone
	p, err := r.Store.Person(run.Profile)
	if err != nil || p == nil {
		return
	}
	rec.Attributes = p.Attributes
	var known struct{ Timezone string }
	if json.Unmarshal(p.Attributes, &known) == nil && shape.Zone(known.Timezone) != nil {
		rec.Zone = shape.Zone(known.Timezone)
	}
}

// take takes down an input that touched the run, and what came of it.
func (rec *Recording) take(a *applied, run *engine.Run, entries int) {
	m := recorded{At: a.Stamp.Time()}
	outside := true
	switch in := a.Input; p := in.Payload.(type) {
	case *engine.Event:
		m.Event = p
	case *engine.Call:
		m.Call = p
	case *engine.Reply:
		m.Reply = &p.Reply
	case *engine.ProfileChange:
		m.Profile = p
	case *engine.Receipt:
		m.Receipt = &p.Receipt
		m.Step = rec.Flow.Steps[run.Message(p.Ref.Message).Step].ID
		outside = p.Status != channels.Sent // of every message, without being told
	case *engine.FetchResult:
		m.Fetched, m.Step = p, rec.Flow.Steps[p.Step].ID
	default:
		outside = false
	}
	if outside {
		rec.Moves = append(rec.Moves, m)
	}
	for _, e := range run.Since(entries) {
		switch e.Kind {
		case engine.KindClaimed:
			rec.Moves = append(rec.Moves, recorded{At: e.At.Time(), Message: true, Step: rec.Flow.Steps[e.Step].ID})
		case engine.KindEnded:
			rec.Moves = append(rec.Moves, recorded{At: e.At.Time(), Ended: true})
		}
	}
}
