package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"nudge/engine"
)

// notOnce is what a condition of a trigger reads that is not the event's alone.
var notOnce = regexp.MustCompile(`\b(data|profile|now)\b|\b(date|time|weekday|day|month|days_between|open)\(`)

// once reports whether the condition of a trigger for an audience is asked when the event
// comes, and not for each person.
func (t *trigger) once() bool { return !notOnce.MatchString(t.if_) }

// fireBy begins the campaign of an event.
func (w *World) fireBy(f *Flow, trigger int, h *happening, key string) {
	name := w.in.ID
	if ev := w.in.Payload.(*engine.Event); ev.Passed != nil {
		name = ev.Passed.ID
	}
	if name == "" {
		name = w.firstRunID()
	}
	if trigger > 0 {
		name = fmt.Sprintf("%s#%d", name, trigger+1)
	}
	if len(w.Unwalked()) >= engine.MaxOpenCampaigns {
		panic("the model knows no campaign that waits for a place")
	}
	w.Reached["campaign of an event"]++
	w.fire(&campaign{flow: f, trigger: trigger, due: w.stamp, status: engine.Freezing, event: h, name: f.Name + "@" + name, key: key})
}

// tellFirings gives an event to the campaigns of events that still have rows to take.
func (w *World) tellFirings(h *happening) {
	for _, f := range w.openFirings() {
		if int(f.number>>48) != w.div.partition.Number {
			continue // it hears of it from the partition that fired it
		}
		if every, some := f.hears(h); some {
			w.hear(f, h, every)
		}
	}
}

// hear gives an event to the rows to come, in all partitions.
func (w *World) hear(f *campaign, h *happening, every bool) {
	_, had := f.members[h.who]
	switch {
	case f.exited || !f.isOpen() || !every && h.who != "" && had:
		return
	case every:
		w.Reached["an event left the rows to come out"]++
		f.exited, f.kept = true, nil
	default:
		w.Reached["an event kept for the rows to come"]++
		f.kept = append(slices.Clone(f.kept), *h)
	}
	w.fired[f] = true
	if len(f.kept) > engine.MaxKept {
		f.status, f.kept = engine.CampaignFailed, nil
		w.tellParts(f, engine.CampaignControl{Do: engine.CampaignFail})
		return
	}
	w.tellParts(f, engine.CampaignControl{Do: engine.CampaignHear, Every: every, Event: &engine.Signal{Event: h.event, Who: h.who}})
}

// openFirings are those campaigns, in their order.
func (w *World) openFirings() (open []*campaign) {
	for _, number := range slices.Sorted(maps.Keys(w.campaigns)) {
		if f := w.campaigns[number]; f.event != nil && f.isOpen() {
			open = append(open, f)
		}
	}
	return open
}

// hears says whether exits of the flow name an event by the campaign's key: one that every run
// leaves by, or any.
func (f *campaign) hears(h *happening) (every, some bool) {
	for _, l := range f.flow.exits {
		if l.signal != "event" || l.of != h.event || l.key == "" || l.key == "any" || f.key == "" || !f.flow.knows(h) {
			continue
		}
		if key, ok := keyOf(l.key, h); ok && key == f.key {
			every, some = every || l.if_ == "" && l.by == "", true
		}
	}
	return every, some
}

// dataFor is the data of a run for a row: the row's, and that of the event.
func (f *campaign) dataFor(row *engine.Row) map[string]any {
	data := object(row.Data)
	if f.event != nil {
		maps.Copy(data, f.event.data)
	}
	return data
}

// leaveByKept asks the exits for what came before the row of the run was taken.
func (w *walk) leaveByKept() *way {
	for i := range w.f.kept {
		h := &w.f.kept[i]
		if way := w.ask(w.lists[:1], h, func(l *line) bool { return l.signal == "event" && w.matches(l, h) }); way != nil {
			w.mark("left by an event that was kept for the row")
			return way
		}
	}
	return nil
}
