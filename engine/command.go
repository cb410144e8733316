package engine

import (
	"fmt"
	"slices"
	"strings"

	"nudge/flows"
)

// Kind is InputCancel.
func (c *Cancel) Kind() InputKind { return InputCancel }

func (c *Cancel) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, c.Run)
}

// apply ends a run for an operator.
func (c *Cancel) apply(a *applier) {
	r := a.ws.Run(c.Run)
	switch {
	case r == nil:
		a.refuse(RefusedNotFound, "there is no run "+c.Run.String())
		return
	case !r.Live():
		a.refuse(RefusedEnded, fmt.Sprintf("the run ended %s: %s", r.Ended, r.Outcome))
		return
	}
	r = a.edit(c.Run)
	if c.Reason != "" {
		r.log(Entry{At: a.now, Kind: KindError, Step: NoStep, Detail: "cancelled: " + cut(c.Reason, MaxReasonBytes)})
	}
	a.finish(r, OutcomeCancelled, false)
	a.decide(r, DidCancel, c.Reason)
}

func (a *applier) refuse(why RefusalReason, detail string) {
	a.out.Answer.Refused = &Refusal{Why: why, Detail: detail}
}

// Kind is InputDeploy.
func (d *Deploy) Kind() InputKind { return InputDeploy }

func (d *Deploy) needs(*Engine, *Needs) {}

// apply makes a set of flows the active one. Live runs keep their versions.
func (d *Deploy) apply(a *applier) {
	if _, err := flows.ParseMarks(d.Marks); err != nil {
		a.refuse(RefusedInvalid, err.Error())
		return
	}
	compiled := make([]*flows.Flow, 0, len(d.Flows))
	for _, bundle := range d.Flows {
		f, err := flows.Compile(bundle)
		if err != nil {
			a.refuse(RefusedInvalid, err.Error())
			return
		}
		compiled = append(compiled, f)
	}
	slices.SortFunc(compiled, func(x, y *flows.Flow) int { return strings.Compare(x.Name, y.Name) })
	active := make([]FlowVersion, 0, len(compiled))
	for _, f := range compiled {
		v := FlowVersion{f.Name, f.Version}
		a.e.versions[v] = f
		active = append(active, v)
		a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: f.Name, Action: DidDeploy, Reason: f.Version})
	}
	a.e.State.Active = active
	a.e.State.Schedules = a.reschedule(compiled)
	a.e.index()
	a.changed = true
}
