package model

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"nudge/engine"
)

// compare holds every run that the batch changed, and every person, against the model.
func (w *World) compare(b *engine.Batch) {
	for _, c := range b.Changes {
		r := w.runs[c.After.ID]
		if r == nil {
			w.failIn(&Run{id: c.After.ID}, "a run of %s for %s should not have been started", c.After.Flow, c.After.Profile)
		}
		if what := r.differs(c.After); what != "" {
			w.failIn(r, "run %s of %s for %s: %s", r.id, r.flow.Name, r.profile, what)
		}
		w.compareCounts(r, c)
		delete(w.changed, r)
	}
	for r := range w.changed {
		w.failIn(r, "run %s of %s for %s should have changed: %s", r.id, r.flow.Name, r.profile, r.stands())
	}
	w.compareCampaigns(b.Campaigns)
	if b.State.Orphans != len(w.orphans) {
		w.fail("%d receipts wait for their message, want %d", b.State.Orphans, len(w.orphans))
	}
	for _, p := range b.People {
		w.comparePerson(p)
	}
}

// differs says in what the engine's run is not the model's; empty for nothing.
func (r *Run) differs(got *engine.Run) string {
	m := r.now
	if what := r.messagesDiffer(got); what != "" {
		return what
	}
	switch {
	case got.Flow != r.flow.Name || got.Version != r.flow.Version:
		return fmt.Sprintf("it is of version %s, want %s", got.Version, r.flow.Version)
	case got.Status != m.status:
		return fmt.Sprintf("it is %s at step %d, want %s at step %d", got.Status, got.At, m.status, m.at)
	case got.Outcome != m.outcome || got.Goal != m.goal || got.Ended != m.ended:
		return fmt.Sprintf("it ended as %q (goal %v) at %s, want %q (goal %v) at %s", got.Outcome, got.Goal, got.Ended, m.outcome, m.goal, m.ended)
	case r.forgotten:
		return ""
	case got.Profile != r.profile || got.Key != r.key || got.StartedBy != r.by || got.Depth != r.depth:
		return fmt.Sprintf("it is for %s with key %q by %s (depth %d), want %s with %q by %s (depth %d)", got.Profile, got.Key, got.StartedBy, got.Depth, r.profile, r.key, r.by, r.depth)
	}
	if what := r.path(got); what != "" {
		return what
	}
	if r.over() {
		return ""
	}
	return r.liveDiffers(got)
}

// messagesDiffer says in what the engine's messages are not the model's.
func (r *Run) messagesDiffer(got *engine.Run) string {
	m := r.now
	kept := m.kept()
	for n, i := range kept[:min(len(kept), len(got.Messages))] {
		message, g := m.messages[i], &got.Messages[n]
		if g.Number != i+1 {
			return fmt.Sprintf("it has message %d, want message %d", g.Number, i+1)
		}
		if r.convs[i] = g.Conversation; !message.borrowed && g.Conversation != message.conv && !r.forgotten {
			return fmt.Sprintf("message %d is in the conversation %q, want %q", i+1, g.Conversation, message.conv)
		}
		if g.Step != message.step || g.Status != message.status || g.Attempt != message.attempt || g.Resends != message.resends || g.Posted != message.posted {
			return fmt.Sprintf("message %d of step %d is %s (attempt %d, %d resends, posted %s), want step %d %s (attempt %d, %d resends, posted %s)",
				i+1, g.Step, g.Status, g.Attempt, g.Resends, g.Posted, message.step, message.status, message.attempt, message.resends, message.posted)
		}
	}
	if len(got.Messages) != len(kept) {
		return fmt.Sprintf("it has %d messages, want %d", len(got.Messages), len(kept))
	}
	return m.reasons(got)
}

// reasons says of which message it is told wrongly why it stays here (I14).
func (w *walk) reasons(got *engine.Run) string {
	for n, i := range w.kept() {
		if g := &got.Messages[n]; g.Accepted != w.messages[i].accepted {
			return fmt.Sprintf("message %d, %s, counts as accepted: %v, want %v", i+1, g.Status, g.Accepted, w.messages[i].accepted)
		}
		if m := &w.messages[i]; m.reason != "" && (m.status == engine.Unsent || m.status == engine.Held) && got.Messages[n].Reason != m.reason {
			return fmt.Sprintf("message %d is %s because of %q, want %q", i+1, m.status, got.Messages[n].Reason, m.reason)
		}
	}
	return ""
}

