package engine

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/shape"
)

// The outcomes of runs whose flow does not name one.
const (
	OutcomeCompleted   = "completed"   // past its last step
	OutcomeFailed      = "failed"      // a template, an expression or a limit broke it
	OutcomeCancelled   = "cancelled"   // cancelled by an operator
	OutcomeRestarted   = "restarted"   // replaced by a new run, under if_running: restart
	OutcomeForgotten   = "forgotten"   // the person was forgotten
	OutcomeLate        = "late"        // it started later than its schedule's max_delay allows
	OutcomeQuarantined = "quarantined" // a fault of the engine, or a damaged record; it is kept for inspection
)

// advance takes the run from the given step on, until the run parks or ends.
func (a *applier) advance(r pinned, at int) {
	for steps := 0; at != flows.End; steps++ {
		if steps >= MaxStepsPerInput {
			a.fail(r.Run, at, fmt.Sprintf("more than %d steps for one input", MaxStepsPerInput))
			return
		}
		if a.leavesByLoss(r) {
			return
		}
		r.At = at
		if !r.inLoopOf(at) && !r.comesBack() {
			r.pass(Way{Kind: CountCame, Step: at})
		}
		next, parked := a.step(r, &r.flow.Steps[at])
		if parked {
			return
		}
		at = next
	}
	if !a.leavesByLoss(r) {
		a.complete(r)
	}
}

// leavesByLoss is called when a run continues past a send. If the message failed, and an
// exit or a loop's until names that failure, the run leaves by that line. Waits need no such
// check: they look back to the send when they begin.
func (a *applier) leavesByLoss(r pinned) bool {
	if r.Status != Sending {
		return false
	}
	m := r.current()
	return m.Step == r.At && m.Status.lost() && a.leads(r, func(line *flows.Line) bool {
		return line.Signal == flows.SignalFailed && named(line, m)
	})
}

// step carries out one step. It returns the step to continue at, or parked when the run has
// parked or ended.
func (a *applier) step(r pinned, s *flows.Step) (next int, parked bool) {
	if s.If != nil && !r.inLoopOf(r.At) && !r.comesBack() {
		ok, err := a.truth(s.If, a.scope(r), r)
		if err != nil {
			a.fail(r.Run, r.At, err.Error())
			return 0, true
		}
		if !ok {
			a.skipStep(r.Run, s)
			return s.Next, false
		}
	}
	if told := a.e.observer.Step; told != nil {
		told(r.Run, r.flow, r.At)
	}
	return a.do(r, s)
}

// do carries out a step whose condition holds.
func (a *applier) do(r pinned, s *flows.Step) (next int, parked bool) {
	switch s.Verb {
	case flows.VerbSend:
		return a.send(r, s)
	case flows.VerbWait:
		return a.wait(r, s)
	case flows.VerbBranch:
		return a.branch(r, s)
	case flows.VerbSet:
		return a.set(r, s)
	case flows.VerbExit:
		a.finish(r.Run, s.Exit.As, s.Exit.Goal)
		return 0, true
	case flows.VerbRepeat:
		return a.repeat(r, s)
	case flows.VerbSplit:
		return a.split(r, s)
	case flows.VerbCollect:
		return a.collect(r, s)
	case flows.VerbEmit:
		return a.emit(r, s)
	case flows.VerbStart:
		return a.startFlow(r, s)
	case flows.VerbOpt:
		return a.opt(r.Run, s)
	case flows.VerbFetch:
		return a.fetch(r, s)
	}
	panic("engine: step with unknown verb")
}

// skipStep passes over a step whose condition is false. What a loop's last round left of it is
// over: it has no outcome and no items. A skipped send leaves an unsent message, so that later
// steps and the API can see it: one, however often it is skipped in a row.
func (a *applier) skipStep(r *Run, s *flows.Step) {
	r.pass(Way{Kind: CountSkipped, Step: r.At})
	e := Entry{At: a.now, Kind: KindSkipped, Step: r.At}
	if s.Verb == flows.VerbSend {
		m := r.sentBy(r.At)
		if m == nil || !m.skipped() {
			r.addMessage(Message{Step: r.At, Status: Unsent, Reached: a.now, Planned: a.now, Reason: ReasonSkipped})
			m = r.current()
		}
		e.Message = m.Number
	}
	if slices.ContainsFunc(r.Waits, func(w WaitEnd) bool { return w.Step == r.At }) {
		r.Waits = append(r.Waits, WaitEnd{Step: r.At})
	}
	if s.Verb == flows.VerbCollect && slices.ContainsFunc(r.Collected, func(c Collection) bool { return c.Step == r.At }) {
		r.Collected = append(r.Collected, Collection{Step: r.At})
	}
	r.log(e)
}

func (a *applier) branch(r pinned, s *flows.Step) (next int, parked bool) {
	scope := a.scope(r)
	for i := range s.Branch {
		ok, err := a.truth(s.Branch[i].If, scope, r)
		if err != nil {
			a.fail(r.Run, r.At, err.Error())
			return 0, true
		}
		if ok {
			a.takeArm(r, s.Branch[i].As)
			return s.Branch[i].Then, false
		}
	}
	a.takeArm(r, "")
	return s.Next, false
}

func (a *applier) split(r pinned, s *flows.Step) (next int, parked bool) {
	arm := a.e.dealt(r, s)
	r.dealt(r.At, arm.As)
	a.takeArm(r, arm.As)
	return arm.Then, false
}

