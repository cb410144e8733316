package model

import (
	"strings"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

// migration is one line of a flow's migrate.
type migration struct {
	from, to, exit string
}

func migrationsOf(n *yaml.Node) (lines []migration) {
	for _, item := range listOf(n) {
		lines = append(lines, migration{text(get(item, "from")), text(get(item, "to")), text(get(item, "exit"))})
	}
	return lines
}

// takes finds the first line by which the flow takes over a run that is parked on a step
// of another version, and the step that it leads to; nil for none.
func (f *Flow) takes(parked *step, tookDo bool) (m *migration, goal *step) {
	for i := range f.migrations {
		m := &f.migrations[i]
		if m.from != "any" && m.from != parked.id {
			continue
		}
		if m.exit != "" {
			return m, nil
		}
		if m.to != "same" {
			return m, f.named(m.to)
		}
		if goal = f.named(parked.id); goal != nil && !goal.looped && goal.verb == "wait" && parked.verb == "wait" && !tookDo {
			return m, goal
		}
	}
	return nil, nil
}

func (f *Flow) named(id string) *step {
	for _, s := range f.byIndex {
		if s.id == id {
			return s
		}
	}
	return nil
}

// takesOver reports whether the active version of its flow takes a run over from where it
// stands.
func (w *World) takesOver(r *Run, to *Flow) bool {
	if to == nil || to == r.now.flow || r.now.status != engine.Waiting {
		return false
	}
	return to.mayTake(r.now.flow.byIndex[r.now.at], r.now.tookDo())
}

// mayTake reports whether the version takes over runs that wait at a step of another one.
func (f *Flow) mayTake(at *step, tookDo bool) bool {
	m, _ := f.takes(at, tookDo)
	return m != nil
}

// move takes a run over, unless it has gone on in the meantime.
func (w *World) move(in *engine.Move) {
	r := w.known(in.Run)
	to := w.activeNamed(r.flow.Name)
	switch {
	case !r.over() && w.takesOver(r, to) && to.Version == in.Version:
		r.seen, r.logged = 0, 0 // the steps of its timeline have other numbers now
		w.feed(r, fact{kind: moves, to: to})
	case w.in.Derived == 0:
		w.fail("run %s is moved to version %s, which does not take it over", r.id, in.Version)
	}
}

// fits reports whether what a run began with is what a version's runs begin with.
func (f *Flow) fits(data map[string]any) bool {
	for name, word := range f.data {
		v := data[name]
		_, isText := v.(string)
		switch kind := strings.TrimPrefix(word, "optional "); {
		case v == nil:
			if kind == word {
				return false
			}
		case kind == "number" && !isNumber(v), kind == "string" && !isText:
			return false
		}
	}
	return true
}

// takeOver leads a run out, or on to a step of another version. One whose data does not fit
// that stays, and says so.
func (w *walk) takeOver(to *Flow) *way {
	w.moved = true
	m, goal := to.takes(w.flow.byIndex[w.at], w.tookDo())
	if m.exit != "" {
		w.note(engine.KindMoved, w.at, 0, "")
		return w.finish(m.exit, false)
	}
	if !to.fits(w.run.data) {
		w.run.world.Reached["not taken over: its data does not fit"]++
		return nil
	}
	return &way{kind: elsewhere, goal: goal}
}

// goOn goes on with a step of the version that has taken the run over, as if it had come
// there now.
func (w *walk) goOn(goal *step) *way {
	w.goes(engine.CountMovedOut, engine.NoStep, 0, "")
	w.renumber(w.f.to)
	w.flow, w.loops, w.alarm, w.asking = w.f.to, nil, 0, asking{}
	w.goes(engine.CountMovedIn, engine.NoStep, 0, "")
	w.at = goal.index
	w.note(engine.KindMoved, goal.index, 0, "")
	exits := &list{place: engine.AtExits, lines: w.flow.exits}
	w.lists = []*list{exits}
	w.armSince(exits, w.run.facts[0].now.Time())
	if out := w.leaveByIf(); out != nil {
		return out
	}
	_, out := w.resume(w.flow.steps, goal)
	return out
}

// resume begins amid the steps, and reports whether the goal is among them.
func (w *walk) resume(steps []*step, goal *step) (found bool, out *way) {
	for i, s := range steps {
		if s == goal {
			return true, w.block(steps[i:])
		}
		for _, inner := range s.inner() {
			if found, out = w.resume(inner, goal); found && out == nil {
				out = w.block(steps[i+1:])
			}
			if found {
				return true, out
			}
		}
	}
	return false, nil
}

// inner are the lists of steps inside of a step that a run can be taken to. No round of a
// loop has begun.
func (s *step) inner() (all [][]*step) {
	if s.verb != "repeat" {
		all = append(all, s.body)
	}
	for _, a := range s.arms {
		all = append(all, a.then)
	}
	for _, l := range s.lines {
		all = append(all, l.then, l.do)
	}
	return all
}

// renumber makes what is known of steps speak of another version's, by their ids. What
// is gone leaves only its messages and its place on the timeline.
func (w *walk) renumber(to *Flow) {
	in := func(index int) int {
		old := w.flow.byIndex[index]
		if old == nil {
			return index
		}
		if s := to.named(old.id); s != nil && s.kind() == old.kind() {
			return s.index
		}
		return engine.NoStep
	}
	for i := range w.messages {
		w.messages[i].step = in(w.messages[i].step)
	}
	for i := range w.path {
		w.path[i].step = in(w.path[i].step)
	}
	var arms []armed
	for _, a := range w.arms {
		if a.step = in(a.step); a.step >= 0 {
			arms = append(arms, a)
		}
	}
	w.arms = arms
	var waits []waitEnd
	for _, end := range w.waits {
		if end.step = in(end.step); end.step >= 0 {
			waits = append(waits, end)
		}
	}
	w.waits, w.items, w.fetches = waits, renumbered(w.items, in), renumbered(w.fetches, in)
}

func renumbered[T any](of map[int]T, in func(int) int) map[int]T {
	all := map[int]T{}
	for index, one := range of {
		if index = in(index); index >= 0 {
			all[index] = one
		}
	}
	return all
}

// kind is the verb, with one word for both ways of opting.
func (s *step) kind() string {
	if s.verb == "opt_in" {
		return "opt_out"
	}
	return s.verb
}
