package engine

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"

	"nudge/flows"
)

// MaxPartitions is into how many partitions an installation may be divided; more are refused when it is made.
const MaxPartitions = 256

// MaxOwed is how many inputs a partition may owe another one; an event from outside that would owe one more is refused
// until the other partition has taken some.
const MaxOwed = 10_000

// Partition says which part of a divided installation a store is. A part has records, a journal and a loop of its own, for
// the people whose hash falls into it. The zero value is an installation that is not divided.
type Partition struct {
	Number int // from 0
	Of     int // how many there are: a power of two, at most MaxPartitions; 0 or 1: the installation is not divided
}

// Divided reports whether there are other parts.
func (p Partition) Divided() bool { return p.Of > 1 }

// Commands is the number that the list of common commands has among the senders of inputs: the one behind the partitions.
func (p Partition) Commands() int { return p.Of }

// Check reports what is wrong with a division, or nil.
func (p Partition) Check() error {
	switch {
	case p.Of < 0 || p.Of > MaxPartitions || bits.OnesCount(uint(p.Of)) > 1:
		return fmt.Errorf("an installation cannot have %d partitions: must be 1, 2, 4, 8 and so on up to %d", p.Of, MaxPartitions)
	case p.Number < 0 || p.Number >= max(p.Of, 1):
		return fmt.Errorf("there is no partition %d of %d", p.Number, p.Of)
	}
	return nil
}

// PartitionOf returns the partition of a person, a flow or an id among n, which must be a power of two up to MaxPartitions:
// the first bits of the SHA-256 of the name. It never changes, because every store is divided by it.
func PartitionOf(name string, n int) int {
	if n <= 1 {
		return 0
	}
	sum := sha256.Sum256([]byte(name))
	return int(sum[0]) >> (8 - bits.Len(uint(n-1)))
}

// Partition is the number of the partition that started the run. It means nothing in an installation that is not divided, and
// nothing of a run that was moved; see [State.Moved].
func (id RunID) Partition() int { return int(id[9]) }

// Moved reports whether only a look into the partitions tells which of them has a run: another installation started it, from
// which this one was moved or restored. What is about such a run is for the partition that has it.
func (s *State) Moved(id RunID) bool {
	return s.Partition.Divided() && [3]byte(id[6:9]) != [3]byte(s.Installation[:3])
}

// takes reports whether a receipt that names an installation is for this one: a run keeps its ID when a store is moved, and what
// it sent before is in the provider's hands.
func (s *State) takes(installation string) bool {
	if installation == s.Installation.String() {
		return true
	}
	var of Installation
	return of.UnmarshalText([]byte(installation)) == nil && slices.ContainsFunc(s.Former, of.SameStore)
}

// In returns the identity of a partition of the installation: the fourth byte is its number, so that run IDs tell where
// they were made.
func (i Installation) In(p Partition) Installation {
	if p.Divided() {
		i[3] = byte(p.Number)
	}
	return i
}

// SameStore reports whether two identities are those of partitions of one installation.
func (i Installation) SameStore(other Installation) bool {
	other[3] = i[3]
	return i == other
}

// Origin is the place of an input among those of its sender. Numbers have no gaps.
type Origin struct {
	From   int    `json:"from"`   // the partition that owed it, or [Partition.Commands] for a common command
	Number uint64 `json:"number"` // from 1
}

// Owed is an input that a partition owes another one. It is committed with the input that led to it.
type Owed struct {
	To int // the partition that takes it
	*Input
}

// Delivery says that a partition has taken what it was owed.
type Delivery struct {
	To    int
	After uint64 // number of the last input that the sender has deleted
	UpTo  uint64 // number of the last input that the receiver has taken
}

// Passed is what an event brings from another partition. A receiver handles only its own people and keys.
type Passed struct {
	ID    string `json:"id,omitempty"`    // of the event
	Known *Known `json:"known,omitempty"` // of the person whom the event names; nil if nothing is known

	// Collected are the flows that start no run by the event: a run of theirs took it into a collect, or they start runs later.
	Collected []string `json:"collected,omitempty"`
	// Later are the flows that start runs by the event only once all partitions with runs of a key have had it: one of their runs
	// may take it into a collect. Via are those partitions that have not.
	Later []string `json:"later,omitempty"`
	Via   []int    `json:"via,omitempty"`
	// Only are the flows that start runs by the event now; the runs have had it. Empty for an event that its runs are to have.
	Only []string `json:"only,omitempty"`
	// Counts says that the event is counted here, among those that arrive: it did nothing where it came first. From is the token
	// that brought it.
	Counts bool   `json:"counts,omitempty"`
	From   string `json:"from,omitempty"`
}

