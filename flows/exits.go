package flows

import "nudge/lang/node"

// readExits reads the exits, which are in effect during the whole run; an after, at or open
// counts from its start. It runs after the steps are read, because the conditions of exits
// may use any step. The steps under their then follow those of the flow; they end the run.
func (r *reader) readExits(v *node.Value) {
	if r.parting = len(r.flow.Steps); v == nil {
		return
	}
	lines, maps := r.lines(v, r.anywhere(), inExit)
	for i, m := range maps {
		if m == nil {
			continue
		}
		line := &lines[i]
		line.Then, line.Goal = End, m.Bool("goal")
		r.nameExit(m, line)
		from := len(r.flow.Steps)
		joints, _ := r.then(m, line, "", r.anywhere(), r.anywhere())
		connect(joints, End)
		r.mustNotWait(from, "the then of an exit")
	}
	r.flow.Exits = lines
}

// anywhere returns what is known of a run that may be at any step.
func (r *reader) anywhere() *typeEnv {
	all := r.start()
	for i, h := range r.heads {
		if i >= r.parting { // a step of an exit: no run comes back from there
			break
		}
		if t := r.learned[h.id]; t != nil {
			all.names[h.id] = mayHaveRun(t)
		}
		if h.verb == VerbSend {
			all.sends[h.id] = i
		}
	}
	for name, t := range r.vars {
		all.vars[name] = t.OrNil()
	}
	return all
}
