package engine

import "nudge/flows"

// Observer sees what the engine looks at while it applies inputs, for drivers that explain
// or measure flows. It changes nothing, and must neither keep nor change its arguments. A
// nil function costs nothing.
type Observer struct {
	// Step is called when a run takes a step whose condition is true.
	Step func(r *Run, f *flows.Flow, step int)
	// Condition is called with every condition that was evaluated.
	Condition func(Condition)
	// Excluded is called with every person of a campaign's audience for whom no run
	// starts, and the reason (one of the Left constants).
	Excluded func(campaign uint64, profile, reason string)
}

// Condition is one evaluation of a condition.
type Condition struct {
	At       Instant
	Run      *Run // nil if there is none yet: the condition is a trigger's
	Flow     *flows.Flow
	Profile  string // the person the event names, or the person of the run or row
	Campaign uint64 // the campaign of the row, while there is no run; 0 for none
	Expr     *flows.Expr
	Scope    map[string]any // the values it was evaluated over
	Holds    bool
	Err      error // why it could not be evaluated; it counts as false then
}

// DealBy has deal name the arm that a split deals to a person, in place of the hash, from the
// next input on. It answers false for a split that it says nothing of. Only stories use it:
// what was dealt so cannot be replayed.
func (e *Engine) DealBy(deal func(f *flows.Flow, profile string, s *flows.Step) (arm string, ok bool)) {
	e.dealer = deal
}

// dealt returns the arm that a split deals to the person of a run.
func (e *Engine) dealt(r pinned, s *flows.Step) *flows.Share {
	if e.dealer != nil {
		if name, ok := e.dealer(r.flow, r.Profile, s); ok {
			for i := range s.Split {
				if s.Split[i].As == name {
					return &s.Split[i]
				}
			}
		}
	}
	return &s.Split[DealtArm(r.Flow, r.Profile, s)]
}

// Observe sets the observer, from the next input on.
func (e *Engine) Observe(o Observer) { e.observer = o }

// truth evaluates a condition of a run.
func (a *applier) truth(cond *flows.Expr, scope map[string]any, r pinned) (bool, error) {
	ok, err := truth(cond, scope)
	if told := a.e.observer.Condition; told != nil && cond != nil {
		told(Condition{At: a.now, Run: r.Run, Flow: r.flow, Profile: r.Profile, Expr: cond, Scope: scope, Holds: ok, Err: err})
	}
	return ok, err
}

// rowTruth evaluates a schedule's condition for a person of a campaign.
func (a *applier) rowTruth(cond *flows.Expr, scope map[string]any, f *flows.Flow, campaign uint64, who string) (bool, error) {
	ok, err := truth(cond, scope)
	if told := a.e.observer.Condition; told != nil {
		told(Condition{At: a.now, Flow: f, Profile: who, Campaign: campaign, Expr: cond, Scope: scope, Holds: ok, Err: err})
	}
	return ok, err
}

// triggerTruth evaluates a trigger's condition for an event or reply that names a person.
func (a *applier) triggerTruth(cond *flows.Expr, scope map[string]any, f *flows.Flow, who string) (bool, error) {
	ok, err := truth(cond, scope)
	if told := a.e.observer.Condition; told != nil && cond != nil {
		told(Condition{At: a.now, Flow: f, Profile: who, Expr: cond, Scope: scope, Holds: ok, Err: err})
	}
	return ok, err
}
