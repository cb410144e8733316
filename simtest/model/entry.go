package model

import (
	"slices"
	"strconv"

	"nudge/engine"
)

func itoa(n int) string { return strconv.Itoa(n) }

// begunOf are the live runs of a person that have begun: one that is parked for its person's
// own time is not there for any entry.
func (w *World) begunOf(profile string) []*Run {
	return slices.DeleteFunc(w.liveOf(profile), func(x *Run) bool { return x.now.status == engine.Parked })
}

// sameAs are those of some runs that an entry takes for another start of the same.
func sameAs(live []*Run, f *Flow, key string) []*Run {
	return slices.DeleteFunc(slices.Clone(live), func(x *Run) bool {
		return x.flow.Name != f.Name || x.key != key || x.now.freed
	})
}

// refuses says why the entry would leave a row of a campaign out; empty where it would not.
func (w *World) refuses(f *Flow, r *Run) string {
	live := w.begunOf(r.profile)
	same := sameAs(live, f, r.key)
	if len(same) > 0 && (f.running == "skip" || f.running == "queue") {
		return engine.LeftRunning
	}
	restarted := f.running == "restart" && len(same) > 0
	if restarted {
		live = slices.DeleteFunc(live, func(x *Run) bool { return slices.Contains(same, x) })
	}
	if len(live) >= engine.MaxLiveRuns {
		return engine.LeftLimit
	}
	if f.atMost > 0 && !restarted {
		_, counted := w.startsLike(w.personOf(r.profile), start{flow: f.Name, key: r.key}, w.stillCounts(f))
		if len(counted) >= f.atMost {
			return engine.LeftLimit
		}
	}
	return ""
}

// letIn is what the entry does when a run that was parked begins.
func (w *World) letIn(r *Run) {
	same := sameAs(w.begunOf(r.profile), r.flow, r.key)
	same = slices.DeleteFunc(same, func(x *Run) bool { return x == r })
	restarted := r.flow.running == "restart" && len(same) > 0
	if r.flow.atMost > 0 && !restarted {
		w.counts(w.personOf(r.profile), r.flow.atMost, start{flow: r.flow.Name, key: r.key}, w.stillCounts(r.flow))
	}
	for _, x := range same {
		if restarted {
			w.Reached["entry restarted"]++
			w.feed(x, fact{kind: ends, outcome: engine.OutcomeRestarted})
		}
	}
}

// stillCounts says of an earlier start whether at_most still counts it.
func (w *World) stillCounts(f *Flow) func(engine.Instant) bool {
	return func(at engine.Instant) bool {
		return f.per == (span{}) || f.per.after(at.Time(), f.zone).After(w.stamp.Time())
	}
}

// enter starts a run where the flow's entry lets it.
func (w *World) enter(f *Flow, r *Run, h *happening) {
	live := w.begunOf(r.profile)
	same := sameAs(live, f, r.key)
	p := w.personOf(r.profile)
	if len(same) > 0 {
		switch f.running {
		case "skip":
			w.Reached["entry skipped"]++
			return
		case "queue":
			if len(p.queue) < engine.MaxQueue {
				w.Reached["entry queued"]++
				p.queue = append(p.queue, queued{flow: f.Name, key: r.key, h: *h})
			}
			return
		}
	}
	restarted := f.running == "restart" && len(same) > 0
	if restarted {
		live = slices.DeleteFunc(live, func(x *Run) bool { return slices.Contains(same, x) })
	}
	if w.starts >= engine.MaxStartsPerInput {
		return
	}
	if len(live) >= engine.MaxLiveRuns {
		w.Reached["live runs limit"]++
		return
	}
	if r.by == "reply" && h != nil && h.event == "" && !w.counts(p, engine.MaxReplyStarts, start{flow: f.Name, reply: true}, func(at engine.Instant) bool {
		return at > w.stamp.Add(-engine.ReplyStartsPer)
	}) {
		w.Reached["reply starts limit"]++
		return
	}
	if f.atMost > 0 && !restarted && !w.counts(p, f.atMost, start{flow: f.Name, key: r.key}, w.stillCounts(f)) {
		w.Reached["at_most"]++
		return
	}
	if restarted {
		w.Reached["entry restarted"]++
		for _, x := range same {
			w.feed(x, fact{kind: ends, outcome: engine.OutcomeRestarted})
		}
	}
	w.start(f, r, h)
}

// counts notes one more start, unless there are enough of them. Those that no longer
// count by the limit of the day are forgotten then, also for a longer one later.
func (w *World) counts(p *person, most int, s start, still func(engine.Instant) bool) bool {
	others, counted := w.startsLike(p, s, still)
	if len(counted) >= most {
		return false
	}
	s.at = w.stamp
	p.starts = append(append(others, counted...), s)
	return true
}

// startsLike are the starts of a person that count together with one, and all that have
// nothing to do with it.
func (w *World) startsLike(p *person, s start, still func(engine.Instant) bool) (others, counted []start) {
	for _, old := range p.starts {
		switch {
		case old.flow != s.flow || old.reply != s.reply || old.key != s.key:
			others = append(others, old)
		case still(old.at):
			counted = append(counted, old)
		}
	}
	return others, counted
}

