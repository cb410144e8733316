package engine

import "slices"

// HistoryEntry is what an input meant for a person beyond what the timelines of their runs tell: why an event
// started nothing, a change of what they want to get, a campaign that left them out. Nothing is decided by it.
type HistoryEntry struct {
	Profile   string
	Seq       uint64 // number of the input
	At        Instant
	Decisions []Decision // of an event, a reply or a call: those that no run tells of
	Ignored   string     // why it affected nothing
	Campaign  uint64     // number of the campaign that left the person out; 0 for none
	Reason    string     // why it did, one of the Left constants
}

// remark adds an entry of the input for a person; an input has one for each person at most.
func (a *applier) remark(e HistoryEntry) {
	e.Seq, e.At = a.seq, a.now
	i := slices.IndexFunc(a.out.History, func(o *HistoryEntry) bool { return o.Profile == e.Profile && o.Campaign == e.Campaign })
	if i < 0 {
		a.out.History = append(a.out.History, &e)
		return
	}
	a.out.History[i].Decisions = append(a.out.History[i].Decisions, e.Decisions...)
}

// silent reports whether the timeline of no run tells of a decision.
func (d *Decision) silent() bool {
	switch d.Action {
	case DidSkip, DidQueue, DidPass, DidGoOn, DidFire:
		return true
	}
	return false
}

// remarkOn adds to a person's history the decisions of the input from an index on that no run tells of.
func (a *applier) remarkOn(profile string, from int) {
	for i := from; i < len(a.out.Answer.Decisions); i++ {
		if d := &a.out.Answer.Decisions[i]; d.silent() && !slices.Contains(a.remarked, i) {
			a.remarked = append(a.remarked, i)
			a.remark(HistoryEntry{Profile: profile, Decisions: []Decision{*d}})
		}
	}
}

// ownHistory adds to the history of the person whom an event or a reply names what it did for nobody else.
func (a *applier) ownHistory() {
	profile, again := "", false
	switch p := a.in.Payload.(type) {
	case *Event:
		profile, again = p.Profile, p.Passed != nil // it was here first, and has an entry that says it follows
	case *Reply:
		profile = p.Profile
	}
	if profile == "" || !a.e.State.owns(profile) {
		return
	}
	if a.out.Answer.Ignored != "" && !again {
		a.remark(HistoryEntry{Profile: profile, Ignored: a.out.Answer.Ignored})
	}
	a.remarkOn(profile, 0)
}

// leftOut adds to a person's history that a campaign left them out.
func (a *applier) leftOut(number uint64, profile, why string) {
	if why != LeftDuplicate { // it has a run of theirs, or left them out already
		a.remark(HistoryEntry{Profile: profile, Campaign: number, Reason: why})
	}
	if told := a.e.observer.Excluded; told != nil {
		told(number, profile, why)
	}
}
