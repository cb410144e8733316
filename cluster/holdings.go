package cluster

import (
	"slices"
	"time"

	"nudge/store/nodes"
)

// DefaultTerm is how long the lease of a node lasts after each renewal; a node that cannot renew for so long loses its partitions.
const DefaultTerm = 10 * time.Second

const (
	firstPause = time.Second      // after a partition failed here twice in a row, before it is taken again
	maxPause   = time.Minute      // longest such pause, which doubles with each failure; more failures make it no longer
	steadyFor  = 10 * time.Second // a partition that served for so long has no failures in a row
)

// Holdings is what a node has: its lease and its partitions. It decides what to take and what to give back. It is a value with
// no goroutine and no clock; whoever drives it reports what the registry answered, in the order in which it was asked, and what
// became of each partition.
type Holdings struct {
	term     time.Duration
	id       nodes.ID // "": it has not joined
	lease    Lease
	sent     time.Duration // when the newest view was asked for
	view     nodes.View
	parts    []holding // by number
	living   []nodes.ID
	same     time.Duration // since when the living nodes are the same
	leaving  map[nodes.ID]bool
	stopping bool
}

// holding is what a node has of a partition.
type holding struct {
	stage  stage
	epoch  uint64        // under which it was taken
	lost   bool          // it is being opened or closed, and is this node's no more
	give   bool          // it goes back to the registry once it is closed
	opened time.Duration // when it began to serve
	failed int           // failures in a row
	pause  time.Duration // it is not taken before
	free   bool          // no living node has it, as far as this one saw
	since  time.Duration // since when it is free
	after  uint64        // the epoch of its owner before
}

// stage is how far a partition is here.
type stage int

const (
	idle stage = iota
	opening
	open
	closing
	dropping
)

// Plan is what a node should do now.
type Plan struct {
	Take    []int             // ask the registry for them, and open what it gives
	Close   []int             // give them back in order
	Release []nodes.Partition // they are closed: give them back to the registry
}

// NewHoldings returns what a node has before it joins. It has a lease of this term after each renewal.
func NewHoldings(term time.Duration) *Holdings {
	return &Holdings{term: term, leaving: map[nodes.ID]bool{}}
}

// Joined notes that the node has joined. Sent is the instant before the request was.
func (h *Holdings) Joined(id nodes.ID, sent time.Duration) {
	h.id, h.lease, h.sent = id, NewLease(sent, h.term), sent
	h.living, h.same = nil, sent
}

// Renewed notes a renewal of the lease, and what the registry had then. It returns the partitions that are lost: another node
// has them now. Those that serve have to be dropped; for others an Open or a Close is under way, which should end soon.
func (h *Holdings) Renewed(v nodes.View, sent, now time.Duration) (lost []int) {
	h.lease, h.sent, h.view = NewLease(sent, h.term), sent, v
	h.view.Partitions = slices.Clone(v.Partitions)
	if len(h.parts) < len(v.Partitions) {
		h.parts = append(h.parts, make([]holding, len(v.Partitions)-len(h.parts))...)
	}
	s := spreadOf(&h.view, nil)
	var living []nodes.ID
	for _, n := range v.Nodes {
		if s.alive[n.ID] {
			living = append(living, n.ID)
		}
	}
	if !slices.Equal(living, h.living) {
		h.living, h.same = living, now
	}
	for i, p := range h.view.Partitions {
		x := &h.parts[i]
		if s.alive[p.Owner] {
			x.free = false
		} else if !x.free || x.after != p.Epoch {
			x.free, x.since, x.after = true, now, p.Epoch
		}
		if x.served() && (p.Owner != h.id || p.Epoch != x.epoch) {
			x.lose()
			lost = append(lost, i)
		}
	}
	return lost
}

// served reports whether the node acts for the partition.
func (x *holding) served() bool {
	return !x.lost && (x.stage == opening || x.stage == open || x.stage == closing)
}

// lose makes the node act for the partition no more.
func (x *holding) lose() {
	if x.stage == open {
		x.stage = dropping
	} else {
		x.lost = true
	}
}

// Holds reports whether the node may act for a partition.
func (h *Holdings) Holds(number int, now time.Duration) bool {
	return number >= 0 && number < len(h.parts) && h.parts[number].served() && h.Valid(now)
}

// Valid reports whether the node may act for its partitions.
func (h *Holdings) Valid(now time.Duration) bool { return h.id != "" && h.lease.Valid(now) }

// Left is how long it may do so without a renewal.
func (h *Holdings) Left(now time.Duration) time.Duration { return h.lease.Left(now) }

// RenewAt is when the lease is renewed next: after a third of the term, and earlier if the lease of another node ends then that
// has partitions.
func (h *Holdings) RenewAt() time.Duration {
	at := h.sent + h.term/3
	owners := map[nodes.ID]bool{}
	for _, p := range h.view.Partitions {
		owners[p.Owner] = true
	}
	for _, n := range h.view.Nodes {
		if left := n.Expires.Sub(h.view.Now); !n.Dead && owners[n.ID] && n.ID != h.id && left > 0 {
			at = min(at, h.sent+left+h.term/100)
		}
	}
	return at
}

// Forfeit notes that the lease is lost. It returns the partitions that are lost with it, as Renewed does. The node may join
// again with another ID.
func (h *Holdings) Forfeit() (lost []int) {
	h.id, h.lease = "", Lease{}
	for i := range h.parts {
		if h.parts[i].served() {
			h.parts[i].lose()
			lost = append(lost, i)
		}
	}
	return lost
}

