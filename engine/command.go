package engine

import (
	"fmt"
	"slices"
	"strconv"
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
		active = append(active, FlowVersion{f.Name, f.Version})
	}
	if changed := Overtaken(a.e.State.Active, d.Against, active); d.Proposal != "" && len(changed) > 0 {
		a.refuse(RefusedStale, staleDetail(changed))
		return
	}
	for _, f := range compiled {
		a.e.versions[FlowVersion{f.Name, f.Version}] = f
		a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: f.Name, Action: DidDeploy, Reason: f.Version})
	}
	a.e.State.Active = active
	a.e.State.Schedules = a.reschedule(compiled)
	a.e.index()
	a.changed = true
}

// Overtaken returns the flows because of which a proposal is stale, sorted: those that the deploy would
// change and that somebody else has changed since. Active are the versions of now, against those of when it was
// proposed, and next those that it would make active. A flow that already is as proposed is in nobody's way.
func Overtaken(active, against, next []FlowVersion) (names []string) {
	version := func(all []FlowVersion, flow string) string {
		if i := slices.IndexFunc(all, func(v FlowVersion) bool { return v.Flow == flow }); i >= 0 {
			return all[i].Version
		}
		return ""
	}
	for _, v := range slices.Concat(active, against, next) {
		now := version(active, v.Flow)
		if now != version(next, v.Flow) && now != version(against, v.Flow) {
			names = append(names, v.Flow)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// staleDetail says why a proposal cannot be approved any more.
func staleDetail(changed []string) string {
	return "since it was proposed, another deploy has changed " + strings.Join(changed, ", ") + ": propose it again"
}

// ProposalNumber reads the ID of a proposal, which is a number; 0 for a text that is none.
func ProposalNumber(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