// startsOnly reports whether the runs of this partition have had the event, and flows start runs by it now.
func (p *Passed) startsOnly() bool { return p != nil && len(p.Only) > 0 }

// known returns what the other partition knows of the person whom the event names; nil for nothing.
func (p *Passed) known() *Known {
	if p == nil {
		return nil
	}
	return p.Known
}

// owns reports whether a person, a flow or an id belongs to this partition.
func (s *State) owns(name string) bool {
	return !s.Partition.Divided() || PartitionOf(name, s.Partition.Of) == s.Partition.Number
}

// has reports whether this partition has a run, which was loaded if it is here.
func (a *applier) has(id RunID) bool {
	s := &a.e.State
	if s.Moved(id) {
		return a.ws.Run(id) != nil
	}
	return !s.Partition.Divided() || id.Partition() == s.Partition.Number
}

// fired reports whether this partition has fired a campaign.
func (s *State) fired(campaign uint64) bool { return s.Partition.fired(campaign) }

func (p Partition) fired(campaign uint64) bool {
	return !p.Divided() || CampaignHome(campaign) == p.Number
}

// SeenOf returns the number of the last input that was taken from a sender; 0 for none.
func (s *State) SeenOf(from int) uint64 { return at(s.Seen, from) }

// OwedTo returns the number of the last input that is or was owed to a partition; 0 for none.
func (s *State) OwedTo(to int) uint64 { return at(s.Owed, to) }

func at(numbers []uint64, i int) uint64 {
	if i >= len(numbers) {
		return 0
	}
	return numbers[i]
}

// with returns the numbers with one of them set. Those handed out before are not touched.
func with(numbers []uint64, i int, n uint64) []uint64 {
	all := make([]uint64, max(len(numbers), i+1))
	copy(all, numbers)
	all[i] = n
	return all
}

// knows reports whether an input was taken before.
func (s *State) knows(in *Input) bool {
	return in.Origin != nil && in.Origin.Number <= s.SeenOf(in.Origin.From)
}

// common reports whether an input is a command that every partition takes.
func (in *Input) common(p Partition) bool { return in.Origin != nil && in.Origin.From == p.Commands() }

// numbered gives the inputs that the partition owes now their places, and notes the place of the one it has taken.
func (e *Engine) numbered(in *Input, owed []Owed) {
	s := &e.State
	if in.Origin != nil {
		s.Seen = with(s.Seen, in.Origin.From, in.Origin.Number)
	}
	for _, o := range owed {
		s.Owed = with(s.Owed, o.To, s.OwedTo(o.To)+1)
		o.Origin = &Origin{From: s.Partition.Number, Number: s.OwedTo(o.To)}
	}
}

// Delivered tells the engine that a partition has taken what it is owed, up to a number. Nothing but what is refused
// follows from it.
func (e *Engine) Delivered(to int, number uint64) {
	e.delivered = with(e.delivered, to, max(number, at(e.delivered, to)))
}

// Backlog returns how many inputs are owed to a partition and not known to be taken.
func (e *Engine) Backlog(to int) uint64 { return e.State.OwedTo(to) - at(e.delivered, to) }

// followUp adds an input that follows from the current one. If it is about somebody of another partition, it is owed to
// that one.
func (a *applier) followUp(in *Input) {
	s := &a.e.State
	if s.Partition.Divided() {
		switch r := RouteOf(in, s.Partition.Of); {
		case r.Own:
		case r.Run != RunID{} && s.Moved(r.Run): // the partitions that do not have the run do nothing
			a.oweOthers(in)
		case r.Partition != s.Partition.Number:
			a.owe(r.Partition, in)
			return
		}
	}
	a.out.Derived = append(a.out.Derived, in)
}

func (a *applier) owe(to int, in *Input) { a.out.Owed = append(a.out.Owed, Owed{to, in}) }

// oweOthers owes an input to every other partition.
func (a *applier) oweOthers(in *Input) {
	for to := range a.e.State.Partition.Of {
		if to != a.e.State.Partition.Number {
			one := *in
			a.owe(to, &one)
		}
	}
}