// Stop makes the node give everything back and take nothing more.
func (h *Holdings) Stop() { h.stopping = true }

// Leaving notes that another node stops: nobody gives it partitions any more.
func (h *Holdings) Leaving(id nodes.ID) { h.leaving[id] = true }

// Empty reports whether the node has nothing left, here and in the registry.
func (h *Holdings) Empty() bool {
	return !slices.ContainsFunc(h.parts, func(x holding) bool { return x.stage != idle }) &&
		!slices.ContainsFunc(h.view.Partitions, func(p nodes.Partition) bool { return h.id != "" && p.Owner == h.id })
}

// Plan returns what to do now. The caller reports each thing as soon as it is done, before it asks again.
func (h *Holdings) Plan(now time.Duration) (p Plan) {
	if !h.Valid(now) {
		return Plan{}
	}
	gives := false
	for i, at := range h.view.Partitions {
		x := &h.parts[i]
		gives = gives || x.stage == closing
		switch {
		case x.stage == open && h.stopping:
			p.Close = append(p.Close, i)
		case x.stage != idle || at.Owner != h.id:
		case h.stopping || x.give:
			p.Release = append(p.Release, at)
		case now >= x.pause: // its loop failed, or the answer to the taking did not come
			p.Take = append(p.Take, i)
		}
	}
	if h.stopping {
		return p
	}
	s := spreadOf(&h.view, h.leaving)
	p.Take = append(p.Take, h.share(s, now)...)
	if !gives && len(p.Release) == 0 && now >= h.same+h.calm() && s.giver() == h.id {
		p.Close = append(p.Close, h.last()...)
	}
	return p
}

// calm is how long the living nodes have to be the same before partitions move that have an owner.
func (h *Holdings) calm() time.Duration { return h.term / 2 }

// patience is how long a node leaves a partition to each of those who come before it.
func (h *Holdings) patience() time.Duration { return h.term / 2 }

// share returns the partitions without an owner that are this node's turn.
func (h *Holdings) share(s *spread, now time.Duration) (mine []int) {
	dealt := s.deal()
	for _, p := range s.free {
		x := &h.parts[p.Number]
		turn := slices.Index(dealt[p.Number], h.id)
		if turn >= 0 && x.stage == idle && now >= x.pause && now >= x.since+time.Duration(turn)*h.patience() {
			mine = append(mine, p.Number)
		}
	}
	return mine
}

// last returns the last partition that serves here.
func (h *Holdings) last() []int {
	for i := len(h.parts) - 1; i >= 0; i-- {
		if h.parts[i].stage == open {
			return []int{i}
		}
	}
	return nil
}

// Taken notes what the registry gave of the partitions that it was asked for. Each is opened next. It gave nothing if it
// refused, or if nobody knows.
func (h *Holdings) Taken(asked []int, got []nodes.Partition, now time.Duration) {
	for _, n := range asked {
		h.parts[n].pause = max(h.parts[n].pause, now+h.term/10)
	}
	for _, p := range got {
		h.view.Partitions[p.Number] = p
		x := &h.parts[p.Number]
		x.stage, x.epoch, x.give, x.free, x.pause = opening, p.Epoch, false, false, 0
	}
}

// Opened notes that an Open has ended well. It reports whether the partition serves; if not, it was lost meanwhile, and has to be
// dropped.
func (h *Holdings) Opened(number int, now time.Duration) bool {
	x := &h.parts[number]
	if x.lost {
		x.stage, x.lost = dropping, false
		return false
	}
	x.stage, x.opened = open, now
	return true
}

// NotOpened notes that an Open has failed. The partition goes back, and others come first.
func (h *Holdings) NotOpened(number int, now time.Duration) {
	x := &h.parts[number]
	if x.stage = idle; !x.lost {
		x.fail(now)
		x.give = true
	}
	x.lost = false
}

// Failed notes that the loop of a partition that serves has ended by itself; it has to be dropped. It is taken again at once, and
// after another failure it goes back.
func (h *Holdings) Failed(number int, now time.Duration) {
	x := &h.parts[number]
	if now >= x.opened+steadyFor {
		x.failed = 0
	}
	x.stage = dropping
	x.fail(now)
	x.give = x.failed > 1
	if !x.give {
		x.pause = now
	}
}

func (x *holding) fail(now time.Duration) {
	x.failed++
	x.pause = now + min(firstPause<<min(x.failed-1, 10), maxPause)
}

// Closing notes that a partition is being given back.
func (h *Holdings) Closing(number int) { h.parts[number].stage = closing }

// Closed notes that a Close has ended well: the partition goes back.
func (h *Holdings) Closed(number int) {
	x := &h.parts[number]
	x.stage, x.give, x.lost = idle, !x.lost, false
}

// NotClosed notes that a Close has failed. The partition has to be dropped, and goes back then.
func (h *Holdings) NotClosed(number int) {
	x := &h.parts[number]
	x.stage, x.give, x.lost = dropping, !x.lost, false
}

// Dropped notes that nothing acts for a partition any more.
func (h *Holdings) Dropped(number int) { h.parts[number].stage = idle }

// Released notes that the registry has a partition back.
func (h *Holdings) Released(number int, now time.Duration) {
	p := &h.view.Partitions[number]
	p.Owner, p.Last = "", h.id
	x := &h.parts[number]
	x.give, x.free, x.since, x.after = false, true, now, p.Epoch
}
