package engine

import (
	"encoding/json"
	"fmt"

	"nudge/flows"
	"nudge/lang/trace"
)

// Call starts a run of a flow for a person: from outside, from a start step, or from
// the queue of an entry.
type Call struct {
	Flow    string          `json:"flow,omitempty"`
	Profile string          `json:"profile,omitempty"`
	Key     string          `json:"key,omitempty"`
	By      string          `json:"by,omitempty"` // what the run shows as started_by
	Data    json.RawMessage `json:"data,omitempty"`
	Parent  RunID           `json:"parent,omitzero"`  // the run whose start step waits for the outcome; zero for none
	Number  int             `json:"number,omitempty"` // of the parent's calls, from 1; 0 without a parent
	Trace   trace.Context   `json:"trace,omitzero"`   // of the request, or of the run whose start step it is; kept on the run
}

// ChildEnded reports to a run that the run it started and waits for has ended.
type ChildEnded struct {
	Parent  RunID  `json:"parent,omitzero"`
	Call    int    `json:"call,omitempty"` // number of the parent's call
	Child   RunID  `json:"child,omitzero"`
	Outcome string `json:"outcome,omitempty"`
}

// derive adds an input that follows from the current one. It is committed with it and
// applied before newer inputs from outside. The number of derived inputs in a row is
// limited, so that flows that trigger each other stop.
func (a *applier) derive(r *Run, in *Input) bool {
	if in.Depth = a.depthAfter(r); in.Depth > MaxDepth {
		r.log(Entry{At: a.now, Kind: KindError, Step: r.At,
			Detail: fmt.Sprintf("%d causes in a row led here; a further %s is not made", MaxDepth, in.Kind())})
		return false
	}
	a.followUp(in)
	return true
}

// depthAfter returns the depth of inputs that the run derives now.
func (a *applier) depthAfter(r *Run) int { return max(a.in.Depth, r.Depth) + 1 }

// emit makes an event from the run.
func (a *applier) emit(r pinned, s *flows.Step) (next int, parked bool) {
	data, err := assigned(s.Emit.Data, a.scope(r))
	if err != nil {
		a.fail(r.Run, r.At, err.Error())
		return 0, true
	}
	r.log(Entry{At: a.now, Kind: KindEmitted, Step: r.At, Detail: s.Emit.Event})
	a.derive(r.Run, &Input{Payload: &Event{Type: s.Emit.Event, Profile: r.Profile, Data: data, Trace: r.Trace}})
	return s.Next, false
}

// startFlow calls a flow for the run's person, or for another one. It waits for the outcome if the step says so.
func (a *applier) startFlow(r pinned, s *flows.Step) (next int, parked bool) {
	call, err := callOf(r, s.Start, a.scope(r))
	if err != nil {
		a.fail(r.Run, r.At, err.Error())
		return 0, true
	}
	r.log(Entry{At: a.now, Kind: KindCalled, Step: r.At, Detail: s.Start.Flow})
	if s.Start.Wait {
		call.Parent, call.Number = r.ID, r.calls()
	}
	if !a.derive(r.Run, &Input{Payload: call}) || !s.Start.Wait {
		return s.Next, false
	}
	r.Status = Waiting
	a.waitHere(r, r.At, r.alarmOf(r.At))
	return 0, true
}

// callOf evaluates whom a start step calls a flow for, and with what.
func callOf(r pinned, s *flows.Start, scope map[string]any) (*Call, error) {
	call := &Call{Flow: s.Flow, Profile: r.Profile, By: r.Flow, Trace: r.Trace}
	var err error
	if s.To != nil {
		if call.Profile, err = s.To.Text(scope); err != nil {
			return nil, err
		}
		if err = CheckProfileID(call.Profile); err != nil {
			return nil, fmt.Errorf("%s: to names %q: a person's id %w", s.To.Span(), call.Profile, err)
		}
	}
	if s.Key != nil {
		if call.Key, err = s.Key.Text(scope); err != nil {
			return nil, err
		}
		if len(call.Key) > MaxKeyBytes {
			return nil, fmt.Errorf("%s: the key has %d bytes, at most %d are allowed", s.Key.Span(), len(call.Key), MaxKeyBytes)
		}
	}
	call.Data, err = assigned(s.Data, scope)
	return call, err
}

