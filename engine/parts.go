package engine

import (
	"math/bits"
	"slices"
	"strconv"
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
	// Gone are people of the partition who were forgotten since the campaign began: its rows may still name them.
	Gone []PersonHash `json:"gone,omitempty"`
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

// deal gives each partition the rows of its people. No row was taken before.
func (a *applier) deal(fr *Campaign, dealt []int) {
	audience, own := fr.Audience, a.e.State.Partition.Number
	fr.Total, fr.Dealt, fr.Rows, fr.Audience = fr.Rows, slices.Clone(dealt), dealt[own], PartOf(audience, own)
	gone := map[int][]PersonHash{}
	for _, m := range a.ws.membersAfter(&Sweep{Campaign: fr.Number}) {
		p := m.Person.partition(a.e.State.Partition.Of)
		gone[p] = append(gone[p], m.Person)
	}
	for p, rows := range dealt {
		if p == own || rows == 0 {
			continue
		}
		fr.Await = append(fr.Await, p)
		a.owe(p, &Input{Depth: a.in.Depth, Payload: &Snapshot{Campaign: fr.Number, Audience: PartOf(audience, p), Rows: rows, Part: &Part{
			ID: fr.ID, Flow: fr.Flow, Version: fr.Version, Trigger: fr.Trigger, Due: fr.Due, Begun: fr.Begun, Local: fr.Local, Since: fr.Since,
			Paused: fr.Paused, Reason: fr.Reason, Event: fr.Event, Key: fr.Key, Kept: fr.Kept, Exited: fr.Exited, Total: fr.Total, Gone: gone[p],
		}}})
	}
	fr.Busy = slices.Clone(fr.Await)
	a.beginPart(fr)
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

// join makes a campaign of another partition one that takes rows here.
func (in *Snapshot) join(a *applier) {
	p := in.Part
	fr := &Campaign{Number: in.Campaign, ID: p.ID, Flow: p.Flow, Version: p.Version, Trigger: p.Trigger, Due: p.Due, Begun: p.Begun, Local: p.Local,
		Since: p.Since, Paused: p.Paused, Reason: p.Reason, Installation: a.e.State.Installation, Audience: in.Audience, Rows: in.Rows,
		Event: p.Event, Key: p.Key, Kept: p.Kept, Exited: p.Exited, Total: p.Total}
	a.changed = true
	a.ws.addCampaign(fr)
	firings := a.e.State.Firings
	if fr.Event.Event != "" {
		firings = append(slices.Clip(firings), Firing{fr.Number, fr.Flow, fr.Version, fr.Key})
	}
	a.setOpen(append(slices.Clip(a.e.State.Open), fr.Number), firings)
	for _, person := range p.Gone {
		a.ws.addMember(&Member{MemberKey: MemberKey{fr.Number, person}})
	}
	a.beginPart(a.editCampaign(fr.Number))
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

// takenBy notes that another partition has taken all its rows.
func (a *applier) takenBy(fr *Campaign) {
	fr = a.editCampaign(fr.Number)
	fr.Await = slices.DeleteFunc(slices.Clone(fr.Await), func(p int) bool { return p == a.in.Origin.From })
	if fr.Status == Walking && fr.Walked >= fr.Rows {
		a.taken(fr)
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
