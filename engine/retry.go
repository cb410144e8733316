package engine

import (
	"slices"

	"nudge/flows"
)

// Retry lets an ended run go on at the step at which it failed, or at the send whose message did not arrive. The run then
// belongs to the active version of its flow. A message keeps its number, and an attempt that may have gone out is not
// made again.
type Retry struct {
	Run     RunID  `json:"run,omitzero"`
	Flow    string `json:"flow,omitempty"`    // its flow
	Version string `json:"version,omitempty"` // the version that it is of
	Profile string `json:"profile,omitempty"` // its person
	Reason  string `json:"reason,omitempty"`  // for the run's timeline

	// AsOf is the number of the last input when the sender saw that nobody erases the run's person. If somebody was forgotten since,
	// it may have been this one, and the retry is refused.
	AsOf uint64 `json:"as_of,omitempty"`
}

// Retried is a retry that a run has had.
type Retried struct {
	Message  int // number of the message that was sent again; 0 for none
	Attempts int // of it that had failed by then: what is said of them later as failed changes nothing
}

// Why a run cannot be tried again: a closed list, so that a job can count them.
const (
	NoRetryLive      = "the run is live"
	NoRetryForgotten = "its person was forgotten"
	NoRetryNothing   = "nothing of it has failed for sure"
	NoRetryCancelled = "it was cancelled"
	NoRetryInactive  = "its flow is not active"
	NoRetryInside    = "it failed inside a repeat, under a do or in the steps of an exit, where nothing can begin"
	NoRetryBegun     = "it was in a step that cannot begin again: it has called a flow or gathered events"
	NoRetryGone      = "the active version has no such step, and no migration says where to go on"
	NoRetryData      = "its data does not fit the active version"
	NoRetryRuns      = "another run of the flow is live for the person"
	NoRetryLimit     = "the person has the most live runs allowed"
	NoRetryCampaign  = "its campaign was cancelled"
	NoRetryErasing   = "somebody was forgotten meanwhile; try again"
)

// Kind is InputRetry.
func (p *Retry) Kind() InputKind { return InputRetry }

func (p *Retry) needs(e *Engine, n *Needs) {
	n.Runs = append(n.Runs, p.Run)
	if p.Profile != "" {
		n.People = append(n.People, p.Profile)
	}
	if v := (FlowVersion{p.Flow, p.Version}); e.versions[v] == nil {
		n.Versions = append(n.Versions, v)
	}
}

func (p *Retry) view(a *applier) auditView {
	v := auditView{did: "retry run", on: p.Run.String(), profile: p.Profile, reason: p.Reason}
	if r := a.ws.Run(p.Run); r != nil {
		v.fields = map[string]any{"status": r.Status.String(), "version": r.Version, "outcome": r.Outcome}
	}
	return v
}

// FailedAt returns the step at which a retry lets an ended run go on; NoStep if nothing of it has failed.
func FailedAt(r *Run) int {
	switch r.Outcome {
	case OutcomeFailed:
		for i := len(r.Timeline) - 1; i >= 0; i-- {
			if e := &r.Timeline[i]; e.Kind == KindError {
				return e.Step
			}
		}
		return NoStep
	case OutcomeQuarantined:
		return r.At
	case OutcomeCancelled, OutcomeForgotten, OutcomeRestarted:
		return NoStep
	}
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if m := &r.Messages[i]; !m.skipped() {
			if m.failedToArrive() && r.sure(m) {
				return m.Step
			}
			break
		}
	}
	return NoStep
}

// sure reports whether it is known of each attempt of a message how it ended. One of which it is not may have gone out.
func (r *Run) sure(m *Message) bool {
	for i := range r.Timeline {
		e := &r.Timeline[i]
		if e.Kind == KindUnknown && e.Message == m.Number && !slices.ContainsFunc(r.Timeline[i:], func(told Entry) bool {
			return told.Kind == KindReceipt && told.Message == m.Number && (told.Attempt == e.Attempt || told.Attempt == 0 && e.Attempt == m.Attempt)
		}) {
			return false
		}
	}
	return true
}

// failedToArrive reports whether the message certainly did not reach the person, and no rule held it back.
func (m *Message) failedToArrive() bool {
	return m.Status == Failed || m.Status == Expired || m.Status == Unsent && slices.Contains(RetriedReasons, m.Reason)
}

// RetriedReasons are the reasons of unsent messages that may be tried again: no rule held them back.
var RetriedReasons = []string{ReasonLate, ReasonExpired, ReasonMergeField}

// apply lets the run go on, or says why it cannot.
func (p *Retry) apply(a *applier) {
	r := a.ws.Run(p.Run)
	if r == nil {
		a.refuse(RefusedNotFound, "there is no run "+p.Run.String())
		return
	}
	from, to := a.versionOf(r), a.e.activeNamed(r.Flow)
	why := a.cannotRetry(p, r, from, to)
	goal, out := NoStep, ""
	if why == "" {
		goal, out, why = retryGoal(r, from, to)
	}
	if why != "" {
		a.refuse(RefusedRetry, why)
		return
	}
	failed := from.Steps[FailedAt(r)].ID
	r = a.edit(p.Run)
	a.revive(r)
	if from.Version != to.Version {
		r.pass(Way{Kind: CountMovedOut, Step: NoStep})
		r.renumber(from, to)
		r.Version = to.Version
		r.pass(Way{Kind: CountMovedIn, Step: NoStep})
	}
	detail := "at " + failed + " of version " + from.Version
	if p.Reason != "" {
		detail += ": " + cut(p.Reason, MaxReasonBytes)
	}
	r.log(Entry{At: a.now, Kind: KindRetried, Step: goal, Detail: detail})
	if out != "" {
		a.finish(r, out, false)
		a.decide(r, DidExit, out)
		return
	}
	a.decide(r, DidRetry, "at "+to.Steps[goal].ID)
	again := pinned{r, to}
	r.At = goal
	a.setAlarmsSince(r.Started().Time(), again, AtExits, to.Exits)
	if !a.leavesByIf(again) {
		a.goOnAt(again, goal)
	}
}

