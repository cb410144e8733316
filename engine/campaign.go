package engine

import (
	"fmt"
	"slices"

	"nudge/flows"
)

// Steer is what an operator does with a firing.
type Steer struct {
	Do      SteerVerb `json:"do,omitempty"`
	Flow    string    `json:"flow,omitempty"`     // to start
	Firing  uint64    `json:"firing,omitempty"`   // to pause, resume or cancel
	Reason  string    `json:"reason,omitempty"`   // may be empty
	EndRuns bool      `json:"end_runs,omitempty"` // when cancelling: runs in flight end, too
}

// SteerVerb is what is done with a firing.
type SteerVerb uint8

const (
	SteerStart SteerVerb = iota + 1
	SteerPause
	SteerResume
	SteerCancel
)

var steerVerbs = [...]string{SteerStart: "start", SteerPause: "pause", SteerResume: "resume", SteerCancel: "cancel"}

// String is the word for what is done.
func (v SteerVerb) String() string { return word(steerVerbs[:], int(v), "verb") }

// MarshalText writes the word.
func (v SteerVerb) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word.
func (v *SteerVerb) UnmarshalText(text []byte) error {
	i := slices.Index(steerVerbs[:], string(text))
	if i <= 0 {
		return fmt.Errorf("must be start, pause, resume or cancel, not %q", text)
	}
	*v = SteerVerb(i)
	return nil
}

// Sweep goes through the people of a firing that was cancelled or resumed, in slices.
type Sweep struct {
	Firing uint64     `json:"firing,omitempty"`
	After  PersonHash `json:"after,omitzero"` // the last person who was looked at
}

// MaxSweep is how many people of a firing one input looks at.
const MaxSweep = 500

// steer carries out what an operator says about a firing.
func (a *application) steer(s *Steer) {
	if s.Do == SteerStart {
		a.startFiring(s.Flow)
		return
	}
	fr := a.ws.firing(s.Firing)
	if fr == nil {
		a.refuse(RefusedNotFound, "there is no such campaign")
		return
	}
	switch s.Do {
	case SteerPause:
		a.pause(fr, s.Reason)
	case SteerResume:
		a.resume(fr)
	case SteerCancel:
		a.cancelFiring(fr, s)
	default:
		panic("engine: a firing is steered by an unknown verb")
	}
}

// startFiring begins a firing of a flow now, for everybody of its audience at once.
func (a *application) startFiring(name string) {
	f := a.e.activeNamed(name)
	if f == nil {
		a.refuse(RefusedNotFound, "there is no active flow "+name)
		return
	}
	trigger := slices.IndexFunc(f.Triggers, func(t flows.Trigger) bool { return t.Schedule != nil })
	switch {
	case trigger < 0:
		a.refuse(RefusedInvalid, "flow "+name+" has no audience: a campaign needs a trigger with cron or at")
	case len(a.e.State.Open) >= MaxOpenFirings:
		a.refuse(RefusedLimit, fmt.Sprintf("%d campaigns are open, which is the limit", MaxOpenFirings))
	default:
		a.fire(f, trigger, a.now, false, 0)
	}
}

// over is how a firing ended with which nothing can be done any more; empty while
// something can.
func (f *Firing) over() string {
	switch {
	case f.Status > Walked:
		return f.Status.String()
	case f.Finished():
		return "finished"
	}
	return ""
}

func (a *application) pause(fr *Firing, reason string) {
	switch {
	case fr.over() != "":
		a.refuse(RefusedEnded, "the campaign is "+fr.over())
	case fr.Paused:
		a.ignore("the campaign is paused already")
	default:
		fr = a.editFiring(fr.Number)
		fr.Paused, fr.Reason = true, cut(reason, MaxReasonBytes)
		a.decideFiring(fr, DidPause)
	}
}

// resume lets a firing go on, also in a store that was restored from a backup. Whoever
// came due meanwhile begins now.
func (a *application) resume(fr *Firing) {
	switch {
	case fr.over() != "":
		a.refuse(RefusedEnded, "the campaign is "+fr.over())
	case !fr.Held(a.e.State.Installation):
		a.ignore("the campaign is under way already")
	default:
		fr = a.editFiring(fr.Number)
		fr.Paused, fr.Reason, fr.Installation = false, "", a.e.State.Installation
		a.decideFiring(fr, DidResume)
		if fr.Status == Freezing {
			a.out.Freezes = append(a.out.Freezes, a.e.FreezeOf(fr))
		}
		if fr.Local {
			a.sweepOn(fr, PersonHash{})
		}
	}
}

// cancelFiring takes no more rows. Runs that have not begun end; those in flight end
// when it is asked for.
func (a *application) cancelFiring(fr *Firing, s *Steer) {
	if fr.over() != "" {
		a.refuse(RefusedEnded, "the campaign is "+fr.over())
		return
	}
	fr = a.editFiring(fr.Number)
	fr.Paused, fr.EndRuns, fr.Reason = false, s.EndRuns, cut(s.Reason, MaxReasonBytes)
	a.settle(fr, FiringCancelled)
	a.decideFiring(fr, DidCancel)
	if fr.Local || fr.EndRuns {
		a.sweepOn(fr, PersonHash{})
	}
}

func (a *application) decideFiring(fr *Firing, did Did) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: fr.Flow, Did: did, Reason: fr.ID})
}

// sweepOn leaves the people of a firing after one to an input that follows.
func (a *application) sweepOn(fr *Firing, after PersonHash) {
	a.out.Derived = append(a.out.Derived, &Input{Kind: InputSweep, Depth: a.in.Depth, Sweep: &Sweep{Firing: fr.Number, After: after}})
}

// sweep looks at the runs of the next people of a firing.
func (a *application) sweep(s *Sweep) {
	fr := a.ws.firing(s.Firing)
	if fr == nil || fr.Live == 0 { // then the store may have dropped its people
		a.ignore("no run is left")
		return
	}
	members := a.ws.membersAfter(s)
	if len(members) == 0 {
		a.ignore("nobody is left")
		return
	}
	a.changed = true
	for _, m := range members {
		if r := a.ws.Run(m.Run); r != nil && r.Live() {
			a.blamed = r.ID
			a.sweepRun(fr, r)
		}
	}
	a.sweepOn(fr, members[len(members)-1].Person)
}

// sweepRun ends a run of a firing that was cancelled, or begins one that came due
// while the firing was paused.
func (a *application) sweepRun(fr *Firing, r *Run) {
	switch {
	case fr.Status == FiringCancelled && (fr.EndRuns || r.Status == Parked):
		a.finish(a.edit(r.ID), OutcomeCancelled, false)
	case fr.Status != FiringCancelled && r.Status == Parked && r.alarmOf(AtBegin) == 0:
		r = a.edit(r.ID)
		f := a.e.flowOf(r)
		a.begin(r, f, a.personsTime(fr, f, r.Profile))
	}
}
