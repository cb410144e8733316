package model

import (
	"encoding/binary"
	"math"
	"regexp"
	"slices"

	"nudge/engine"
)

// owns reports whether an event is this run's by a line's key: by the key that it
// evaluates to, or without one by the person.
func (r *Run) owns(key string, h *happening) bool {
	if key == "" || key == "any" {
		return h.who == r.profile
	}
	text, ok := keyOf(key, h)
	return ok && text == r.key
}

// keyOf is a key's value: text that is not empty, or a whole number.
func keyOf(key string, h *happening) (string, bool) {
	v, err := evaluate(key, func(string) any { return h.data })
	if err != nil {
		return "", false
	}
	text, ok := textOf(v)
	return text, ok && len(text) <= engine.MaxKeyBytes
}

func textOf(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, x != ""
	case int:
		return itoa(x), true
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return itoa(int(x)), true
		}
	}
	return "", false
}

// concerned reports whether the event is the run's: by the person, where a line names it
// without a key, or by a key.
func (r *Run) concerned(h *happening) bool {
	return r.flow.knows(h) && slices.ContainsFunc(r.flow.keysOf(h.event), func(key string) bool {
		return r.owns(key, h)
	})
}

// event goes to exits, then to waits, then to triggers.
func (w *World) event(ev *engine.Event) {
	h := &happening{at: w.stamp, event: ev.Type, who: ev.Profile, data: object(ev.Data), raw: string(ev.Data), depth: w.in.Depth}
	if ev.Passed != nil {
		h.named = heardOf(ev.Passed.Known)
	} else {
		w.looked(w.in, h)
	}
	if ev.Passed == nil || ev.Passed.Only == nil {
		w.tellFirings(h)
	}
	concerned := slices.DeleteFunc(slices.Clone(w.order), func(r *Run) bool { return !r.concerned(h) || ev.Passed != nil && ev.Passed.Only != nil })
	for _, r := range concerned {
		w.feed(r, fact{kind: leaves, h: h})
	}
	gatheredBy := map[string]bool{}
	for _, r := range concerned {
		if r.over() {
			continue
		}
		if w.feed(r, fact{kind: comes, h: h}) {
			if r.gathered || r.now.held && r.flow.collects(h.event) && !r.now.freed {
				gatheredBy[r.flow.Name] = true
			}
			if r.now.held {
				w.Reached["event held"]++
			}
		}
	}
	for _, f := range w.active {
		if w.mayStart(f, h, ev.Passed, gatheredBy) {
			w.trigger(f, h)
		}
	}
	if w.divided() && (ev.Passed == nil || ev.Passed.Only == nil) {
		w.passOn(h, ev.Passed, gatheredBy)
	}
}

// trigger starts runs by the first trigger of a flow that wants the event.
func (w *World) trigger(f *Flow, h *happening) {
	for i, t := range f.triggers {
		if t.event != h.event {
			continue
		}
		crowd := t.schedule != nil
		people, ok := peopleOf(&t, h)
		if !ok && !crowd {
			return
		}
		if (!crowd || t.once()) && !w.wants(f, &t, h) {
			continue
		}
		key := ""
		if t.key != "" {
			if key, ok = keyOf(t.key, h); !ok {
				return
			}
		}
		if crowd {
			if w.owns(f.Name) {
				w.fireBy(f, i, h, key)
			}
			return
		}
		for _, who := range people {
			if !w.owns(who) {
				continue
			}
			w.enter(f, &Run{profile: who, key: key, by: h.event, data: h.data, depth: w.in.Depth}, h)
		}
		return
	}
}

func (w *World) wants(f *Flow, t *trigger, h *happening) bool {
	holds, err := truth(t.if_, func(name string) any {
		switch name {
		case "event":
			return h.data
		case "reply":
			return replyOf(h, f.locale)
		case "profile":
			return profileOf(h.who, w.namedBy(h).known, f.zone)
		case "hours":
			return func(category string) *hours { return hoursOf(category, w.categories, f.categories) }
		case "remaining":
			p := w.namedBy(h)
			asks := &walk{flow: f, known: p.known, places: p.places, f: &fact{now: w.stamp, homes: p.homes, categories: w.categories}}
			return asks.remaining
		}
		return w.stamp.Time()
	})
	return holds && err == nil
}

func peopleOf(t *trigger, h *happening) (people []string, ok bool) {
	if t.to == "" {
		return []string{h.who}, h.who != ""
	}
	v, err := evaluate(t.to, func(string) any { return h.data })
	if err != nil {
		return nil, false
	}
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	for _, x := range list {
		who, ok := textOf(x)
		if !ok || !mayComeIn(who) {
			return nil, false
		}
		if !slices.Contains(people, who) {
			people = append(people, who)
		}
	}
	return people, true
}

// personForm is a person's id: no control character and nothing damaged anywhere, and at
// both ends something that can be seen.
var personForm = regexp.MustCompile(`^[^\p{Cc}\p{Cf}\pZ\x{FFFD}](?:[^\p{Cc}\x{FFFD}]*[^\p{Cc}\p{Cf}\pZ\x{FFFD}])?$`)

// mayComeIn is the rule for the id of a person whom an event, a call or a reply brings.
func mayComeIn(who string) bool { return len(who) <= 256 && personForm.MatchString(who) }

func (w *World) startByReply(h *happening, first bool) (claimed bool) {
	for _, f := range w.active {
		for i := range f.triggers {
			t := &f.triggers[i]
			if !t.reply || t.beforeWaits != first || !w.wants(f, t, h) {
				continue
			}
			claimed = true
			w.enter(f, &Run{profile: h.who, by: "reply", data: map[string]any{}}, h)
			if first {
				return true
			}
			break
		}
	}
	return claimed
}

func (r *Run) lastPosted() (last engine.Instant) {
	for _, m := range r.now.messages {
		last = max(last, m.posted)
	}
	return last
}

// firstRunID is the identity that the first run of the input has or would have.
func (w *World) firstRunID() string {
	starts := w.starts
	defer func() { w.starts = starts }()
	w.starts = 0
	return w.runID().String()
}

// runID is the identity of the next run that the input in hand starts.
func (w *World) runID() (id engine.RunID) {
	var low [8]byte
	binary.BigEndian.PutUint64(low[:], uint64(w.stamp)<<16)
	copy(id[:6], low[:6])
	copy(id[6:10], w.installation[:4])
	binary.BigEndian.PutUint64(low[:], w.seq<<10|uint64(w.starts))
	copy(id[10:], low[2:])
	return id
}
