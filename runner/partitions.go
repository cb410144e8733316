package runner

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// Peers looks into the other partitions of a divided installation, as they were last committed.
type Peers interface {
	// WithKeys returns for each key the other partitions in which a live run of its flow has it.
	WithKeys([]engine.FlowKey) ([][]int, error)
	// HasFiring reports whether another partition has fired a campaign of a flow with a key, by an event, that has rows to take.
	HasFiring(in int, k engine.FlowKey) (bool, error)
	// WithMessages returns for each ID the other partitions that have sent the message which the provider calls by it.
	WithMessages(providerIDs []string) ([][]int, error)
	// VersionsInUse returns the versions that the other partitions use.
	VersionsInUse() ([]engine.FlowVersion, error)
	// VersionsNeeded returns the versions that the other partitions need, or that were active at an instant or later.
	VersionsNeeded(since engine.Instant) ([]engine.FlowVersion, error)
	// Commands returns the number of the last common command that all other partitions have applied.
	Commands() (uint64, error)
	// Taken returns the number of the last input that another partition has taken from this one.
	Taken(by int) (uint64, error)
}

const (
	maxDelivered  = 1024        // records of what another partition has taken that one commit deletes; the next commit deletes more
	dropOwedAfter = time.Second // what others have taken is deleted by the next commit, or after this long without one
	lookEvery     = time.Second // how often the other partitions are asked for the messages of receipts that wait
)

// partitions is what the loop of a partition knows of the others.
type partitions struct {
	peers     Peers          // nil: the installation is not divided
	delivered []uint64       // by partition: what it has taken of what it is owed, up to this number
	deleted   []uint64       // by partition: what is deleted of that
	looks     engine.Instant // when the messages of waiting receipts are looked for again
	drops     engine.Instant // when what others have taken is deleted without a commit; 0: there is nothing

	outstanding *Handover // common commands that Recover applies; nil for none
}

// Handover is the next inputs that a partition owes another one, or the next common commands.
type Handover struct {
	Store    engine.Installation // of the sender
	From     int                 // number of the sender, or that of the common commands
	Commands uint64              // number of the last common command that the sender has applied
	Inputs   []*engine.Input     // in their order, without gaps
}

// ErrBehind is returned by [Loop.Take] while common commands are missing that the sender had applied.
var ErrBehind = errors.New("the sender had applied common commands that this partition has not; take those first")

// ErrGap is returned by [Loop.Take] when inputs of a sender are missing. They cannot come any more: one of the two
// partitions is not of the same moment as the other. Nothing may be taken from the sender until somebody has looked at it.
var ErrGap = errors.New("inputs between two partitions are missing")

// UsePeers makes the loop one of several over a divided installation. It must be called before Recover.
func (l *Loop) UsePeers(p Peers) error {
	l.partitions.peers = p
	own := l.core.State.Partition
	l.partitions.delivered, l.partitions.deleted = make([]uint64, own.Of), make([]uint64, own.Of)
	for to := range own.Of {
		if to == own.Number {
			continue
		}
		deleted := l.core.State.OwedTo(to)
		first, err := l.store.OwedTo(to, 0, 1)
		if err != nil {
			return err
		}
		if len(first) > 0 {
			deleted = first[0].Origin.Number - 1
		}
		l.partitions.deleted[to] = deleted
		taken, err := p.Taken(to)
		if err == nil {
			err = l.Delivered(to, taken)
		}
		if err != nil {
			return err
		}
	}
	return l.learnVersions()
}

// Obey gives the loop the common commands that came while no process had the partition. Recover applies them before it
// claims anything. It must be called before Recover, after UsePeers.
func (l *Loop) Obey(h *Handover) {
	l.partitions.outstanding = h
	l.hold = true
}

// obeyed applies those commands.
func (l *Loop) obeyed(now time.Time, step *Step) error {
	h := l.partitions.outstanding
	if h == nil {
		return nil
	}
	groups, err := l.Take(h)
	if err != nil {
		return err
	}
	if err := l.applyAll(now, groups, step); err != nil {
		return err
	}
	l.partitions.outstanding, l.hold = nil, false
	return nil
}

