package engine

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
)

// MaxPartitions is into how many partitions an installation may be divided.
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

// Partition is the number of the partition that started the run. It means nothing in an installation that is not divided.
func (id RunID) Partition() int { return int(id[9]) }

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

// Passed is what an event brings from the partition that took it to another one. A receiver handles only its own people
// and keys.
type Passed struct {
	ID    string `json:"id,omitempty"`    // of the event
	Known *Known `json:"known,omitempty"` // of the person whom the event names; nil if nothing is known
	// Collected are the flows that the event triggers and that start no run by it, since a run of theirs in the first partition
	// took it into a collect.
	Collected []string `json:"collected,omitempty"`
}

// collected reports whether a flow starts no run by the event because of what the other partition did with it.
func (p *Passed) collected(flow string) bool { return p != nil && slices.Contains(p.Collected, flow) }

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

// bore reports whether a run was started by this partition, where it stays.
func (s *State) bore(id RunID) bool {
	return !s.Partition.Divided() || id.Partition() == s.Partition.Number
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
		if r := RouteOf(in, s.Partition.Of); !r.Own && r.Partition != s.Partition.Number {
			a.owe(r.Partition, in)
			return
		}
	}
	a.out.Derived = append(a.out.Derived, in)
}

func (a *applier) owe(to int, in *Input) { a.out.Owed = append(a.out.Owed, Owed{to, in}) }

// oweAll owes an input to every other partition.
func (a *applier) oweAll(p Payload) {
	for to := range a.e.State.Partition.Of {
		if to != a.e.State.Partition.Number {
			a.owe(to, &Input{Payload: p, Depth: a.in.Depth})
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

// passOn owes an event to the other partitions that it concerns: those with people to whom an active flow sends, those with
// runs of a key, and those of flows that it starts for an audience.
func (a *applier) passOn(ev *Event) {
	s := &a.e.State
	if !s.Partition.Divided() || ev.Passed != nil || ev.FanOut != nil {
		return
	}
	others := slices.Clone(a.in.Elsewhere)
	for _, f := range a.e.active {
		for i := range f.Triggers {
			if t := &f.Triggers[i]; t.Event == ev.Type && t.To != nil {
				people, _ := ev.people(f, t) // an error starts nobody anywhere
				for _, p := range people {
					others = append(others, PartitionOf(p, s.Partition.Of))
				}
			}
		}
	}
	slices.Sort(others)
	others = slices.DeleteFunc(slices.Compact(others), func(p int) bool { return p == s.Partition.Number })
	if len(others) == 0 {
		return
	}
	passed := &Passed{ID: a.eventID(ev), Known: a.ws.person(ev.Profile).shown()}
	for _, f := range a.e.active {
		if triggers(f, ev.Type) && slices.Contains(a.collected, f.Name) {
			passed.Collected = append(passed.Collected, f.Name)
		}
	}
	for _, to := range others {
		a.owe(to, &Input{Depth: a.in.Depth, Payload: &Event{Type: ev.Type, Profile: ev.Profile, Data: ev.Data, Trace: ev.Trace, Passed: passed}})
	}
	a.remarked = append(a.remarked, len(a.out.Answer.Decisions)) // it is nothing that the person's history would tell
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Action: DidGoOn, Reason: "it concerns other people too; they follow"})
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
