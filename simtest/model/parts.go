package model

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"nudge/engine"
)

// deal gives the partitions the rows of a campaign: no row is lost and none is there twice (I9).
func (w *World) deal(f *campaign, in *engine.Snapshot) {
	sum := 0
	for _, rows := range in.Dealt {
		sum += rows
	}
	if sum != in.Rows || len(in.Dealt) != w.div.partition.Of {
		w.fail("%d rows of campaign %s are dealt as %v (I9)", in.Rows, f.id(), in.Dealt)
	}
	own := w.div.partition.Number
	f.total, f.dealt, f.rows, f.audience = in.Rows, slices.Clone(in.Dealt), in.Dealt[own], fmt.Sprintf("%s.%d", in.Audience, own)
	f.waits, f.busy, f.joined = map[int]bool{}, map[int]bool{}, w.stamp
	for p, rows := range in.Dealt {
		if p == own || rows == 0 {
			continue
		}
		w.Reached["a part of a campaign"]++
		f.waits[p], f.busy[p] = true, true
		part := &engine.Part{ID: f.id(), Flow: f.flow.Name, Version: f.flow.Version, Trigger: f.trigger, Due: f.due, Local: f.local, Since: f.since,
			Paused: f.paused, Key: f.key, Exited: f.exited, Total: f.total}
		w.owe(p, &engine.Input{Depth: w.in.Depth, Payload: &engine.Snapshot{Campaign: f.number, Audience: fmt.Sprintf("%s.%d", in.Audience, p), Rows: rows, Part: part}})
	}
	if f.status = engine.Freezing; len(f.waits) == 0 {
		f.status = engine.Walking
	}
}

// begin lets all partitions take their rows, and says to each who of its people was forgotten meanwhile.
func (w *World) begin(f *campaign) {
	f.status, f.joined, f.waits = engine.Walking, w.stamp, maps.Clone(f.busy)
	for _, p := range slices.Sorted(maps.Keys(f.busy)) {
		s := &engine.CampaignControl{Do: engine.CampaignBegin, Campaign: f.number}
		for who := range f.members {
			if w.partitionOf(who) == p {
				w.Reached["forgotten before the rows were dealt"]++
				s.Gone = append(s.Gone, engine.MemberOf(f.number, who).Person)
			}
		}
		w.owe(p, &engine.Input{Depth: w.in.Depth, Payload: s})
	}
}

// compareParts holds how a campaign is dealt against the model.
func (w *World) compareParts(f *campaign, got *engine.Campaign) {
	if got.Total != f.total || !slices.Equal(got.Dealt, f.dealt) || len(got.Await) != len(f.waits) || len(got.Busy) != len(f.busy) || got.Over != f.ended {
		w.fail("campaign %s has %d rows in all, dealt as %v, and waits for %v, want %d, %v and %v (I9)", got.ID, got.Total, got.Dealt, got.Await, f.total, f.dealt, f.waits)
	}
}

// sameSaid holds what is said to a partition about a campaign against what must be said.
func sameSaid(p, q *engine.CampaignControl) bool {
	event := func(h *engine.Signal) string {
		if h == nil {
			return ""
		}
		return h.Event + " of " + h.Who
	}
	people := func(all []engine.PersonHash) []engine.PersonHash {
		return slices.SortedFunc(slices.Values(all), func(a, b engine.PersonHash) int { return slices.Compare(a[:], b[:]) })
	}
	return p.Do == q.Do && p.Campaign == q.Campaign && p.Every == q.Every && p.EndRuns == q.EndRuns && event(p.Event) == event(q.Event) &&
		slices.Equal(people(p.Gone), people(q.Gone))
}

// samePassed holds what an event brings along against what it must bring.
func samePassed(p, q *engine.Passed) bool {
	switch {
	case p.ID != q.ID || !reflect.DeepEqual(set(p.Collected), set(q.Collected)) || (p.Known == nil) != (q.Known == nil),
		!slices.Equal(p.Later, q.Later) || !slices.Equal(p.Via, q.Via) || !slices.Equal(p.Only, q.Only):
		return false
	case p.Known == nil:
		return true
	}
	places := func(k *engine.Known) []place { return sorted(placesOf(&engine.Person{Caps: k.Caps})) }
	return reflect.DeepEqual(object(p.Known.Attributes), object(q.Known.Attributes)) && slices.Equal(places(p.Known), places(q.Known))
}

// endParts is what follows where campaigns are over in this partition: it says so, once.
func (w *World) endParts() {
	if !w.divided() {
		return
	}
	for _, number := range slices.Sorted(maps.Keys(w.campaigns)) {
		f := w.campaigns[number]
		if f.total == 0 || f.ended || f.isOpen() || f.live() > 0 {
			continue
		}
		f.ended = true
		w.fired[f] = true
		if home := int(number >> 48); home != w.div.partition.Number {
			w.owe(home, &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignOver, Campaign: number}})
		}
	}
}

// samePart holds what is said to a partition of a campaign against what must be said; events are told by their number.
func samePart(want, got *engine.Snapshot) bool {
	if want.Part == nil || got.Part == nil {
		return false
	}
	p, q := *want.Part, *got.Part
	return want.Campaign == got.Campaign && want.Audience == got.Audience && want.Rows == got.Rows && p.ID == q.ID && p.Flow == q.Flow && p.Version == q.Version &&
		p.Trigger == q.Trigger && p.Due == q.Due && p.Local == q.Local && p.Since == q.Since && p.Paused == q.Paused && p.Key == q.Key && p.Exited == q.Exited &&
		p.Total == q.Total
}