// overOwed refuses an event from outside for which a partition that it concerns is too far behind.
func (a *applier) overOwed() {
	if a.in.Derived != 0 || a.in.Origin != nil || a.in.Kind() != InputEvent {
		return
	}
	for _, o := range a.out.Owed {
		if a.e.Backlog(o.To) >= MaxOwed {
			a.refuse(RefusedBusy, fmt.Sprintf("it concerns other people too, for whom %d inputs wait already; try again in a moment", MaxOwed))
			return
		}
	}
}

// startsBy reports whether a flow may start runs by an event now: not if one of its runs has taken it into a collect, or if it
// is not known yet whether one of another partition does.
func (a *applier) startsBy(f *flows.Flow, ev *Event) bool {
	p := ev.Passed
	switch {
	case p.startsOnly():
		return slices.Contains(p.Only, f.Name)
	case slices.Contains(a.collected, f.Name):
		return false
	case p == nil:
		return !a.startsLater(f, ev)
	}
	return !slices.Contains(p.Collected, f.Name) && (len(p.Via) == 0 || !slices.Contains(p.Later, f.Name))
}

// startsLater reports whether a run of the flow in another partition may take the event, which this partition took first, into
// a collect. Then the flow starts no run by it.
func (a *applier) startsLater(f *flows.Flow, ev *Event) bool {
	return len(a.in.Elsewhere) > 0 && triggersOne(f, ev.Type) && collects(f, ev.Type) && !slices.Contains(a.collected, f.Name)
}

// passOn owes an event to the other partitions that it concerns: those with people to whom an active flow sends, and those with
// runs of a key. Where a flow starts runs only after those, they have it one after the other.
func (a *applier) passOn(ev *Event) {
	if !a.e.State.Partition.Divided() || ev.FanOut != nil || ev.Passed.startsOnly() {
		return
	}
	if ev.Passed != nil {
		a.passFurther(ev)
		return
	}
	var later, now []*flows.Flow
	for _, f := range a.e.active {
		if a.startsLater(f, ev) {
			later = append(later, f)
		} else {
			now = append(now, f)
		}
	}
	idle := len(a.out.Answer.Decisions) == 0
	counts := idle && a.in.Derived == 0 // one that a flow emitted counts as such
	passed := Passed{ID: a.eventID(ev), Known: a.ws.person(ev.Profile).shown(), Collected: a.collectedBy(ev)}
	others, first := append(a.startedIn(ev, now), a.in.Elsewhere...), -1
	if len(later) > 0 {
		first = a.in.Elsewhere[0]
		chain := passed
		chain.Later, chain.Via = namesOf(later), a.in.Elsewhere[1:]
		a.pass(ev, first, &chain)
		others = slices.DeleteFunc(others, func(p int) bool { return slices.Contains(a.in.Elsewhere, p) })
		passed.Collected = append(passed.Collected, chain.Later...)
	}
	for _, to := range a.without(others) {
		a.pass(ev, to, &passed)
	}
	if counts {
		a.countElsewhere(ev)
	}
	if len(a.out.Owed) > 0 {
		if !idle && !a.firesElsewhere(ev) {
			a.remarked = append(a.remarked, len(a.out.Answer.Decisions)) // else the person's history has the event only by this
		}
		a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Action: DidGoOn, Reason: "it concerns other people too; they follow"})
	}
}

// firesElsewhere reports whether an event may fire a campaign of another partition, which no run of the person tells of.
func (a *applier) firesElsewhere(ev *Event) bool {
	return slices.ContainsFunc(a.e.active, func(f *flows.Flow) bool {
		return !a.e.State.owns(f.Name) && slices.ContainsFunc(f.Triggers, func(t flows.Trigger) bool {
			return t.Event == ev.Type && t.Event != "" && t.Schedule != nil
		})
	})
}

// CountedElsewhere reports whether another partition counts the event among those that arrive.
func (o *Applied) CountedElsewhere() bool {
	return slices.ContainsFunc(o.Owed, func(x Owed) bool {
		ev, ok := x.Payload.(*Event)
		return ok && ev.Passed != nil && ev.Passed.Counts
	})
}