// versionOf returns the version of a run, which need not be in use any more.
func (a *applier) versionOf(r *Run) *flows.Flow {
	v := FlowVersion{r.Flow, r.Version}
	if f := a.e.versions[v]; f != nil {
		return f
	}
	return a.ws.versions[v]
}

// cannotRetry says why a run cannot go on; empty if it can.
func (a *applier) cannotRetry(p *Retry, r *Run, from, to *flows.Flow) string {
	switch {
	case r.Live():
		return NoRetryLive
	case r.forgotten():
		return NoRetryForgotten
	case r.Profile != p.Profile, a.e.State.Forgot > p.AsOf:
		return NoRetryErasing
	case r.Outcome == OutcomeCancelled:
		return NoRetryCancelled
	case FailedAt(r) < 0:
		return NoRetryNothing
	case to == nil:
		return NoRetryInactive
	case from == nil:
		return NoRetryGone
	case r.Leaving != 0 || !from.MayBegin(FailedAt(r)):
		return NoRetryInside
	}
	if c := a.ws.campaign(r.Campaign); c != nil && c.Status == CampaignCancelled {
		return NoRetryCampaign
	}
	live := a.begunOf(r.Profile)
	if to.Entry.IfRunning != flows.Parallel && len(sameKey(live, to, r.Key)) > 0 {
		return NoRetryRuns
	}
	if len(live) >= MaxLiveRuns {
		return NoRetryLimit
	}
	return ""
}

// retryGoal returns the step of the active version at which a run goes on, or the outcome with which a migration
// ends it.
func retryGoal(r *Run, from, to *flows.Flow) (goal int, out, why string) {
	s := &from.Steps[FailedAt(r)]
	if r.Outcome == OutcomeQuarantined && (s.Verb == flows.VerbStart || s.Verb == flows.VerbCollect || !r.cameTo()) {
		return NoStep, "", NoRetryBegun
	}
	goal = FailedAt(r)
	if from.Version != to.Version {
		if _, err := decodeObject(to.Data, r.Data); err != nil {
			return NoStep, "", NoRetryData
		}
		m, at := to.Migrate(flows.Parked{Step: s})
		switch {
		case m != nil && m.Exit != "":
			return NoStep, m.Exit, ""
		case m != nil:
			goal = at
		default:
			goal = to.StepNamed(s.ID)
		}
	}
	switch {
	case goal < 0 || goal >= len(to.Steps) || to.Steps[goal].Verb != s.Verb && to.Steps[goal].ID == s.ID:
		return NoStep, "", NoRetryGone
	case !to.MayBegin(goal):
		return NoStep, "", NoRetryInside
	}
	return goal, "", ""
}

// cameTo reports whether the run has come to a step: one that waited for its person's own time has not.
func (r *Run) cameTo() bool {
	return slices.ContainsFunc(r.Timeline, func(e Entry) bool { return e.Step >= 0 })
}

// revive makes an ended run live again. Nothing that waited for its end waits for the next one.
func (a *applier) revive(r *Run) {
	r.Status, r.Outcome, r.Ended = Waiting, "", 0
	r.loseGoal()
	r.Parent, r.ParentCall = RunID{}, 0
	a.ws.revive(r)
	if r.Campaign != 0 {
		a.editCampaign(r.Campaign).Live++
		a.ws.addMember(&Member{MemberOf(r.Campaign, r.Profile), r.ID}) // the store drops the members of a campaign whose runs have ended
	}
}

// goOnAt lets a run go on at a step. If a message of the step has not gone out, it is sent again, under its number. One
// that may have gone out is not.
func (a *applier) goOnAt(r pinned, goal int) {
	m := r.current()
	if m == nil || m.skipped() || m.Step != goal || r.flow.Steps[goal].Verb != flows.VerbSend {
		a.advance(r, goal)
		return
	}
	r.At, r.Status = goal, Sending
	switch {
	case m.Status == Claimed: // its post has no outcome yet
	case m.Status.lost() && r.sure(m):
		r.Retries = append(slices.Clip(r.Retries), Retried{m.Number, m.Attempt})
		m.Reached, m.Planned, m.Reason, m.Resends, m.Accepted = a.now, a.now, "", 0, false
		m.ProviderID, m.Conversation, m.Account = "", "", r.flow.Steps[goal].Send.Account
		a.submit(r)
	default:
		m.Accepted = m.Accepted || m.Status == Unknown
		a.advance(r, r.flow.Steps[goal].Next)
	}
}

// settled returns how many attempts of a message had failed when it was tried again.
func (r *Run) settled(message int) int {
	for i := len(r.Retries) - 1; i >= 0; i-- {
		if r.Retries[i].Message == message {
			return r.Retries[i].Attempts
		}
	}
	return 0
}

// stale reports whether a receipt says that an attempt failed after which the message was tried again.
func (r *Run) stale(message, attempt int, status MessageStatus) bool {
	return status.lost() && attempt != 0 && attempt <= r.settled(message)
}