func (r *Run) liveDiffers(got *engine.Run) string {
	m := r.now
	switch {
	case got.At != m.at:
		return fmt.Sprintf("it is at step %d, want step %d", got.At, m.at)
	case got.Deadline != m.deadline():
		return fmt.Sprintf("its deadline is %s, want %s (I5)", got.Deadline, m.deadline())
	case got.Freed != m.freed:
		return fmt.Sprintf("its key is free: %v, want %v", got.Freed, m.freed)
	case len(got.Mailbox) != len(m.mailbox):
		return fmt.Sprintf("%d things are held for it, want %d", len(got.Mailbox), len(m.mailbox))
	case len(got.Repeats) != len(m.loops):
		return fmt.Sprintf("it is in %d loops, want %d", len(got.Repeats), len(m.loops))
	case len(got.Vars) != len(m.vars):
		return fmt.Sprintf("it has %d variables, want %d", len(got.Vars), len(m.vars))
	}
	for i, l := range got.Repeats {
		if l.Round != m.loops[i].round || l.Step != m.loops[i].step {
			return fmt.Sprintf("it is in round %d of step %d, want round %d of step %d", l.Round, l.Step, m.loops[i].round, m.loops[i].step)
		}
	}
	for _, v := range got.Vars {
		if want := m.vars[v.Name]; !kept(v.Value, want) {
			return fmt.Sprintf("variable %s is %s, want %v", v.Name, v.Value, want)
		}
	}
	return m.outcomes(got)
}

// outcomes says which step has another outcome than it should: that of its last time counts.
func (w *walk) outcomes(got *engine.Run) string {
	newest := map[int]string{}
	for _, end := range w.waits {
		newest[end.step] = end.outcome
	}
	seen := map[int]string{}
	for _, end := range got.Waits {
		seen[end.Step] = end.Outcome
	}
	for step, outcome := range newest {
		if seen[step] != outcome {
			return fmt.Sprintf("the outcome of step %d is %q, want %q", step, seen[step], outcome)
		}
	}
	counts := map[int]int{}
	for _, c := range got.Collected {
		counts[c.Step] = len(c.Signals)
	}
	for step, n := range counts {
		if n != len(w.items[step]) {
			return fmt.Sprintf("step %d has %d items, want %d", step, n, len(w.items[step]))
		}
	}
	if len(seen) != len(newest) {
		return fmt.Sprintf("%d steps have an outcome, want %d", len(seen), len(newest))
	}
	return ""
}

// untold are the kinds of entries that a timeline may have and no reading foresees.
var untold = map[engine.Kind]bool{
	engine.KindLeft: true, engine.KindError: true, engine.KindQuarantined: true,
}

// path holds what the timeline tells against what happened (I2, I14).
func (r *Run) path(got *engine.Run) string {
	if what := r.now.letsGo(got); what != "" {
		return what
	}
	told, want := tellable(got.Since(r.logged)), r.now.path[min(r.seen, len(r.now.path)):]
	for i := range max(len(told), len(want)) {
		switch {
		case i >= len(told):
			return fmt.Sprintf("its timeline lacks %s of step %d at %s", want[i].kind, want[i].step, want[i].at)
		case i >= len(want):
			return fmt.Sprintf("its timeline tells of %s of step %d at %s, which nothing led to", told[i].Kind, told[i].Step, told[i].At)
		}
		e := entry{told[i].At, told[i].Kind, told[i].Step, told[i].Message, told[i].Detail}
		if want[i].detail == "" {
			e.detail = ""
		}
		if !reflect.DeepEqual(e, want[i]) {
			return fmt.Sprintf("entry %d of its timeline is %s of step %d (message %d, %q) at %s, want %s of step %d (message %d, %q) at %s", r.seen+i+1,
				e.kind, e.step, e.message, e.detail, e.at, want[i].kind, want[i].step, want[i].message, want[i].detail, want[i].at)
		}
	}
	r.seen, r.logged = len(r.now.path), got.Logged()
	return ""
}

func (r *Run) stands() string {
	text := fmt.Sprintf("%s at step %d until %s", r.now.status, r.now.at, r.now.deadline())
	for _, e := range r.now.path {
		text += fmt.Sprintf("\n%s  %s of step %d %s", e.at, e.kind, e.step, e.detail)
	}
	return text
}

func (w *World) comparePerson(got *engine.Person) {
	p := w.personOf(got.ID)
	known := map[string]any{}
	for k, v := range p.known {
		known[k] = v
	}
	if len(known) == 0 {
		known = map[string]any{}
	}
	switch {
	case !reflect.DeepEqual(object(got.Attributes), normal(known)):
		w.fail("of %s is known %s, want %v", got.ID, got.Attributes, known)
	case len(got.OptOuts) != len(p.optOuts):
		w.fail("%s is opted out of %q, want %v", got.ID, got.OptOuts, p.optOuts)
	case !slices.Equal(placesOf(got), sorted(p.places)):
		w.fail("of the messages to %s are counted %v, want %v", got.ID, placesOf(got), sorted(p.places))
	case len(got.Queue) != len(p.queue):
		w.fail("%d events wait for %s, want %d", len(got.Queue), got.ID, len(p.queue))
	}
}

// placesOf are the places that the engine counts for a person.
func placesOf(p *engine.Person) (places []place) {
	for _, c := range p.Caps {
		for _, at := range c.At {
			places = append(places, place{c.Category, at})
		}
	}
	return places
}

func sorted(places []place) []place {
	return slices.SortedFunc(slices.Values(places), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.category, b.category), cmp.Compare(a.at, b.at))
	})
}

// normal is attributes as they read after they were stored.
func normal(known map[string]any) map[string]any { return object(jsonOf(known)) }
