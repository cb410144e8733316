package model

import (
	"maps"
	"slices"

	"nudge/engine"
)

// Run is a run by its history.
type Run struct {
	world      *World
	id         engine.RunID
	begun      *Flow // the version it began with
	flow       *Flow // the one it is of now
	profile    string
	key        string
	by         string
	data       map[string]any
	depth      int
	parent     engine.RunID
	parentCall int // which of the parent's calls it follows from
	facts      []fact
	now        *walk
	campaign   *campaign
	begins     engine.Instant // when its person's own time comes, where it waits for that
	own        int            // minutes of the person's own time of day, if it was read at once; else -1
	seen       int            // entries of its path that were compared
	logged     int            // and of its timeline
	gathered   bool
	forgotten  bool
	lost       bool           // its record was damaged
	counted    map[went]int64 // by the engine, so far
	learned    map[uint64]engine.Instant
	told       map[int]engine.Entry // that were learned from, by their place on the timeline
	late       map[int]bool         // whether a deferred message was given up there
	bodies     map[int]string       // of messages, where they are known
	convs      map[int]string       // the conversations they were posted to
}

// known is a run that is there.
func (w *World) known(id engine.RunID) *Run {
	r := w.runs[id]
	if r == nil {
		w.fail("there is no run %s", id)
	}
	return r
}

func (r *Run) over() bool { return r.now.status == engine.Ended || r.now.status == engine.LeftOut }

// feed lets a fact happen to a run, and what follows from it to the world. It reports
// whether the run took anything from it.
func (w *World) feed(r *Run, f fact) (moved bool) {
	if !w.try(r, f) {
		return false
	}
	w.follow(r)
	return true
}

// try lets a fact happen to a run; one that comes to nothing has not happened.
func (w *World) try(r *Run, f fact) (moved bool) {
	w.around(r, &f)
	before := r.now
	r.facts = append(r.facts, f)
	r.gathered = false
	r.now = w.live(r)
	if !r.now.moved {
		r.facts = r.facts[:len(r.facts)-1]
		r.now = before
		return false
	}
	r.flow = r.now.flow
	return true
}

// around notes in a fact what holds in the world when it happens.
func (w *World) around(r *Run, f *fact) {
	p := w.personOf(r.profile)
	f.now, f.seq, f.depth, f.slots = w.stamp, w.seq, w.in.Depth, w.slots
	f.known, f.outs, f.places, f.homes, f.categories = p.known, p.optOuts, p.places, p.homes, w.categories
	f.paused = r.campaign != nil && w.holds(r.campaign)
	if r.now != nil && r.now.status == engine.Parked {
		f.entry, f.lanes = w.refuses(r.flow, r), maps.Clone(r.campaign.lanes)
	}
	f.accounts, f.down = w.accounts, w.down
	f.allows = w.outbound != engine.OutboundOnly || slices.Contains(w.only, r.profile)
}

// live walks through a run, and says of which one where that breaks.
func (w *World) live(r *Run) *walk {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(*Violation); !ok {
				w.failIn(r, "run %s of %s: %v", r.id, r.flow.Name, p)
			}
			panic(p)
		}
	}()
	return live(r)
}

// follow carries out what follows from a run's last fact.
func (w *World) follow(r *Run) {
	w.changed[r] = true
	if !slices.Contains(w.touched, r) {
		w.touched = append(w.touched, r)
	}
	for _, n := range r.now.claims {
		w.slots = w.slots.without(r.now.messages[n-1].account)
	}
	for _, e := range r.now.effects {
		w.effect(r, e)
	}
	if r.over() {
		w.order = slices.DeleteFunc(w.order, func(x *Run) bool { return x == r })
	}
}

func (w *World) liveOf(profile string) (runs []*Run) {
	for _, r := range w.order {
		if r.profile == profile {
			runs = append(runs, r)
		}
	}
	return runs
}