func (w *World) start(f *Flow, r *Run, h *happening) {
	r.world, r.begun, r.flow, r.id = w, f, f, w.runID()
	r.learned, r.told, r.late = map[uint64]engine.Instant{}, map[int]engine.Entry{}, map[int]bool{}
	r.bodies, r.convs = map[int]string{}, map[int]string{}
	w.starts++
	if w.after[r.id] == nil {
		w.fail("a run of %s for %s should have been started", f.Name, r.profile)
	}
	if h != nil && h.event != "" {
		h = nil // only a reply stays in hand
	}
	w.runs[r.id] = r
	w.order = append(w.order, r)
	begin := fact{kind: begins, h: h}
	if r.campaign != nil {
		begin.kept = r.campaign.kept
	}
	w.around(r, &begin)
	r.facts = []fact{begin}
	r.now = w.live(r)
	w.follow(r)
}

// afterEnd is what the end of a run leads to.
func (w *World) afterEnd(r *Run, left []happening) {
	if r.parent != (engine.RunID{}) {
		w.derive(r, &engine.Input{Payload: &engine.ChildEnded{
			Parent: r.parent, Call: r.parentCall, Child: r.id, Outcome: r.now.outcome}})
	}
	f := w.activeNamed(r.flow.Name)
	if f == nil || f.running != "queue" {
		return
	}
	p := w.personOf(r.profile)
	for _, h := range left {
		if h.event != "" && !h.offered && r.flow.collects(h.event) && f.triggersOn(h.event) && len(p.queue) < engine.MaxQueue {
			w.Reached["left over queued"]++
			h.named = nil // a run does not keep what is known of whom an event names
			p.queue = append(p.queue, queued{flow: r.flow.Name, key: r.key, h: h})
		}
	}
	w.next(r, r.flow.Name, r.key)
}

// next takes the next out of a queue of a run's person, if it queues and one waits.
func (w *World) next(r *Run, flow, key string) {
	if f := w.activeNamed(flow); f == nil || f.running != "queue" {
		return
	}
	next := &engine.Dequeue{Flow: flow, Profile: r.profile, Key: key}
	waits := false
	for _, q := range w.personOf(r.profile).queue {
		mine := q.flow == flow && q.key == key
		waits = waits || mine
		if mine && q.h.who != "" && q.h.who != r.profile && !slices.Contains(next.Named, q.h.who) {
			next.Named = append(next.Named, q.h.who)
		}
	}
	if waits {
		w.derive(r, &engine.Input{Payload: next})
	}
}

func (w *World) dequeue(d *engine.Dequeue) {
	f := w.activeNamed(d.Flow)
	p := w.personOf(d.Profile)
	for f != nil {
		busy := slices.ContainsFunc(w.begunOf(d.Profile), func(r *Run) bool {
			return r.flow.Name == d.Flow && r.key == d.Key && !r.now.freed
		})
		i := slices.IndexFunc(p.queue, func(q queued) bool { return q.flow == d.Flow && q.key == d.Key })
		if busy || i < 0 {
			return
		}
		q := p.queue[i]
		p.queue = slices.Delete(slices.Clone(p.queue), i, i+1)
		if q.h.call || w.stillWanted(f, &q.h) {
			w.Reached["dequeued"]++
			w.enter(f, &Run{profile: d.Profile, key: d.Key, by: q.by(), data: q.h.data, depth: q.h.depth}, &q.h)
		}
	}
}

// by is what the run shows as started_by.
func (q *queued) by() string {
	if q.h.event == "" {
		return "reply"
	}
	return q.h.event
}

// stillWanted asks the trigger's if again.
func (w *World) stillWanted(f *Flow, h *happening) bool {
	for i := range f.triggers {
		t := &f.triggers[i]
		if h.event == "" && t.reply && w.wants(f, t, h) {
			return true
		}
		if h.event != "" && t.event == h.event {
			return w.wants(f, t, h)
		}
	}
	return false
}

// call starts a run that was called for.
func (w *World) call(c *engine.Call) {
	f := w.activeNamed(c.Flow)
	parent := w.runs[c.Parent]
	outcome := ""
	if f == nil {
		outcome = "refused"
	} else {
		before := w.starts
		called := &happening{at: w.stamp, event: c.By, data: object(c.Data), depth: w.in.Depth, call: true}
		w.enter(f, &Run{profile: c.Profile, key: c.Key, by: c.By, data: object(c.Data), parent: c.Parent, parentCall: c.Number, depth: w.in.Depth}, called)
		if w.starts == before {
			outcome = "skipped"
		}
	}
	if outcome != "" && w.divided() && c.Parent != (engine.RunID{}) && int(c.Parent[9]) != w.div.partition.Number {
		w.follows(&engine.Input{Depth: w.in.Depth, Payload: &engine.ChildEnded{Parent: c.Parent, Call: c.Number, Outcome: outcome}})
	} else if outcome != "" && parent != nil && !parent.over() {
		w.childEnded(&engine.ChildEnded{Parent: c.Parent, Call: c.Number, Outcome: outcome})
	}
}

func (w *World) childEnded(in *engine.ChildEnded) {
	f := fact{kind: childEnded, call: in.Call, outcome: in.Outcome}
	if r := w.known(in.Parent); !r.over() {
		w.feed(r, f)
	}
}