// learnVersions makes the engine know the versions that other partitions use: an event is looked for by the keys of their
// runs, too.
func (l *Loop) learnVersions() error {
	late, err := l.othersLate()
	if err != nil {
		return err
	}
	if late {
		all, err := l.store.StoredVersions()
		l.core.Know(all)
		return err
	}
	used, err := l.partitions.peers.VersionsInUse()
	if err != nil {
		return err
	}
	var missing []*flows.Flow
	for _, v := range used {
		if l.core.Flow(v) != nil {
			continue
		}
		f, err := l.store.Version(v)
		if err != nil {
			return err
		}
		if f != nil { // else its deploy is still to come here
			missing = append(missing, f)
		}
	}
	l.core.Know(missing)
	return nil
}

// othersLate reports whether another partition has not applied all common commands that this one has. It may still use a version
// that a later deploy has replaced here.
func (l *Loop) othersLate() (bool, error) {
	s := &l.core.State
	least, err := l.partitions.peers.Commands()
	return least < s.SeenOf(s.Partition.Commands()), err
}

// keepVersions forgets the versions that no partition uses. It reports whether it could: it waits for partitions that are late.
func (l *Loop) keepVersions() (kept bool, err error) {
	used, err := l.store.VersionsInUse()
	if err != nil {
		return false, err
	}
	if l.partitions.peers != nil {
		if late, err := l.othersLate(); late || err != nil {
			return false, err
		}
		others, err := l.partitions.peers.VersionsInUse()
		if err != nil {
			return false, err
		}
		used = append(used, others...)
	}
	used = append(used, l.core.State.Active...) // the store may be another process's by now, which has deployed since
	l.core.Keep(used)
	return true, nil
}

// sought is what the inputs of a batch look for in other partitions.
type sought struct {
	keys     []engine.FlowKey
	byKey    []*engine.Input // of each key, who looks for it
	messages []string
	byID     []*engine.Input
}

// add adds what an input looks for. Keys are those that it needs.
func (s *sought) add(in *engine.Input, keys []engine.KeyNeed) {
	in.Elsewhere = nil
	switch p := in.Payload.(type) {
	case *engine.Event:
		if p.Passed != nil || p.FanOut != nil {
			return // the partition that it came to first has looked
		}
		for _, k := range keys {
			s.keys, s.byKey = append(s.keys, k.FlowKey), append(s.byKey, in)
		}
	case *engine.Receipt:
		if p.Ref.IsZero() && p.ProviderID != "" && in.Origin == nil {
			s.messages, s.byID = append(s.messages, p.ProviderID), append(s.byID, in)
		}
	}
}

// locate notes in the inputs of a batch which other partitions they concern because of what those hold.
func (l *Loop) locate(s *sought) error {
	peers, own := l.partitions.peers, l.core.State.Partition
	if len(s.keys) > 0 {
		found, err := peers.WithKeys(s.keys)
		if err != nil {
			return err
		}
		for i, in := range s.byKey {
			in.Elsewhere = append(in.Elsewhere, found[i]...)
			home := engine.PartitionOf(s.keys[i].Flow, own.Of)
			if home == own.Number || !l.core.FiresByEvent(s.keys[i].Flow) {
				continue
			}
			if fires, err := peers.HasFiring(home, s.keys[i]); err != nil {
				return err
			} else if fires {
				in.Elsewhere = append(in.Elsewhere, home)
			}
		}
		for _, in := range s.byKey {
			slices.Sort(in.Elsewhere)
			in.Elsewhere = slices.Compact(in.Elsewhere)
		}
	}
	if len(s.messages) > 0 {
		found, err := peers.WithMessages(s.messages)
		if err != nil {
			return err
		}
		for i, in := range s.byID {
			in.Elsewhere = found[i]
		}
	}
	return nil
}

// found returns the receipts that wait for a message which another partition is found to have sent.
func (l *Loop) found(now engine.Instant) (found []*engine.Receipt, err error) {
	if l.partitions.peers == nil || now < l.partitions.looks {
		return nil, nil
	}
	l.partitions.looks = now.Add(lookEvery)
	ids, err := l.store.Orphans(now, maxLapse)
	if err != nil {
		return nil, err
	}
	loaded, err := l.store.Load(&engine.Needs{ProviderIDs: ids})
	if err != nil {
		return nil, err
	}
	var waiting []string
	for _, o := range loaded.Orphans {
		waiting = append(waiting, o.ProviderID)
	}
	at, err := l.partitions.peers.WithMessages(waiting)
	if err != nil {
		return nil, err
	}
	for i, o := range loaded.Orphans {
		if len(at[i]) > 0 {
			found = append(found, &engine.Receipt{Receipt: o.Receipt})
		}
	}
	return found, nil
}

