package model

import (
	"slices"
	"strings"
	"time"

	"nudge/engine"
)

// verdict is why a message does not go out now, and until when it is held; 0 for good.
type verdict struct {
	reason string
	until  engine.Instant
}

// judge says whether the newest message may go out at this instant. The zero verdict lets
// it out.
func (w *walk) judge(s *step) verdict {
	c, m := w.category(s), w.current()
	latest := w.latest(s)
	opens := w.run.world.opening(c.hours, s.window, w.now(), w.zone())
	switch {
	case !w.f.allows:
		return verdict{reason: engine.ReasonOutbound}
	case !c.always && (w.outs[engine.OptOutAll] || w.outs[c.Name]):
		return verdict{reason: engine.ReasonOptedOut}
	case w.longer(s, "expires", m.planned):
		return verdict{reason: engine.ReasonExpired}
	case latest != 0 && w.f.now > latest, opens.IsZero(), latest != 0 && engine.InstantOf(opens) > latest:
		return verdict{reason: engine.ReasonLate}
	case opens.After(w.now()):
		return verdict{reason: "window", until: w.heldUntil(s, opens, w.now(), latest)}
	}
	free := w.free(c)
	if free <= w.f.now {
		return verdict{}
	}
	if opens = w.run.world.opening(c.hours, s.window, free.Time(), w.zone()); latest == 0 || opens.IsZero() || engine.InstantOf(opens) > latest {
		return verdict{reason: engine.ReasonCapped}
	}
	return verdict{reason: engine.ReasonCapped, until: w.heldUntil(s, opens, free.Time(), latest)}
}

// category is that of a step as the project has it today, or as the flow knew it.
func (w *walk) category(s *step) *Category {
	name := text(get(s.node, "category"))
	if name == "" {
		name = w.flow.category
	}
	if c := w.f.categories[name]; c != nil {
		return c
	}
	if c := w.flow.categories[name]; c != nil {
		return c
	}
	return &Category{Name: name, spread: time.Minute}
}

// longer reports whether the span under a key of the step is over, counted from an instant.
func (w *walk) longer(s *step, key string, from engine.Instant) bool {
	end := w.endOf(s, key, from)
	return end != 0 && w.f.now > end
}

func (w *walk) endOf(s *step, key string, from engine.Instant) engine.Instant {
	said := text(get(s.node, key))
	if said == "" {
		return 0
	}
	span, err := parseSpan(said)
	if err != nil {
		panic(err)
	}
	return engine.InstantOf(span.after(from.Time(), w.zone()))
}

// latest is how late the newest message is still useful; 0 for any time.
func (w *walk) latest(s *step) engine.Instant { return w.endOf(s, "max_delay", w.current().reached) }

// takePlace takes a place for the newest message. What no cap counts any more, wherever the person
// may move to, is forgotten then, also for a longer one later; of what the project has no more only
// its own messages know the cap.
func (w *walk) takePlace(s *step) {
	c, m := w.category(s), w.current()
	m.counted, m.cap = len(c.Caps) > 0, ""
	if m.counted {
		m.cap = c.Name
		w.places = slices.DeleteFunc(slices.Clone(w.places), func(p place) bool {
			of := w.f.categories[p.category]
			if p.category == c.Name {
				of = c
			}
			return of != nil && !slices.ContainsFunc(of.Caps, func(c Cap) bool { return w.forgotten(&c, p) > w.f.now })
		})
		w.addPlace(m)
	}
	m.handed = &Handed{Category: c, send: s.window, zone: w.zone(), At: w.f.now}
}

func (w *walk) addPlace(m *Message) {
	w.places = append(slices.Clone(w.places), place{m.cap, m.posted})
	w.effects = append(w.effects, effect{kind: "places", places: w.places})
}

// givePlace gives back the place of a message that surely was not sent.
func (w *walk) givePlace(m *Message) {
	if !m.counted {
		return
	}
	m.counted = false
	if i := slices.Index(w.places, place{m.cap, m.posted}); i >= 0 {
		w.run.world.Reached["a place given back"]++
		w.places = slices.Delete(slices.Clone(w.places), i, i+1)
		w.effects = append(w.effects, effect{kind: "places", places: w.places})
	}
}

