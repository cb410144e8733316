package engine

import (
	"fmt"
	"slices"
	"time"

	"nudge/flows"
)

// Scheduled says when a trigger of an active flow fires next.
type Scheduled struct {
	Flow    string
	Trigger int     // index of the flow's trigger
	Words   string  // text of the schedule: a changed text is a new schedule
	Next    Instant // 0: never again
	Since   Instant // when it became active: local times before that stay past

	Installation Installation // the installation that fires it: a restored backup skips what is past
}

// Tick says that a schedule is due.
type Tick struct {
	Flow    string  `json:"flow,omitempty"`
	Trigger int     `json:"trigger,omitempty"`
	Due     Instant `json:"due,omitzero"`
}

// SnapshotRequest is the engine's request to copy the audience of a campaign, so that it
// cannot change any more. Return its outcome as a [Snapshot].
type SnapshotRequest struct {
	Campaign uint64
	Flow     *flows.Flow
	Schedule *flows.Schedule
	At       Instant // the "now" of its conditions
	Local    bool    // everybody is listed: the condition is asked at each person's own time

	event map[string]any // data of the event that fired it; nil for none
}

const (
	// MaxTicks is how many missed schedule times one input handles.
	MaxTicks = 10_000
	// MaxOpenCampaigns is how many campaigns may take rows at the same time; one more is refused
	// if an operator starts it, waits if an event does, and is skipped if a schedule does.
	MaxOpenCampaigns = 100
)

// reschedule computes when the active flows fire next. An unchanged schedule continues. A
// new schedule does not fire for past times.
func (a *applier) reschedule(active []*flows.Flow) []Scheduled {
	before := slices.Clone(a.e.State.Schedules)
	var all []Scheduled
	for _, f := range active {
		for i := range f.Triggers {
			s := f.Triggers[i].Schedule
			if s == nil || !s.ByClock() || !a.e.State.owns(f.Name) {
				continue
			}
			next := Scheduled{Flow: f.Name, Trigger: i, Words: s.Words(), Since: a.now, Installation: a.e.State.Installation}
			same := func(old Scheduled) bool { return old.Flow == next.Flow && old.Words == next.Words }
			if at := slices.IndexFunc(before, same); at >= 0 {
				next.Next, next.Since, next.Installation = before[at].Next, before[at].Since, before[at].Installation
				before = slices.Delete(before, at, at+1)
			} else {
				next.Next = instantOrNever(s.First(a.now.Time()))
			}
			all = append(all, next)
		}
	}
	return all
}

// instantOrNever converts a time; 0 for the zero time.
func instantOrNever(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return InstantOf(t)
}

// Kind is InputTick.
func (t *Tick) Kind() InputKind { return InputTick }

func (t *Tick) needs(*Engine, *Needs) {}

// apply fires a schedule. If several times were missed, only the last one fires, unless it
// is too late for that one, too. The others are recorded as skipped.
func (t *Tick) apply(a *applier) {
	at := slices.IndexFunc(a.e.State.Schedules, func(s Scheduled) bool {
		return s.Flow == t.Flow && s.Trigger == t.Trigger && s.Next == t.Due && t.Due != 0
	})
	if at < 0 {
		a.ignore("the schedule was changed")
		return
	}
	if a.now < t.Due {
		panic("engine: a schedule would fire early")
	}
	f := a.e.activeNamed(t.Flow)
	s := f.Triggers[t.Trigger].Schedule
	scheduled := a.e.State.Schedules[at]
	due := a.dueTicks(s, t.Due)
	last := due[len(due)-1]
	scheduled.Next = instantOrNever(s.Next(last.Time()))
	why := a.whyNot(s, &scheduled, last)
	if why == "" {
		if len(due) > 1 {
			a.missed(f, t.Trigger, due[:len(due)-1], "missed; the last one fired in its place")
		}
		a.fire(f, t.Trigger, last, s.Zone == nil, scheduled.Since)
	} else {
		a.missed(f, t.Trigger, due, why)
	}
	if scheduled.Next > a.now {
		scheduled.Installation = a.e.State.Installation
	}
	a.e.State.Schedules = slices.Clone(a.e.State.Schedules)
	a.e.State.Schedules[at] = scheduled
	a.changed = true
}

