package simtest

import (
	"errors"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store/nodes"
)

// tail is the last commits of the database.
type tail struct {
	lost    bool         // so what was committed and said before is no measure any more
	noticed map[int]bool // by partition: a process has said so
}

// failOver ends a history with a failover of the database to a server that does not have its last commits. What was confirmed is gone then,
// so what follows is not held against what was before. It is held against what is promised of such a failover: each process whose commits
// are lost stops at its next one and says why, and a message that goes out twice is one of a partition of which somebody has said so.
func (f *fleet) failOver() error {
	w := f.w
	setBack, commands := f.registry.Keep(), len(w.apart.log.all)
	kept := make([]*faultyDisk, len(w.parts))
	for i, p := range w.parts {
		kept[i] = &faultyDisk{KV: copied(p.disk.KV), commits: p.disk.commits}
	}
	if err := w.live(f.upTo(time.Hour)); err != nil || w.endless() {
		return err
	}
	w.reached["a failover that loses commits"]++
	w.each(f.handsOverYet)
	setBack()
	w.others.tail.lost = true
	for i, p := range w.parts {
		if p.loop != nil {
			p.owned.lost = p.disk.commits - kept[i].commits
		}
		for _, n := range f.all {
			for _, g := range n.ghosts {
				if g.of == p {
					w.reached["a failover while a process stands still"]++
				}
			}
		}
		p.disk.KV, p.disk.commits = kept[i].KV, kept[i].commits
		w.apart.told[i] = min(w.apart.told[i], uint64(commands))
	}
	w.apart.log.all, w.apart.log.stopped = w.apart.log.all[:commands], false
	for _, x := range w.apart.pending {
		if x.told != nil {
			x.told(nil)
		}
	}
	w.apart.pending = nil
	return w.live(3 * time.Hour)
}

// handsOverYet lets the process in hand hand over what it owes, for as long as it does not know that the database has lost that.
func (f *fleet) handsOverYet() {
	w, life := f.w, f.w.life
	for to := range w.parts {
		if w.loop == nil || w.loop.Core().Backlog(to) == 0 {
			continue
		}
		h, err := w.loop.Handover(to, 20)
		if err != nil || h == nil {
			continue
		}
		w.onItsNode(f.upTo(10*time.Minute), func() {
			if life == w.life && w.loop != nil && w.owned.lost > 0 {
				w.reached["handed over what is lost"]++
				w.reach(to, h)
			}
		})
	}
}

// keepsOn takes a batch that was kept after the database was set back. No process keeps one whose own commits are lost.
func (m *machine) keepsOn(b *engine.Batch) error {
	if m.seq = b.State.Seq; m.owned.lost > 0 {
		return broken("I11", "a process goes on in partition %d, and %d of its commits are lost", m.part.Number, m.owned.lost)
	}
	return nil
}

// stopsFor reports whether a process may stop with an error after the database was set back.
func (m *machine) stopsFor(err error) bool {
	switch {
	case errors.Is(err, errTail):
		m.reached["a lost tail is noticed"]++
	case errors.Is(err, runner.ErrGap):
		m.reached["a gap after a lost tail"]++
	case errors.Is(err, nodes.ErrNotOwner): // somebody else took it since, and has written as much as was lost
		return true
	default:
		return false
	}
	m.others.tail.noticed[m.part.Number] = true
	return true
}

// gap takes that inputs between two partitions are missing: after a lost tail it may be.
func (w *world) gap(err error, v error) {
	if w.blind() && errors.Is(err, runner.ErrGap) {
		w.reached["a gap after a lost tail"]++
		return
	}
	w.err = v
}

// goesOut takes that a node posts a message.
func (n *simNode) goesOut(p engine.Post) {
	w, of := n.w, n.w.part.Number
	n.out[p.Content.Ref]++
	switch {
	case n.out[p.Content.Ref] == 1 || w.err != nil:
	case !w.blind():
		w.err = broken("I3", "attempt %d of message %d of run %s goes out twice", p.Attempt, p.Message, p.Run)
	case w.others.tail.noticed[of]:
		w.reached["sent twice after a lost tail"]++
	default:
		w.reached["sent twice after a lost tail that no process could notice"]++
	}
}
