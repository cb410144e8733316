package flows

import (
	"maps"
	"slices"

	"nudge/lang/node"
	"nudge/lang/shape"
)

// wait reads a duration, one line or a list of lines.
func (r *reader) wait(v *node.Value, at int, k *typeEnv) (joints []patch, ends bool) {
	w := &Wait{}
	r.flow.Steps[at].Wait = w
	if v.IsText() {
		line := Line{Signal: SignalAfter, Span: v.Span(), Step: AnyStep, As: SignalAfter.String()}
		r.elapse(v, &line)
		w.Lines = append(w.Lines, line)
		r.learn(k, at, r.linesShape(w.Lines))
		return []patch{func(target int) { w.Lines[0].Then = target }}, false
	}
	before := k.fork()
	r.foreseeDos(v, before)
	lines, lineMaps := r.lines(v, before, inWait)
	w.Lines = lines
	r.warnReadFirst(lines, lineMaps)
	if !slices.Contains(lineMaps, nil) { // a line that cannot be read may be its end
		r.checkWait(v, w, at)
	}
	unnamed := Unnamed(w.Lines)
	r.learn(k, at, r.linesShape(w.Lines, unnamed...))
	r.readDos(lines, lineMaps, at, before, k)
	joints, ends = r.follow(lines, lineMaps, at, before, k)
	return joints, ends && len(unnamed) == 0
}

// follow reads the steps of each line; ends reports that nothing leads on from any of them.
func (r *reader) follow(lines []Line, lineMaps []*node.Map, at int, before, after *typeEnv) (joints []patch, ends bool) {
	after.drop(lines)
	id := r.flow.Steps[at].ID
	step := after.names[id]
	ends = len(lineMaps) > 0
	var onward []*Line
	for i, m := range lineMaps {
		if lines[i].Do {
			continue
		}
		inner, lineEnds := r.then(m, &lines[i], id, before.with(id, endedBy(step, &lines[i], r)), after)
		joints, ends = append(joints, inner...), ends && lineEnds
		if !lineEnds {
			onward = append(onward, &lines[i])
		}
	}
	if len(onward) == 1 { // only this line leads on
		after.names[id] = endedBy(step, onward[0], r)
		after.assume(ofStep(id, lasting(sureIf(onward[0].If))))
	} else if step != nil {
		after.names[id] = mayHaveRun(step)
	}
	return joints, ends
}

// endedBy returns the fields of a step that a line has ended.
func endedBy(step *shape.Type, line *Line, r *reader) *shape.Type {
	if step == nil || step.Kind != shape.KindMap || step.Fields[NameEvent] == nil {
		return step
	}
	if line.Signal != SignalEvent {
		return mayHaveRun(step)
	}
	same := *step
	same.Fields = maps.Clone(step.Fields)
	same.Fields[NameEvent] = r.eventShape(line.Event)
	return &same
}

// then reads the steps of a line. A line without a then goes on after the step.
func (r *reader) then(m *node.Map, line *Line, id string, before, after *typeEnv) ([]patch, bool) {
	onward := func(target int) { line.Then = target }
	v := m.Get("then")
	m.Close()
	if v == nil || line.Never {
		if v != nil {
			m.Errorf("then", codeUnreachable, "remove it", "then cannot run: this signal never happens")
		}
		return []patch{onward}, line.Never
	}
	line.HasThen = true
	inside := before.fork()
	inside.hand(line, r)
	inside.assume(ofStep(id, lasting(sureIf(line.If))))
	return r.arm(v, inside, after, onward)
}

// checkWait checks a wait as a whole: it must end.
func (r *reader) checkWait(v *node.Value, w *Wait, at int) {
	timer, reads, failed := false, false, false
	for _, line := range w.Lines {
		timer = timer || line.Signal.IsTimer() && !line.Do
		reads = reads || line.Signal == SignalRead
		failed = failed || line.Signal == SignalFailed
	}
	if !timer {
		what := "this wait has no end"
		if slices.ContainsFunc(w.Lines, func(l Line) bool { return l.Do }) {
			what += ": it goes on after a do"
		}
		v.Errorf(codeNoLimit, "add a line, for example - after: 1d", "%s", what)
	}
	if reads && timer && !failed {
		r.unheard = append(r.unheard, unheard{v, at})
	}
}

// linesShape returns the fields of a step that ends by a line: its outcome, which may also
// be one of more, and the event or reply of the line.
func (r *reader) linesShape(lines []Line, more ...string) *shape.Type {
	words := more
	fields := map[string]*shape.Type{}
	var event *shape.Type
	for _, line := range lines {
		if line.Do {
			continue
		}
		words = append(words, line.As)
		switch line.Signal {
		case SignalReply:
			fields["reply"] = replyShape
		case SignalEvent:
			event = either(event, r.eventShape(line.Event))
		}
	}
	if event != nil {
		fields["event"] = event
	}
	fields["outcome"] = shape.OneOf(words...)
	return shape.MapOf(fields)
}

// either returns the type of a value that has one of two types; nil means no type yet.
func either(a, b *shape.Type) *shape.Type {
	if a == nil {
		return b
	}
	t, conflict := shape.Either(a, b)
	if conflict != "" {
		return shape.Any
	}
	return t
}