// Follows reports whether the decision says only that people of other partitions are still to come.
func (d *Decision) Follows() bool { return d.Action == DidGoOn && d.Flow == "" }

// countElsewhere lets the last of the partitions that have the event count it: those of the people whom triggers mean come after
// that in which flows wait for it first.
func (a *applier) countElsewhere(ev *Event) {
	if n := len(a.out.Owed); n > 0 {
		one := *a.out.Owed[n-1].Payload.(*Event)
		counts := *one.Passed
		counts.Counts, counts.From = true, ev.From
		one.Passed = &counts
		a.out.Owed[n-1].Payload = &one
	}
}

// passFurther owes an event that another partition took first to the next one with runs of a key. After the last of them it goes
// to all for whom a flow starts runs that had to wait for this.
func (a *applier) passFurther(ev *Event) {
	passed := *ev.Passed
	passed.Counts, passed.From = false, ""
	if len(passed.Later) == 0 {
		return
	}
	passed.Collected = slices.Concat(passed.Collected, a.collectedBy(ev))
	if len(passed.Via) > 0 {
		to := passed.Via[0]
		passed.Via = passed.Via[1:]
		a.pass(ev, to, &passed)
		return
	}
	var starts []*flows.Flow
	for _, f := range a.e.active {
		if slices.Contains(passed.Later, f.Name) && !slices.Contains(passed.Collected, f.Name) {
			starts = append(starts, f)
		}
	}
	others := a.startedIn(ev, starts)
	if ev.Profile != "" && len(starts) > 0 {
		others = append(others, PartitionOf(ev.Profile, a.e.State.Partition.Of))
	}
	for _, to := range a.without(others) {
		a.pass(ev, to, &Passed{ID: passed.ID, Known: passed.Known, Only: namesOf(starts)})
	}
}

func (a *applier) pass(ev *Event, to int, p *Passed) {
	a.owe(to, &Input{Depth: a.in.Depth, Payload: &Event{Type: ev.Type, Profile: ev.Profile, Data: ev.Data, Trace: ev.Trace, Passed: p}})
}

// startedIn returns the partitions of the people to whom triggers of the flows send by an event, and those of flows that it
// fires for an audience.
func (a *applier) startedIn(ev *Event, all []*flows.Flow) (partitions []int) {
	for _, f := range all {
		for i := range f.Triggers {
			t := &f.Triggers[i]
			switch {
			case t.Event != ev.Type || t.Event == "":
			case t.Schedule != nil:
				partitions = append(partitions, PartitionOf(f.Name, a.e.State.Partition.Of))
			case t.To != nil:
				people, _ := ev.people(f, t) // an error starts nobody anywhere
				for _, p := range people {
					partitions = append(partitions, PartitionOf(p, a.e.State.Partition.Of))
				}
			}
		}
	}
	return partitions
}

// without returns the partitions in order, each once and without this one.
func (a *applier) without(partitions []int) []int {
	slices.Sort(partitions)
	return slices.DeleteFunc(slices.Compact(partitions), func(p int) bool { return p == a.e.State.Partition.Number })
}

// collectedBy returns the flows that the event triggers and of which a run here took it into a collect.
func (a *applier) collectedBy(ev *Event) (names []string) {
	for _, f := range a.e.active {
		if triggers(f, ev.Type) && slices.Contains(a.collected, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

func namesOf(all []*flows.Flow) (names []string) {
	for _, f := range all {
		names = append(names, f.Name)
	}
	return names
}

// Known is what conditions see of a person of another partition, as it was when an event named them.
type Known struct {
	Attributes json.RawMessage `json:"attributes,omitempty"`
	Caps       []CapCount      `json:"caps,omitempty"`
	Homes      []Home          `json:"homes,omitempty"`
}

// shown returns what conditions see of a person; nil if nothing is known.
func (p *Person) shown() *Known {
	if p == nil || len(p.Attributes)+len(p.Caps) == 0 {
		return nil
	}
	return &Known{p.Attributes, p.Caps, p.Homes}
}

// recall makes known what another partition knew of a person when an event named them.
func (a *applier) recall(profile string, known *Known) {
	if profile == "" || a.e.State.owns(profile) {
		return
	}
	p := &Person{ID: profile}
	if known != nil {
		p.Attributes, p.Caps, p.Homes = known.Attributes, known.Caps, known.Homes
	}
	a.ws.known.load(profile, p)
}
