package flows

import (
	"strings"

	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/flows/shape"
)

// signals in the order in which they are listed to authors.
var signals = []struct {
	name   string
	signal Signal
}{
	{"read", SignalRead}, {"delivered", SignalDelivered}, {"failed", SignalFailed},
	{"reply", SignalReply}, {"event", SignalEvent}, {"after", SignalAfter},
}

// String is the word for a signal in a flow.
func (s Signal) String() string {
	for _, known := range signals {
		if known.signal == s {
			return known.name
		}
	}
	return "no signal"
}

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
	return r.arm(v, inside, after, onward, func() {})
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

// line reads one line of a wait, all but its then.
func (r *reader) line(m *node.Map, k *known) Line {
	line := Line{Span: m.Span(), Step: AnyStep}
	line.Signal = r.signal(m)
	inHand := k
	switch line.Signal {
	case SignalAfter:
		if v := m.Get("after"); v.IsText() && v.Str() == "never" {
			line.Never = true
			v.Warnf(CodeNeverEnds, "give it an end, for example after: 30d",
				"this wait may never end, and its run live for good")
		} else {
			line.After = r.duration(v)
		}
	case SignalEvent:
		line.Event, line.Key = r.event(m)
		inHand = k.with(NameEvent, r.eventShape(line.Event))
	case SignalReply:
		inHand = k.with(NameReply, replyShape)
		fallthrough
	case SignalRead, SignalDelivered, SignalFailed:
		line.Step = r.sendNamed(m.Get(line.Signal.String()), k)
	}
	line.If = r.expr(m.Get("if"), inHand.scope(), forCondition)
	line.As = line.Signal.String()
	if t := m.Text("as"); checkName(t, "an outcome", r.list) {
		line.As = t.Value
	}
	m.Allow("then")
	return line
}

// signal is what the line looks out for; exactly one signal must stand in it.
func (r *reader) signal(m *node.Map) Signal {
	var found, names []string
	var signal Signal
	for _, s := range signals {
		names = append(names, s.name)
		if m.Has(s.name) {
			found, signal = append(found, s.name), s.signal
		}
	}
	switch {
	case len(found) > 1:
		m.Value().Errorf(CodeSignal, "make it two lines", "a line has one signal; this one has %s", strings.Join(found, " and "))
	case len(found) == 0:
		for _, key := range m.Keys() {
			if near := diag.Nearest(key.Value, names); near != "" && key.Value != "if" {
				return 0 // the unknown key says it better
			}
		}
		m.Value().Errorf(CodeSignal, "Signals: "+strings.Join(names, ", "), "the line has no signal")
	}
	return signal
}

// event reads the event of a line with its key. Without a key it concerns all runs
// of the person the event names; once the flow has keys that must be said.
func (r *reader) event(m *node.Map) (event string, key *Expr) {
	t := m.Text("event")
	if !checkEvent(t, r.list) {
		m.Allow("key")
		return "", nil
	}
	v := m.Get("key")
	switch {
	case v == nil && r.keyed:
		m.Errorf("event", CodeMissingKey, "add the key by which it finds its run, for example key: "+r.keyHint()+", or key: any",
			"%s has no key: it would concern every run of the person", t.Value)
	case v.IsText() && v.Str() == "any":
		return t.Value, nil
	case v != nil:
		only := shape.MapOf(map[string]*shape.Type{NameEvent: r.eventShape(t.Value)})
		return t.Value, r.expr(v, only, forText)
	}
	return t.Value, nil
}

// keyHint is the key of the first trigger that has one: the likely answer.
func (r *reader) keyHint() string {
	for _, t := range r.flow.Triggers {
		if t.Key != nil {
			return t.Key.String()
		}
	}
	return "event.order_id"
}

// sendNamed finds the send that a signal names, which must be one that can have
// come before.
func (r *reader) sendNamed(v *node.Value, k *known) int {
	t := v.Text()
	if t == nil || t.Value == "any" {
		return AnyStep
	}
	if at, ok := k.sends[t.Value]; ok {
		return at
	}
	h, ok := r.headNamed(t.Value)
	switch {
	case !ok:
		r.list.Errorf(t.Span, CodeUnknownStep, diag.DidYouMean(t.Value, r.stepIDs(VerbSend), "Sends"), "no step has the id %q", t.Value)
	case h.verb != VerbSend:
		r.list.Errorf(t.Span, CodeNotASend, diag.DidYouMean(t.Value, r.stepIDs(VerbSend), "Sends"), "%s sends nothing: it is a %s", t.Value, verbName(h.verb))
	default:
		r.list.Errorf(t.Span, CodeNotBefore, "", "%s cannot have been sent before this wait", t.Value)
	}
	return AnyStep
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

func (r *reader) duration(v *node.Value) Duration {
	t := v.Text()
	if t == nil {
		return Duration{}
	}
	d, err := ParseDuration(t.Value)
	if err != nil {
		r.list.Errorf(t.Span, CodeBadDuration, "for example 90m, 72h or 3d", "%v", err)
	}
	return d
}