// assigned evaluates assignments to an object.
func assigned(list []flows.Assignment, scope map[string]any) (json.RawMessage, error) {
	data := make(map[string]any, len(list))
	for i := range list {
		value, err := evaluate(&list[i].Value, scope)
		if err != nil {
			return nil, err
		}
		data[list[i].Name] = value
	}
	return json.Marshal(data)
}

// Kind is InputCall.
func (c *Call) Kind() InputKind { return InputCall }

func (c *Call) needs(_ *Engine, n *Needs) {
	n.People = append(n.People, c.Profile)
	n.Runs = append(n.Runs, c.Parent)
}

// apply starts the called run.
func (c *Call) apply(a *applier) {
	f := a.e.activeNamed(c.Flow)
	if f == nil {
		a.refuse(RefusedNotFound, "there is no active flow "+c.Flow)
		a.notifyCaller(c, "refused")
		return
	}
	if _, err := decodeObject(f.Data, c.Data); err != nil {
		a.out.Answer.Refused = misfit(err, f)
		a.notifyCaller(c, "refused")
		return
	}
	a.changed = true
	before := a.starts
	a.enter(f, &entrant{profile: c.Profile, key: c.Key, by: c.By, data: c.Data, parent: c.Parent, parentCall: c.Number, depth: a.in.Depth, called: true, trace: c.Trace})
	if a.starts == before {
		a.notifyCaller(c, "skipped")
	}
}

// notifyCaller ends the wait of the calling run when no run was started for it.
func (a *applier) notifyCaller(c *Call, outcome string) {
	remote := c.Parent != (RunID{}) && !a.has(c.Parent)
	if parent := a.ws.Run(c.Parent); !remote && (parent == nil || !parent.Live()) {
		return
	}
	if a.out.Answer.Refused != nil { // nobody outside sent a run's own call, so it is not refused
		a.ignore(a.out.Answer.Refused.Detail)
		a.out.Answer.Refused = nil
	}
	ended := &ChildEnded{Parent: c.Parent, Call: c.Number, Outcome: outcome}
	if remote {
		a.changed = true
		a.followUp(&Input{Depth: a.in.Depth, Payload: ended})
		return
	}
	ended.apply(a)
}

// Kind is InputChildEnded.
func (c *ChildEnded) Kind() InputKind { return InputChildEnded }

func (c *ChildEnded) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, c.Parent)
}

// apply ends the wait of a start step. A run that has called again waits only for the
// outcome of its last call, even if the same step made both calls.
func (c *ChildEnded) apply(a *applier) {
	parent := a.ws.Run(c.Parent)
	if parent == nil || !parent.Live() {
		a.ignore("the run that called has ended")
		return
	}
	r := a.e.pin(parent)
	if r.Status != Waiting || r.step().Verb != flows.VerbStart || c.Call != r.calls() {
		a.ignore("the run that called went on")
		return
	}
	r = a.editPinned(r)
	r.pass(Way{Kind: CountOver, Step: r.At, Word: c.Outcome})
	a.endWait(r.Run, r.At, c.Outcome, nil)
	a.advance(r, r.step().Next)
}

// calls returns how many calls the run's start steps have made.
func (r *Run) calls() int {
	n := r.Dropped.Calls
	for i := range r.Timeline {
		if r.Timeline[i].Kind == KindCalled {
			n++
		}
	}
	return n
}

// activeNamed returns an active flow, or nil.
func (e *Engine) activeNamed(name string) *flows.Flow {
	for _, f := range e.active {
		if f.Name == name {
			return f
		}
	}
	return nil
}
