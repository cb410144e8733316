package flows

import (
	"nudge/flows/node"
	"nudge/flows/shape"
)

// wait reads a duration, one line or a list of lines.
func (r *reader) wait(v *node.Value, at int, k *known) (joints []joint, ends bool) {
	w := &Wait{}
	r.flow.Steps[at].Wait = w
	if v.IsText() {
		line := Line{Signal: SignalAfter, Span: v.Span(), Step: AnyStep, As: SignalAfter.String()}
		line.After = r.duration(v)
		w.Lines = append(w.Lines, line)
		k.names[r.flow.Steps[at].ID] = r.waitShape(w)
		return []joint{func(target int) { w.Lines[0].Then = target }}, false
	}
	before := k.fork()
	items := oneOrMore(v)
	maps := make([]*node.Map, len(items))
	w.Lines = make([]Line, len(items))
	for i, item := range items {
		if maps[i] = item.Map(); maps[i] != nil {
			w.Lines[i] = r.line(maps[i], before)
		}
	}
	r.checkWait(v, w)
	self := r.waitShape(w)
	k.names[r.flow.Steps[at].ID] = self
	ends = true
	for i, m := range maps {
		inner, lineEnds := r.then(m, &w.Lines[i], r.flow.Steps[at].ID, self, before, k)
		joints, ends = append(joints, inner...), ends && lineEnds
	}
	return joints, ends && !mayFallThrough(w)
}

// then reads what follows a line. A line without a then goes on after the wait.
func (r *reader) then(m *node.Map, line *Line, id string, self *shape.Type, before, after *known) ([]joint, bool) {
	onward := func(target int) { line.Then = target }
	v := m.Get("then")
	m.Close()
	if v == nil || line.Never {
		if v != nil {
			m.Errorf("then", CodeUnreachable, "leave it out", "what never comes is followed by nothing")
		}
		return []joint{onward}, line.Never
	}
	line.HasThen = true
	inside := before.fork()
	inside.names[id] = self
	switch line.Signal {
	case SignalEvent:
		inside.names[NameEvent] = r.eventShape(line.Event)
	case SignalReply:
		inside.names[NameReply] = replyShape
	}
	return r.arm(v, inside, after, onward)
}

// mayFallThrough reports whether a wait can end by none of its lines: when all of
// its messages failed and no line asked to hear of it.
func mayFallThrough(w *Wait) bool {
	message := false
	for _, line := range w.Lines {
		switch line.Signal {
		case SignalFailed:
			return false
		case SignalRead, SignalDelivered, SignalReply:
			message = true
		}
	}
	return message
}

// checkWait sees to a wait as a whole: it must end, and say so once.
func (r *reader) checkWait(v *node.Value, w *Wait) {
	timers, reads, failed := 0, false, false
	for i, line := range w.Lines {
		switch line.Signal {
		case SignalAfter:
			if timers++; timers > 1 {
				r.list.Errorf(w.Lines[i].Span, CodeSignal, "keep the shorter one", "a wait has one after")
			}
		case SignalRead:
			reads = true
		case SignalFailed:
			failed = true
		}
	}
	if timers == 0 {
		v.Errorf(CodeNoLimit, "add a line, for example - after: 1d", "this wait has no end")
	}
	if reads && timers > 0 && !failed {
		v.Warnf(CodeNoFailedLine, "add a line failed: with what then happens, or let it be",
			"when the message fails, this wait goes on past its after, with the outcome failed")
	}
}

// waitShape is what later steps can ask a wait for.
func (r *reader) waitShape(w *Wait) *shape.Type {
	words := []string{}
	fields := map[string]*shape.Type{}
	var event *shape.Type
	for _, line := range w.Lines {
		words = append(words, line.As)
		switch line.Signal {
		case SignalReply:
			fields["reply"] = replyShape
		case SignalEvent:
			t := r.eventShape(line.Event)
			if event == nil {
				event = t
			} else if either, conflict := shape.Either(event, t); conflict == "" {
				event = either
			} else {
				event = shape.Any
			}
		}
	}
	if mayFallThrough(w) {
		words = append(words, SignalFailed.String())
	}
	if event != nil {
		fields["event"] = event
	}
	fields["outcome"] = shape.OneOf(words...)
	return shape.MapOf(fields)
}
