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
		m.Value().Errorf(CodeSignal, "make it two lines",
			"a line has one signal; this one has %s", strings.Join(found, " and "))
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
		m.Errorf("event", CodeMissingKey,
			"add the key by which it finds its run, for example key: "+r.keyHint()+", or key: any",
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
	sends := diag.DidYouMean(t.Value, r.stepIDs(VerbSend), "Sends")
	switch {
	case !ok:
		r.list.Errorf(t.Span, CodeUnknownStep, sends, "no step has the id %q", t.Value)
	case h.verb != VerbSend:
		r.list.Errorf(t.Span, CodeNotASend, sends, "%s sends nothing: it is a %s", t.Value, verbName(h.verb))
	default:
		r.list.Errorf(t.Span, CodeNotBefore, "", "%s cannot have been sent before this wait", t.Value)
	}
	return AnyStep
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
