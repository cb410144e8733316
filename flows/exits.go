package flows

import "nudge/lang/node"

// readExits reads the exits, which are open during the whole run; an after or at counts
// from its start. It runs after the steps are read, because the conditions of exits may use
// any step.
func (r *reader) readExits(v *node.Value) {
	if v == nil {
		return
	}
	lines, maps := r.lines(v, r.anywhere(), inExit)
	for i, m := range maps {
		if m == nil {
			continue
		}
		line := &lines[i]
		line.Then, line.Goal = End, m.Bool("goal")
		if m.Has("then") {
			m.Errorf("then", codeUnreachable, "remove it, or wait for the signal in a step", "an exit ends the run, so it cannot have a then")
		}
		r.nameExit(m, line)
		m.Close()
	}
	r.flow.Exits = lines
}

// anywhere returns what is known of a run that may be at any step.
func (r *reader) anywhere() *typeEnv {
	all := r.start()
	for i, h := range r.heads {
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
