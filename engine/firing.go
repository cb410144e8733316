package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nudge/flows"
)

// Firing is a campaign that an event has fired and that still has rows to take. Until they are
// taken it hears the exits of its flow for them, as a run with its key would.
type Firing struct {
	Campaign uint64
	Flow     string
	Version  string
	Key      string
}

const (
	// MaxWaitingCampaigns is how many campaigns that events have fired may wait for a place
	// among those that take rows; one more is skipped.
	MaxWaitingCampaigns = 1000
	// MaxKept is how many events a campaign keeps for the rows to come; one more fails it.
	MaxKept = 100
)

// fireBy begins the campaign of an event. If too many take rows, it waits for its turn.
func (a *applier) fireBy(f *flows.Flow, trigger int, ev *Event, key string) {
	id := f.Name + "@" + a.eventID(ev)
	if trigger > 0 {
		id += fmt.Sprintf("#%d", trigger+1)
	}
	h := a.signalOf(ev)
	fr := &Campaign{ID: id, Flow: f.Name, Version: f.Version, Trigger: trigger, Due: a.now, Begun: a.now,
		Status: Freezing, Installation: a.e.State.Installation, Event: h, Key: key}
	open := a.e.State.Open
	switch {
	case a.campaigns == maxCampaignsPerInput:
		a.skip(f, fmt.Sprintf("the event fires %d other campaigns, which is the limit", maxCampaignsPerInput))
		return
	case len(open) >= MaxOpenCampaigns+MaxWaitingCampaigns:
		fr.Status, fr.Event, fr.Missed, fr.Until = CampaignSkipped, Signal{}, 1, a.now
		fr.Reason = fmt.Sprintf("%d campaigns wait already, which is the limit", MaxWaitingCampaigns)
		a.addCampaign(fr)
		a.skip(f, fr.Reason)
		return
	case len(open) >= MaxOpenCampaigns:
		fr.Status = CampaignWaiting
	}
	a.addCampaign(fr)
	a.setOpen(append(slices.Clip(open), fr.Number), append(slices.Clip(a.e.State.Firings), Firing{fr.Number, f.Name, f.Version, key}))
	if fr.Status == Freezing {
		a.out.Snapshots = append(a.out.Snapshots, a.e.SnapshotOf(fr))
	}
	a.decideCampaign(fr, DidFire)
}

// eventID returns the id of an event. An event that came without one is given one.
func (a *applier) eventID(ev *Event) string {
	switch {
	case ev.FanOut != nil:
		return ev.FanOut.ID
	case ev.Passed != nil:
		return ev.Passed.ID
	}
	return cmp.Or(a.in.ID, newRunID(a.now, a.e.State.Installation, a.seq, 0).String())
}

// setOpen sets which campaigns have rows to take. Rollback undoes it.
func (a *applier) setOpen(open []uint64, firings []Firing) {
	state := &a.e.State
	was, had := state.Open, state.Firings
	if state.Partition.Divided() { // those of other partitions come in any order
		slices.Sort(open)
		slices.SortFunc(firings, func(x, y Firing) int { return cmp.Compare(x.Campaign, y.Campaign) })
	}
	state.Open, state.Firings = open, firings
	a.ws.undo.add(func() { state.Open, state.Firings = was, had })
}

// close removes a campaign from those with rows to take, and lets the first one that waits
// take its place.
func (a *applier) close(fr *Campaign) {
	fr.Event.Who, fr.Event.Data, fr.Kept = "", nil, nil // no row needs them any more
	at := slices.Index(a.e.State.Open, fr.Number)
	if at < 0 {
		return
	}
	open := slices.Delete(slices.Clone(a.e.State.Open), at, at+1)
	a.setOpen(open, slices.DeleteFunc(slices.Clone(a.e.State.Firings), func(x Firing) bool { return x.Campaign == fr.Number }))
	if at < MaxOpenCampaigns && len(open) >= MaxOpenCampaigns {
		next := open[MaxOpenCampaigns-1]
		a.out.Derived = append(a.out.Derived, &Input{Payload: &CampaignControl{Do: CampaignAdmit, Campaign: next}})
	}
}

// Admitted returns the campaigns that may take their rows: the others wait.
func (s *State) Admitted() []uint64 { return s.Open[:min(len(s.Open), MaxOpenCampaigns)] }

// admitCampaign lets a campaign that waited take its rows. That of a restored backup waits for
// an operator.
func (a *applier) admitCampaign(fr *Campaign) {
	if fr.Status != CampaignWaiting || !slices.Contains(a.e.State.Admitted(), fr.Number) {
		a.ignore("the campaign does not wait for a place")
		return
	}
	fr = a.editCampaign(fr.Number)
	fr.Status = Freezing
	if fr.Installation == a.e.State.Installation {
		a.out.Snapshots = append(a.out.Snapshots, a.e.SnapshotOf(fr))
	}
}