// joinCampaign takes up the rows that another partition has dealt to this one.
func (w *World) joinCampaign(in *engine.Snapshot) {
	p := in.Part
	home := w.div.worlds[in.Campaign>>48]
	of := home.campaigns[in.Campaign]
	if of == nil || w.campaigns[in.Campaign] != nil || in.Rows != of.dealt[w.div.partition.Number] || in.Rows == 0 {
		w.fail("campaign %s comes with %d rows (I9)", p.ID, in.Rows)
	}
	flow := w.versions[engine.FlowVersion{Flow: p.Flow, Version: p.Version}]
	if flow == nil {
		w.fail("campaign %s is of a version of %s that is not known here", p.ID, p.Flow)
	}
	f := &campaign{number: in.Campaign, flow: flow, trigger: p.Trigger, due: p.Due, since: p.Since, local: p.Local, paused: p.Paused, in: w.installation,
		status: engine.Freezing, audience: in.Audience, rows: in.Rows, total: p.Total, name: p.ID, key: p.Key, exited: p.Exited, joined: w.stamp,
		left: map[string]int{}, lanes: map[engine.Instant]int{}, members: map[string]*Run{}}
	if p.Event.Event != "" {
		f.event = heardAs(&p.Event)
	}
	for i := range p.Kept {
		f.kept = append(f.kept, *heardAs(&p.Kept[i]))
	}
	w.campaigns[f.number] = f
	w.fired[f] = true
	w.owe(int(f.number>>48), &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignReady, Campaign: f.number}})
}

// heardAs is an event that a campaign keeps.
func heardAs(h *engine.Signal) *happening {
	return &happening{at: h.At, event: h.Event, who: h.Who, data: object(h.Data), raw: string(h.Data), depth: h.Depth}
}

// keepsRate holds the runs of a part to its share of the rate: all parts together never exceed it.
func (w *World) keepsRate(f *campaign) {
	if f.total == 0 || f.local || f.schedule().pace == 0 {
		return
	}
	w.Reached["a part of a campaign with a rate"]++
	passed := w.stamp.Time().Sub(f.joined.Time())
	if most := float64(passed) / float64(f.schedule().pace) * float64(f.rows) / float64(f.total); float64(f.started) > most+0.01 {
		w.fail("campaign %s has started %d runs here within %s, and its share of the rate are %.2f", f.id(), f.started, passed, most)
	}
}

// allTaken ends the taking of rows, and says so where the campaign was fired.
func (w *World) allTaken(f *campaign) {
	f.status = engine.Walked
	if home := int(f.number >> 48); w.divided() && home != w.div.partition.Number {
		w.owe(home, &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignTaken, Campaign: f.number}})
	}
}

// between is what partitions say to each other about a campaign. It reports whether it was that.
func (w *World) between(f *campaign, s *engine.CampaignControl) bool {
	switch s.Do {
	case engine.CampaignReady:
		w.fired[f] = true
		if delete(f.waits, w.in.Origin.From); len(f.waits) == 0 && f.status == engine.Freezing {
			w.begin(f)
		}
	case engine.CampaignBegin:
		if f.status != engine.Freezing {
			return true
		}
		w.fired[f] = true
		f.status, f.joined = engine.Walking, w.stamp
		for who := range w.div.worlds[f.number>>48].campaigns[f.number].members { // the judges know whom a hash means
			if _, had := f.members[who]; !had && slices.Contains(s.Gone, engine.MemberOf(f.number, who).Person) {
				f.members[who] = nil
			}
		}
	case engine.CampaignTaken:
		delete(f.waits, w.in.Origin.From)
		w.fired[f] = true
		if f.status == engine.Walking && f.walked == f.rows && len(f.waits) == 0 {
			w.Reached["all parts of a campaign are taken"]++
			w.allTaken(f)
		}
	case engine.CampaignOver:
		delete(f.busy, w.in.Origin.From)
		w.fired[f] = true
		w.Reached["a part of a campaign is over"]++
	case engine.CampaignHear:
		w.hear(f, heardAs(s.Event), s.Every)
	case engine.CampaignFail:
		if f.isOpen() {
			f.status, f.kept = engine.CampaignFailed, nil
			w.fired[f] = true
		}
	default:
		return false
	}
	return true
}

// tellParts says something to all other partitions that have rows of a campaign.
func (w *World) tellParts(f *campaign, s engine.CampaignControl) {
	s.Campaign = f.number
	for p, rows := range f.dealt {
		if rows > 0 && p != w.div.partition.Number {
			one := s
			w.owe(p, &engine.Input{Depth: w.in.Depth, Payload: &one})
		}
	}
}

// longest is longer than any pause between two people of a campaign.
const longest = 400 * 24 * time.Hour

// slotAfter is how long a person of a campaign waits behind others who are due at the same instant.
func (f *campaign) slotAfter(before int) time.Duration {
	if f.total == 0 {
		return time.Duration(before) * f.schedule().pace
	}
	micros := (time.Duration(before+1) * f.schedule().pace).Microseconds()
	return min(longest, time.Duration((micros*int64(f.total)+int64(f.rows)-1)/int64(f.rows))*time.Microsecond)
}