// dueTicks returns the schedule times that are due, from first on, MaxTicks at most.
func (a *applier) dueTicks(s *flows.Schedule, first Instant) []Instant {
	due := []Instant{first}
	for len(due) < MaxTicks {
		next := instantOrNever(s.Next(due[len(due)-1].Time()))
		if next == 0 || next > a.now {
			break
		}
		due = append(due, next)
	}
	return due
}

// whyNot says why the last due time of a schedule does not fire, or returns nothing.
func (a *applier) whyNot(s *flows.Schedule, scheduled *Scheduled, last Instant) string {
	due, zone := s.LastTime(last.Time()), s.Zone
	if zone == nil {
		zone = time.UTC
	}
	switch {
	case scheduled.Next != 0 && scheduled.Next <= a.now:
		return "missed; later ones are due"
	case scheduled.Installation != a.e.State.Installation:
		return "the store was restored from a backup; campaigns start does it all the same"
	case s.TooLate(due, a.now.Time(), zone):
		return "later than max_delay"
	case len(a.e.State.Open) >= MaxOpenCampaigns:
		return fmt.Sprintf("%d firings are open, which is the limit", MaxOpenCampaigns)
	}
	return ""
}

// missed records missed schedule times as one skipped campaign.
func (a *applier) missed(f *flows.Flow, trigger int, due []Instant, why string) {
	local := f.Triggers[trigger].Schedule.Zone == nil
	a.addCampaign(&Campaign{ID: idOf(f, trigger, due[0], local), Flow: f.Name, Version: f.Version, Trigger: trigger,
		Due: due[0], Until: due[len(due)-1], Missed: len(due), Begun: a.now, Local: local, Status: CampaignSkipped, Reason: why})
	a.skip(f, why)
}

func idOf(f *flows.Flow, trigger int, due Instant, local bool) string {
	if local {
		return campaignID(f.Name, trigger, due.Time().Add(flows.Earliest), true)
	}
	return campaignID(f.Name, trigger, due.Time(), false)
}

// fire begins a campaign. Its snapshot must be taken first.
func (a *applier) fire(f *flows.Flow, trigger int, due Instant, local bool, since Instant) *Campaign {
	fr := a.addCampaign(&Campaign{ID: idOf(f, trigger, due, local), Flow: f.Name, Version: f.Version, Trigger: trigger,
		Due: due, Begun: a.now, Local: local, Since: since, Status: Freezing, Installation: a.e.State.Installation})
	a.setOpen(append(slices.Clip(a.e.State.Open), fr.Number), a.e.State.Firings)
	a.out.Snapshots = append(a.out.Snapshots, a.e.SnapshotOf(fr))
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: f.Name, Action: DidFire, Reason: fr.ID})
	return fr
}

// SnapshotOf returns the request to take the snapshot of a campaign.
func (e *Engine) SnapshotOf(fr *Campaign) SnapshotRequest {
	f := e.campaignFlow(fr)
	request := SnapshotRequest{Campaign: fr.Number, Flow: f, Schedule: f.Triggers[fr.Trigger].Schedule, At: fr.Begun, Local: fr.Local}
	if fr.Event.Event != "" {
		request.event = object(f.EventShape(fr.Event.Event), fr.Event.Data)
	}
	return request
}

func (e *Engine) campaignFlow(fr *Campaign) *flows.Flow {
	f := e.versions[FlowVersion{fr.Flow, fr.Version}]
	if f == nil {
		panic(fmt.Sprintf("engine: version %s of flow %s is not loaded", fr.Version, fr.Flow))
	}
	return f
}

// maxCampaignsPerInput is how many campaigns one input can begin or record; one more is skipped.
const maxCampaignsPerInput = 1 << 10

// Seq returns the number of the input that began the campaign.
func (f *Campaign) Seq() uint64 { return f.Number & (1<<homeBits - 1) / maxCampaignsPerInput }

// NumberAt returns the number of the campaign, without its partition, if the input that began it had another number.
func (f *Campaign) NumberAt(seq uint64) uint64 {
	return seq*maxCampaignsPerInput + f.Number%maxCampaignsPerInput
}

// addCampaign numbers and stores a campaign.
func (a *applier) addCampaign(fr *Campaign) *Campaign {
	if a.campaigns == maxCampaignsPerInput {
		panic("engine: an input began too many firings")
	}
	fr.Number = FirstCampaign(a.e.State.Partition.Number) | a.seq*maxCampaignsPerInput + uint64(a.campaigns)
	a.campaigns++
	a.changed = true
	a.ws.addCampaign(fr)
	return fr
}
