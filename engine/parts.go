package engine

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/flows"
)

// Part is a campaign for a partition that takes some of its rows: all that is the same everywhere.
type Part struct {
	ID      string   `json:"id"`
	Flow    string   `json:"flow"`
	Version string   `json:"version"`
	Trigger int      `json:"trigger,omitempty"`
	Due     Instant  `json:"due,omitzero"`
	Begun   Instant  `json:"begun,omitzero"`
	Local   bool     `json:"local,omitempty"`
	Since   Instant  `json:"since,omitzero"`
	Paused  bool     `json:"paused,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Event   Signal   `json:"event,omitzero"`
	Key     string   `json:"key,omitempty"`
	Kept    []Signal `json:"kept,omitempty"`
	Exited  bool     `json:"exited,omitempty"`
	Total   int      `json:"total"` // rows of all partitions
}

// PaceEvery is how much of a campaign's rate one input takes at once.
const PaceEvery = 100 * time.Millisecond

// Pace returns how many rows of a campaign with a rate one input takes at most.
func (f *Campaign) Pace(rate flows.Rate) int {
	per := rate.Per
	if f.Total > 0 && f.Rows > 0 {
		per = time.Duration(float64(per) * float64(f.Total) / float64(f.Rows))
	}
	return min(MaxRows, max(1, int(int64(rate.Messages)*int64(PaceEvery)/int64(per))))
}

// takes returns how long a number of rows takes at the rate of the campaign. A partition has the share of the rate that
// it has of the rows, so that all together never exceed it.
func (f *Campaign) takes(rate flows.Rate, rows int) time.Duration {
	whole := rate.Time(rows)
	if f.Total == 0 || f.Rows == 0 {
		return whole
	}
	high, low := bits.Mul64(uint64(whole.Microseconds()), uint64(f.Total))
	share := uint64(f.Rows)
	if high >= share {
		return time.Duration(1<<62) * time.Nanosecond // longer than anybody waits
	}
	long, rest := bits.Div64(high, low, share)
	if rest > 0 {
		long++
	}
	return time.Duration(min(long, 1<<52)) * time.Microsecond
}

// beginPart begins to take the rows of a partition. The first of them waits its turn, since other partitions have a first one.
func (a *applier) beginPart(fr *Campaign) {
	fr.Status = Walking
	if rate := a.e.campaignFlow(fr).Triggers[fr.Trigger].Schedule.Rate; rate.Messages > 0 && !fr.Local && fr.Rows > 0 {
		fr.Next = a.now.Add(fr.takes(rate, fr.Pace(rate)))
	}
}

// PartOf names the rows of one partition within a frozen audience.
func PartOf(audience string, partition int) string { return audience + "." + strconv.Itoa(partition) }

// WholeAudience is the name of the audience of which a campaign has the rows here, or all.
func (f *Campaign) WholeAudience() string {
	if f.Total == 0 {
		return f.Audience
	}
	return strings.TrimSuffix(f.Audience, PartOf("", CampaignHome(f.Number)))
}

// Unfrozen reports whether the audience of a campaign is still to be copied, in a partition.
func (f *Campaign) Unfrozen(p Partition) bool {
	return f.Status == Freezing && f.Total == 0 && CampaignHome(f.Number) == p.Number
}

func (a *applier) unfrozen(fr *Campaign) bool { return fr.Unfrozen(a.e.State.Partition) }

// deal gives each partition the rows of its people. No row is taken before all have theirs.
func (a *applier) deal(fr *Campaign, dealt []int) {
	audience, own := fr.Audience, a.e.State.Partition.Number
	fr.Total, fr.Dealt, fr.Rows, fr.Audience = fr.Rows, slices.Clone(dealt), dealt[own], PartOf(audience, own)
	for p, rows := range dealt {
		if p == own || rows == 0 {
			continue
		}
		fr.Await = append(fr.Await, p)
		a.owe(p, &Input{Depth: a.in.Depth, Payload: &Snapshot{Campaign: fr.Number, Audience: PartOf(audience, p), Rows: rows, Part: &Part{
			ID: fr.ID, Flow: fr.Flow, Version: fr.Version, Trigger: fr.Trigger, Due: fr.Due, Begun: fr.Begun, Local: fr.Local, Since: fr.Since,
			Paused: fr.Paused, Reason: fr.Reason, Event: fr.Event, Key: fr.Key, Kept: fr.Kept, Exited: fr.Exited, Total: fr.Total,
		}}})
	}
	fr.Busy = slices.Clone(fr.Await)
	if len(fr.Await) == 0 {
		a.beginPart(fr)
	}
}

// betweenParts carries out what partitions say to each other about a campaign.
func (a *applier) betweenParts(fr *Campaign, s *CampaignControl) {
	from := func(p int) bool { return p == a.in.Origin.From }
	switch s.Do {
	case CampaignReady:
		fr = a.editCampaign(fr.Number)
		if fr.Await = slices.DeleteFunc(slices.Clone(fr.Await), from); len(fr.Await) == 0 && fr.Status == Freezing {
			a.beginAll(fr)
		}
	case CampaignBegin:
		a.beginHere(fr, s.Gone)
	case CampaignTaken:
		fr = a.editCampaign(fr.Number)
		fr.Await = slices.DeleteFunc(slices.Clone(fr.Await), from)
		if fr.Status == Walking && fr.Walked >= fr.Rows {
			a.taken(fr)
		}
	case CampaignOver:
		fr = a.editCampaign(fr.Number)
		fr.Busy = slices.DeleteFunc(slices.Clone(fr.Busy), from)
	case CampaignHear:
		a.hear(fr, s.Event, s.Every)
	case CampaignFail:
		a.failCampaign(fr, s.Reason)
	default:
		panic("engine: a firing is steered by an unknown verb")
	}
}

// beginAll lets all partitions take their rows. Each hears who was forgotten since the campaign began: what it told of somebody
// whom it forgot before it had its rows has come here before it said that it has them.
func (a *applier) beginAll(fr *Campaign) {
	gone := map[int][]PersonHash{}
	for _, m := range a.ws.membersAfter(&Sweep{Campaign: fr.Number}) {
		p := m.Person.partition(a.e.State.Partition.Of)
		gone[p] = append(gone[p], m.Person)
	}
	fr.Await = slices.Clone(fr.Busy)
	for _, p := range fr.Busy {
		a.owe(p, &Input{Depth: a.in.Depth, Payload: &CampaignControl{Do: CampaignBegin, Campaign: fr.Number, Gone: gone[p]}})
	}
	a.beginPart(fr)
}

// beginHere lets this partition take its rows, as all have theirs.
func (a *applier) beginHere(fr *Campaign, gone []PersonHash) {
	if fr.Status != Freezing {
		a.ignore("the campaign is " + fr.Status.String())
		return
	}
	for _, person := range gone {
		if key := (MemberKey{fr.Number, person}); a.ws.member(key) == nil {
			a.ws.addMember(&Member{MemberKey: key})
		}
	}
	a.beginPart(a.editCampaign(fr.Number))
}

// endParts notes which campaigns that the input has changed are over here, for the first time, and says so where they were fired.
func (a *applier) endParts() {
	if !a.e.State.Partition.Divided() {
		return
	}
	var over []uint64
	for _, number := range a.ws.campaigns.order {
		s := a.ws.campaigns.slots[number]
		if f := s.now; s.mark == a.ws.undo.mark && f != nil && f.Total > 0 && !f.Over && f.Finished() {
			over = append(over, number)
		}
	}
	slices.Sort(over)
	for _, number := range over {
		a.editCampaign(number).Over = true
		if CampaignHome(number) != a.e.State.Partition.Number {
			a.followUp(&Input{Payload: &CampaignControl{Do: CampaignOver, Campaign: number}})
		}
	}
}

// join makes a campaign of another partition one that has rows here, and says so.
func (in *Snapshot) join(a *applier) {
	p := in.Part
	fr := &Campaign{Number: in.Campaign, ID: p.ID, Flow: p.Flow, Version: p.Version, Trigger: p.Trigger, Due: p.Due, Begun: p.Begun, Local: p.Local,
		Since: p.Since, Status: Freezing, Paused: p.Paused, Reason: p.Reason, Installation: a.e.State.Installation, Audience: in.Audience, Rows: in.Rows,
		Event: p.Event, Key: p.Key, Kept: p.Kept, Exited: p.Exited, Total: p.Total}
	a.changed = true
	a.ws.addCampaign(fr)
	firings := a.e.State.Firings
	if fr.Event.Event != "" {
		firings = append(slices.Clip(firings), Firing{fr.Number, fr.Flow, fr.Version, fr.Key})
	}
	a.setOpen(append(slices.Clip(a.e.State.Open), fr.Number), firings)
	a.followUp(&Input{Payload: &CampaignControl{Do: CampaignReady, Campaign: fr.Number}})
}

// taken ends the taking of rows here. The partition that fired the campaign waits for all others.
func (a *applier) taken(fr *Campaign) {
	if len(fr.Await) > 0 {
		return
	}
	a.settle(fr, Walked)
	if CampaignHome(fr.Number) != a.e.State.Partition.Number {
		a.followUp(&Input{Payload: &CampaignControl{Do: CampaignTaken, Campaign: fr.Number}})
	}
}

// oweParts owes a command to the other partitions that have rows of a campaign which this one has fired.
func (a *applier) oweParts(fr *Campaign, s CampaignControl) {
	if CampaignHome(fr.Number) != a.e.State.Partition.Number {
		return
	}
	s.Campaign = fr.Number
	for p, rows := range fr.Dealt {
		if rows > 0 && p != a.e.State.Partition.Number {
			a.changed = true
			one := s
			a.owe(p, &Input{Depth: a.in.Depth, Payload: &one})
		}
	}
}

// partition returns the partition of a person among n; see [PartitionOf].
func (h PersonHash) partition(n int) int { return int(h[0]) >> (8 - bits.Len(uint(n-1))) }
