package model

import (
	"cmp"
	"maps"
	"slices"

	"nudge/engine"
)

type person struct {
	known   map[string]any
	optOuts map[string]bool
	places  []place
	homes   []home // where they lived before
	starts  []start
	queue   []queued
}

type start struct {
	flow, key string
	at        engine.Instant
	reply     bool
}

type queued struct {
	flow, key string
	h         happening
}

func (w *World) personOf(id string) *person {
	p := w.people[id]
	if p == nil {
		p = &person{optOuts: map[string]bool{}}
		w.people[id] = p
	}
	return p
}

func (w *World) profile(c *engine.ProfileChange) {
	p := w.personOf(c.Profile)
	if c.Forget {
		w.forgot = w.seq
		w.only = slices.DeleteFunc(w.only, func(id string) bool { return id == c.Profile })
		for _, r := range w.liveOf(c.Profile) {
			w.feed(r, fact{kind: ends, outcome: engine.OutcomeForgotten})
		}
		w.people[c.Profile] = nil
		w.forgetIn(c.Profile)
		w.forgetAll(c.Profile)
		for _, r := range w.runs {
			r.forgotten = r.forgotten || r.profile == c.Profile
		}
		return
	}
	known := map[string]any{}
	if !c.Replace {
		maps.Copy(known, p.known)
	}
	maps.Copy(known, object(c.Set))
	maps.DeleteFunc(known, func(_ string, v any) bool { return v == nil })
	p.moves(p.known["timezone"], known["timezone"], w.stamp)
	p.known = known
	if c.OptOuts != nil {
		p.optOuts = map[string]bool{}
		for _, o := range *c.OptOuts {
			p.optOuts[o] = true
		}
	}
	if c.OptOut+c.OptIn != "" { // what was decided before goes by the map as it was
		own := map[string]bool{}
		maps.Copy(own, p.optOuts)
		p.optOuts = own
	}
	if c.OptOut != "" {
		p.optOuts[c.OptOut] = true
	}
	switch c.OptIn {
	case "":
	case engine.OptOutAll:
		p.optOuts = map[string]bool{}
	default:
		delete(p.optOuts, c.OptIn)
	}
	for _, r := range w.liveOf(c.Profile) {
		if w.feed(r, fact{kind: touched}); r.now.status == engine.Parked {
			w.feed(r, fact{kind: relocates})
		}
	}
}

// With are the people of whom a word is known, in order.
func (w *World) With(name, word string) (people []string) {
	for _, part := range w.all() {
		for id, p := range part.people {
			if p != nil && p.known[name] == word {
				people = append(people, id)
			}
		}
	}
	slices.Sort(people)
	return people
}

// Stored are the people of whom anything is kept, in the order in which a store lists them.
func (w *World) Stored() (people []string) {
	for _, part := range w.all() {
		people = append(people, part.stored()...)
	}
	slices.SortFunc(people, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return people
}

func (w *World) stored() (people []string) {
	for id, p := range w.people {
		if p != nil && len(p.known)+len(p.optOuts)+len(p.places)+len(p.starts)+len(p.queue) > 0 {
			people = append(people, id)
		}
	}
	return people
}