// exitsFor returns whether exits of a firing's flow name an event by its key: those that every
// run leaves by, and those with an if or by, which must be asked for each run.
func (e *Engine) exitsFor(x *Firing, ev *Event) (every, some bool) {
	f := e.versions[FlowVersion{x.Flow, x.Version}]
	heard := f.Listens(ev.Type)
	if heard == nil || x.Key == "" {
		return false, false
	}
	for _, line := range heard.Exits {
		if line.Key == nil {
			continue
		}
		if text, err := ev.key(f, line.Key); err != nil || text != x.Key {
			continue
		}
		every, some = every || line.If == nil && line.By == nil, true
	}
	return every, some
}

// firingNeeds names the firings that hear an event, and whether they have started a run for
// the person whom it names.
func (ev *Event) firingNeeds(e *Engine, n *Needs) {
	for i := range e.State.Firings {
		x := &e.State.Firings[i]
		if !e.State.fired(x.Campaign) {
			continue
		}
		if _, some := e.exitsFor(x, ev); !some {
			continue
		}
		n.Campaigns = append(n.Campaigns, x.Campaign)
		if ev.Profile != "" {
			n.Members = append(n.Members, MemberOf(x.Campaign, ev.Profile))
		}
	}
}

// tellFirings gives an event to the firings that still have rows to take. One that every run
// leaves by leaves the rows out. Another one is kept for them, unless it is about somebody
// whose row was taken.
func (a *applier) tellFirings(ev *Event) {
	for _, x := range a.e.State.Firings {
		if !a.e.State.fired(x.Campaign) {
			continue // the partition that fired it tells the others
		}
		if every, some := a.e.exitsFor(&x, ev); some {
			h := a.signalOf(ev)
			a.hear(a.ws.campaign(x.Campaign), &h, every)
		}
	}
}

// hear gives an event that exits of a firing name to the rows to come.
func (a *applier) hear(fr *Campaign, h *Signal, every bool) {
	switch {
	case fr.Exited || !fr.Open():
		return
	case every:
		fr = a.editCampaign(fr.Number)
		fr.Exited, fr.Kept = true, nil
		a.tellCampaign(fr, DidExit, "the rows to come are left out")
	case h.Who != "" && a.ws.member(MemberOf(fr.Number, h.Who)) != nil:
		return
	case len(fr.Kept) >= MaxKept:
		a.failCampaign(fr, fmt.Sprintf("more than %d events came for the rows that were not taken yet", MaxKept))
		return
	default:
		fr = a.editCampaign(fr.Number)
		fr.Kept = append(fr.Kept, *h)
		a.tellCampaign(fr, DidHold, "for the rows to come")
	}
	a.oweParts(fr, CampaignControl{Do: CampaignHear, Event: h, Every: every})
}

// failCampaign ends the taking of rows.
func (a *applier) failCampaign(fr *Campaign, why string) {
	if !fr.Open() {
		a.ignore("all rows are taken")
		return
	}
	fr = a.editCampaign(fr.Number)
	fr.Reason = why
	a.settle(fr, CampaignFailed)
	a.tellCampaign(fr, DidCancel, why)
	a.oweParts(fr, CampaignControl{Do: CampaignFail, Reason: why})
}

func (a *applier) tellCampaign(fr *Campaign, did Action, what string) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: fr.Flow, Action: did, Reason: fr.ID + ": " + what})
}

// leavesByKept gives a run that begins the events that came before its row was taken. It
// reports whether the run has left by one.
func (a *applier) leavesByKept(r pinned) bool {
	if r.Campaign == 0 {
		return false
	}
	for _, h := range a.ws.campaign(r.Campaign).Kept {
		if a.followEvent(r, r.watches().Exits(), h) {
			return true
		}
	}
	return false
}

// entrant returns the person of a row, for whom a run may start.
func (f *Campaign) entrant(row *Row) *entrant {
	return &entrant{profile: row.Profile, key: f.Key, by: cmp.Or(f.Event.Event, f.ID), data: f.dataFor(row), campaign: f.Number, depth: f.Event.Depth}
}

// dataFor returns the data of a run for a row: that of the row, and that of the event if one
// has fired the campaign.
func (f *Campaign) dataFor(row *Row) json.RawMessage {
	switch {
	case f.Event.Event == "":
		return row.Data
	case len(row.Data) == 0:
		return f.Event.Data
	case len(f.Event.Data) == 0:
		return row.Data
	}
	var fields, own map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(row.Data, &fields), json.Unmarshal(f.Event.Data, &own)); err != nil {
		panic("engine: data that was checked does not decode: " + err.Error())
	}
	maps.Copy(fields, own)
	return jsonOf(fields)
}

// forgetIn drops what open firings have kept of a person.
func (a *applier) forgetIn(profile string) {
	for _, x := range a.e.State.Firings {
		fr := a.ws.campaign(x.Campaign)
		by := func(h Signal) bool { return h.Who == profile }
		if !by(fr.Event) && !slices.ContainsFunc(fr.Kept, by) {
			continue
		}
		fr = a.editCampaign(x.Campaign)
		fr.Kept = slices.DeleteFunc(slices.Clone(fr.Kept), by)
		if by(fr.Event) {
			fr.Event.Who = ""
		}
	}
}