// nextLook returns when waiting receipts are looked at again; 0 for never.
func (l *Loop) nextLook() engine.Instant {
	if l.partitions.peers == nil || l.core.State.Orphans == 0 {
		return 0
	}
	return max(l.partitions.looks, 1)
}

// Handover returns at most limit inputs that are owed to a partition and not known to be taken, or nil.
func (l *Loop) Handover(to, limit int) (*Handover, error) {
	s := &l.core.State
	inputs, err := l.store.OwedTo(to, l.partitions.delivered[to], limit)
	if err != nil || len(inputs) == 0 {
		return nil, err
	}
	return &Handover{Store: s.Installation, From: s.Partition.Number, Commands: s.SeenOf(s.Partition.Commands()), Inputs: inputs}, nil
}

// Take returns the inputs of a handover that were not taken before, each as a group of its own. It must be called right
// before the step that takes them.
func (l *Loop) Take(h *Handover) (groups []*Group, err error) {
	s := &l.core.State
	seen := s.SeenOf(h.From)
	switch {
	case !h.Store.SameStore(s.Installation):
		return nil, fmt.Errorf("%w: they are of the store %s, this one is %s", ErrGap, h.Store, s.Installation)
	case h.Commands > s.SeenOf(s.Partition.Commands()):
		return nil, ErrBehind
	}
	for _, in := range h.Inputs {
		switch n := in.Origin.Number; {
		case n <= seen:
			continue
		case n != seen+1:
			return nil, fmt.Errorf("%w: after input %d of partition %d comes input %d", ErrGap, seen, h.From, n)
		}
		seen++
		groups = append(groups, &Group{Inputs: []*engine.Input{in}})
	}
	return groups, nil
}

// Delivered tells the loop that a partition has taken what it is owed, up to a number. The next commit deletes it.
func (l *Loop) Delivered(to int, number uint64) error {
	if sent := l.core.State.OwedTo(to); number > sent {
		return fmt.Errorf("%w: partition %d has taken input %d of partition %d, which has sent %d", ErrGap, to, number, l.core.State.Partition.Number, sent)
	}
	l.partitions.delivered[to] = max(l.partitions.delivered[to], number)
	l.core.Delivered(to, number)
	return nil
}

// deliveries returns what the next commit deletes of what others have taken.
func (p *partitions) deliveries() (all []engine.Delivery) {
	for to, upTo := range p.delivered {
		if after := p.deleted[to]; upTo > after {
			all = append(all, engine.Delivery{To: to, After: after, UpTo: min(upTo, after+maxDelivered)})
		}
	}
	return all
}

// dropOwed deletes what others have taken, when no commit has done so for a while: it may name people who are forgotten.
func (l *Loop) dropOwed(idle bool) error {
	p := &l.partitions
	all := p.deliveries()
	switch {
	case len(all) == 0:
		p.drops = 0
		return nil
	case p.drops == 0:
		p.drops = l.now.Add(dropOwedAfter)
		return nil
	case !idle || l.now < p.drops:
		return nil
	}
	return l.dropOwedNow()
}

// dropOwedNow deletes what others are known to have taken.
func (l *Loop) dropOwedNow() error {
	p := &l.partitions
	p.drops = 0
	all := p.deliveries()
	if len(all) == 0 {
		return nil
	}
	if err := l.store.DropOwed(all); err != nil {
		return err
	}
	p.committed(all)
	return nil
}

// nextDrop returns when what others have taken is deleted; 0 while there is nothing.
func (l *Loop) nextDrop() engine.Instant { return l.partitions.drops }

// committed notes what a commit has deleted.
func (p *partitions) committed(all []engine.Delivery) {
	for _, d := range all {
		p.deleted[d.To] = d.UpTo
	}
}