// keepPlace counts a message again that went out after all.
func (w *walk) keepPlace(m *Message) {
	if m.cap != "" && !m.counted {
		m.counted = true
		w.addPlace(m)
	}
}

// told is the entry that the engine has on the run's timeline where the walk now stands.
// Only what the language leaves open may be learned from it.
func (w *walk) told() engine.Entry {
	place := len(w.path)
	if e, known := w.run.told[place]; known {
		return e
	}
	e := w.tells()
	w.run.told[place] = e
	return e
}

// tells is told, of which nothing is remembered.
func (w *walk) tells() (e engine.Entry) {
	place := len(w.path)
	if after := w.run.world.after[w.run.id]; after != nil {
		all := after.Timeline
		if after.Dropped.Entries > 0 { // what is old is remembered, or gone
			all, place = after.Since(w.run.logged), place-w.run.seen
		}
		if all = tellable(all); 0 <= place && place < len(all) {
			e = all[place]
		}
	}
	return e
}

// spreadFrom is over how long messages go out that wait for an opening: what the category
// says, and a tenth of the time that the hours are open then at the most.
func (w *walk) spreadFrom(s *step, opens time.Time) time.Duration {
	c := w.category(s)
	end := opens
	for end.Sub(opens) < 10*c.spread && c.hours.open(end, w.zone()) && s.window.open(end, w.zone()) {
		end = end.Truncate(time.Minute).Add(time.Minute)
	}
	return min(c.spread, end.Sub(opens)/10)
}

// heldUntil learns when a message is looked at again that waits for an opening: not before
// it, as long after it as the category says, and not later than it is useful.
func (w *walk) heldUntil(s *step, opens, from time.Time, latest engine.Instant) engine.Instant {
	e := w.told()
	words, _, _ := strings.Cut(e.Detail, ", ")
	at, err := time.Parse(time.RFC3339Nano, words)
	most := opens.Add(w.spreadFrom(s, opens))
	if latest != 0 && most.After(latest.Time()) {
		most = latest.Time()
	}
	if opens.Equal(from) {
		most = opens // nothing opens: it was open all the time
	}
	if e.Kind != engine.KindDelayed || err != nil || at.Before(opens) || at.After(most) {
		w.run.world.failIn(w.run, "run %s: message %d should be held until %s (to %s), and the timeline says %s %q", w.run.id, len(w.messages), opens, most, e.Kind, e.Detail)
	}
	return engine.InstantOf(at)
}

// Handed is what held for a message when it was handed to the channel.
type Handed struct {
	Category *Category
	At       engine.Instant

	send *hours
	zone *time.Location
}

// Handed is what held for a message at its newest attempt.
func (w *World) Handed(id engine.RunID, message int) *Handed {
	return w.runs[id].now.messages[message-1].handed
}

// InHours reports whether its hours were open.
func (h *Handed) InHours() bool {
	at := h.At.Time()
	return h.Category.hours.open(at, h.zone) && h.send.open(at, h.zone)
}

// tooLate reports whether the next attempt of the newest message would come too late. Its
// instant is known to half a pause only, and in between the timeline says what it is.
func (w *walk) tooLate(again engine.Instant) bool {
	latest := w.latest(w.flow.byIndex[w.current().step])
	if latest == 0 {
		return false
	}
	held, known := w.run.late[len(w.path)]
	if !known {
		e := w.tells() // nothing where it is tried again: what comes there later says nothing of this
		held = e.UnsentReason() == engine.ReasonLate
		w.run.late[len(w.path)] = held
	}
	most := again.Add(grown(w.current().attempt) / 2)
	if held && most <= latest || !held && again > latest {
		w.run.world.failIn(w.run, "run %s: message %d is useful until %s and tried again %s to %s; given up: %v", w.run.id, len(w.messages), latest, again, most, held)
	}
	return held
}