// takeArm records which arm of a branch or a split the run takes: an empty name for none. It
// is the outcome of the step until the run comes to it again.
func (a *applier) takeArm(r pinned, name string) {
	r.Waits = append(r.Waits, WaitEnd{Step: r.At, Outcome: name})
	r.pass(Way{Kind: CountBranch, Step: r.At, Word: name})
	r.log(Entry{At: a.now, Kind: KindBranch, Step: r.At, Detail: name})
}

// DealtArm returns the arm of a split, from 0, that a person gets. Arms are dealt by weight.
// The same person always gets the same arm of the same split, in every run and every replay.
func DealtArm(flow, profile string, s *flows.Step) int {
	total := 0
	for _, share := range s.Split {
		total += share.Weight
	}
	h := fnv.New64a()
	mix(h, flow, s.ID, profile)
	dealt := int(mix64(h.Sum64()) % uint64(total))
	for i, share := range s.Split {
		if dealt -= share.Weight; dealt < 0 {
			return i
		}
	}
	panic("engine: a split without arms")
}

// mix64 makes every bit of a hash depend on all its bits (the finalizer of splitmix64). The
// lowest bit of FNV is only the parity of the bytes. Without the mixing, two 50/50 splits
// with similar ids could put everybody into the same arm, or everybody into opposite arms.
func mix64(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// set carries out a set step. It computes every value before it stores any, so a step that
// fails leaves variables and profile unchanged.
func (a *applier) set(r pinned, s *flows.Step) (next int, parked bool) {
	scope := a.scope(r)
	vars, profile := slices.Clone(r.Vars), map[string]json.RawMessage{}
	names := make([]string, len(s.Set))
	var err error
	for i := 0; i < len(s.Set) && err == nil; i++ {
		var value any
		names[i] = s.Set[i].Name
		if value, err = evaluate(&s.Set[i].Value, scope); err != nil {
			break
		}
		if s.Set[i].Profile {
			names[i] = "profile." + names[i]
			profile[s.Set[i].Name] = jsonOf(value)
			continue
		}
		vars = withVar(vars, names[i], value)
	}
	if err == nil && sizeOf(vars) > MaxVarsBytes {
		err = fmt.Errorf("%s: the variables of the run have more than %d bytes", s.Span, MaxVarsBytes)
	}
	if err == nil && len(profile) > 0 {
		err = a.setAttributes(r.Profile, jsonOf(profile), false)
	}
	if err != nil {
		a.fail(r.Run, r.At, err.Error())
		return 0, true
	}
	r.Vars = vars
	r.log(Entry{At: a.now, Kind: KindSet, Step: r.At, Detail: strings.Join(names, ", ")})
	return s.Next, false
}

// jsonOf writes a value that an expression can have, or an object whose values are JSON.
func jsonOf(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("engine: a value does not encode: " + err.Error())
	}
	return raw
}

func evaluate(v *flows.Value, scope map[string]any) (any, error) {
	if v.Expr != nil {
		return v.Expr.Value(scope)
	}
	return v.Literal, nil
}

// withVar returns variables with one of them set.
func withVar(vars []Var, name string, value any) []Var {
	raw, err := shape.Encode(value)
	if err != nil {
		panic("engine: a value does not encode: " + err.Error())
	}
	i, found := slices.BinarySearchFunc(vars, name, func(v Var, n string) int { return strings.Compare(v.Name, n) })
	if !found {
		vars = slices.Insert(vars, i, Var{Name: name})
	}
	vars[i].Value = raw
	return vars
}

func sizeOf(vars []Var) (size int) {
	for _, v := range vars {
		size += len(v.Name) + len(v.Value)
	}
	return size
}

// finish ends the run, and continues what waited for that.
func (a *applier) finish(r *Run, outcome string, goal bool) {
	a.end(r, outcome, goal)
	if r.Campaign != 0 {
		a.editCampaign(r.Campaign).Live--
	}
	a.afterEnd(r)
	r.Mailbox = nil
}

// end ends the run itself. It drops messages that were planned but not claimed.
func (a *applier) end(r *Run, outcome string, goal bool) {
	for i := range r.Messages {
		a.drop(r, r.Messages[i].Number, ReasonRunEnded)
	}
	if goal {
		r.reachGoal()
	}
	r.Status, r.Outcome, r.Ended = Ended, outcome, a.now
	r.Alarms, r.Deadline, r.Repeats, r.StatusCheck, r.Meanwhile = nil, 0, nil, StatusCheck{}, nil
	r.log(Entry{At: a.now, Kind: KindEnded, Step: NoStep, Detail: outcome})
}

// fail ends the run because of an error that the flow's author must fix.
func (a *applier) fail(r *Run, step int, what string) {
	r.log(Entry{At: a.now, Kind: KindError, Step: step, Detail: cut(what, MaxReasonBytes)})
	a.finish(r, OutcomeFailed, false)
}

// holds evaluates the condition of a line over the run and a signal. A condition that cannot
// be evaluated counts as false, and the error goes on the timeline.
func (a *applier) holds(cond *flows.Expr, r pinned, h *Signal) bool {
	if cond == nil {
		return true
	}
	scope := a.scope(r)
	a.bindSignal(scope, r.flow, h)
	ok, err := a.truth(cond, scope, r)
	if err != nil {
		a.annotate(r.ID).log(Entry{At: a.now, Kind: KindError, Step: r.At, Detail: cut(err.Error(), MaxReasonBytes)})
	}
	return ok
}

func truth(cond *flows.Expr, scope map[string]any) (bool, error) {
	if cond == nil {
		return true, nil
	}
	ok, err := cond.Bool(scope)
	return ok && err == nil, err
}

// cut shortens text to at most n bytes without breaking a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}
