package flows

import (
	"slices"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// MaxLines is how many lines a wait, an `until`, the exits or the triggers of a flow may have; one
// more is a mistake of the flow.
const MaxLines = 100

// MaxItems is the largest `items` of a collect; a larger one is a mistake of the flow.
const MaxItems = 1000

// signals in the order in which messages list them.
var signals = []struct {
	name   string
	signal Signal
}{
	{"read", SignalRead}, {"delivered", SignalDelivered}, {"failed", SignalFailed},
	{"reply", SignalReply}, {"event", SignalEvent}, {"after", SignalAfter}, {"at", SignalAt},
	{"open", SignalOpen}, {"quiet", SignalQuiet}, {"items", SignalItems},
}

// String is the word for a signal in a flow.
func (s Signal) String() string {
	if s == SignalIf {
		return "if"
	}
	for _, known := range signals {
		if known.signal == s {
			return known.name
		}
	}
	return "no signal"
}

// IsTimer reports whether the signal is an instant that is known when the line takes effect.
func (s Signal) IsTimer() bool {
	return s == SignalAfter || s == SignalAt || s == SignalOpen || s == SignalQuiet
}

// place says where a line is written.
type place uint8

const (
	inWait place = iota
	inExit
	inRepeat
	inCollect
)

// signalNames returns the signals that a line may have in this place.
func (p place) signalNames() []string {
	var names []string
	for _, s := range signals {
		if p == inCollect || s.signal != SignalQuiet && s.signal != SignalItems {
			names = append(names, s.name)
		}
	}
	return append(names, "if")
}

// lines reads the lines of a wait or an until, without their steps. It also returns the
// mapping of each line, or nil if an item is not a mapping.
func (r *reader) lines(v *node.Value, k *typeEnv, where place) ([]Line, []*node.Map) {
	items := oneOrMore(v)
	if len(items) > MaxLines {
		v.Errorf(codeTooMany, "", "%d lines; the limit is %d", len(items), MaxLines)
		items = items[:MaxLines]
	}
	maps, lines := make([]*node.Map, len(items)), make([]Line, len(items))
	for i, item := range items {
		if maps[i] = item.MapOf(where.signalNames()...); maps[i] != nil {
			lines[i] = r.line(maps[i], k, where)
			maps[i].Allow("then")
			if where == inWait {
				r.readDo(maps[i], &lines[i])
			}
		}
	}
	return lines, maps
}

// line reads one line without its then.
func (r *reader) line(m *node.Map, k *typeEnv, where place) Line {
	line := Line{Span: m.Span(), Step: AnyStep}
	line.Signal = r.signal(m, where)
	inHand := k
	switch line.Signal {
	case SignalAfter:
		r.after(m.Get("after"), &line, where)
	case SignalOpen:
		line.Open = r.openHours(m.Get("open"))
	case SignalQuiet:
		line.After = r.duration(m.Get("quiet"))
	case SignalItems:
		line.Items = r.number(m, "items", 1, MaxItems)
	case SignalAt:
		at := k
		if where == inExit {
			at = r.start() // it is computed when the run begins
		}
		line.At = r.moment(m.Text("at"), at)
	case SignalEvent:
		line.Event, line.Key = r.event(m)
		line.By = r.eventBy(m, k)
		inHand = k.with(NameEvent, r.eventShape(line.Event))
	case SignalReply:
		inHand = k.with(NameReply, replyShape)
		line.Anywhere = everyConversation(m)
		fallthrough
	case SignalRead, SignalDelivered, SignalFailed:
		line.Step = r.sendNamed(m.Get(line.Signal.String()), k)
	}
	line.If = r.expr(m.Get("if"), inHand.scope(), forCondition)
	r.checkWakes(&line)
	line.As = line.Signal.String()
	if name, ok := r.outcome(m.Text("as"), where.reservedIn()...); ok {
		line.As = name
	}
	return line
}

// everyConversation reads whether a reply line hears every conversation.
func everyConversation(m *node.Map) bool {
	t := m.Text("conversation")
	if t != nil && t.Value != "any" {
		m.Errorf("conversation", codeBadValue, "remove the key, or write conversation: any",
			"a reply line hears the conversations of its message, or any; %q is neither", t.Value)
	}
	return t != nil
}

// after reads a duration, one within some hours, or never.
func (r *reader) after(v *node.Value, line *Line, where place) {
	if !v.IsText() || v.Str() != "never" {
		r.elapse(v, line)
		return
	}
	line.Never = true
	if where == inWait || where == inCollect {
		r.mayNotEnd(v.Span(), "set an end, for example after: 30d", "this wait may never end, so the run could stay alive forever")
		return
	}
	v.Warnf(codeUnreachable, "remove it", "this line never comes about: nothing here needs a timer")
}

// signal returns the signal of a line, which must have exactly one. An if is a signal if it
// is alone.
func (r *reader) signal(m *node.Map, where place) Signal {
	var found []string
	var signal Signal
	names := where.signalNames()
	m.Allow(names...)
	for _, s := range signals {
		if hasKey(m, s.name) {
			found, signal = append(found, s.name), s.signal
		}
	}
	switch {
	case len(found) > 1:
		m.Value().Errorf(codeSignal, "split it into two lines",
			"a line has one signal; this one has %s", strings.Join(found, " and "))
	case len(found) == 0 && nearKey(m, names, "as", "then", "goal", "key", "by"):
		return 0 // the unknown key says it better
	case len(found) == 0 && m.Has("if"):
		return SignalIf
	case len(found) == 0:
		m.Value().Errorf(codeSignal, "signals: "+strings.Join(names, ", "), "this line has no signal")
	case where != inCollect && (signal == SignalQuiet || signal == SignalItems):
		m.Allow(found[0])
		m.Errorf(found[0], codeSignal, "signals: "+strings.Join(names, ", "),
			"%s is allowed only in the until of a collect", found[0])
	}
	return signal
}

// hasKey reports whether a mapping has a key, without making it known.
func hasKey(m *node.Map, key string) bool {
	return slices.ContainsFunc(m.Keys(), func(k *node.Text) bool { return k.Value == key })
}

// nearKey reports whether a mapping has a misspelling of one of the names. The known keys
// are not misspellings.
func nearKey(m *node.Map, names []string, known ...string) bool {
	for _, key := range m.Keys() {
		misspelt := true
		for _, name := range append(known, names...) {
			misspelt = misspelt && key.Value != name
		}
		if misspelt && node.MeansKey(key.Value, names) {
			return true
		}
	}
	return false
}

// event reads the event of a line with its key. Without a key, the event concerns all runs
// of the person that it names; if a trigger has a key, the line must have one too.
func (r *reader) event(m *node.Map) (event string, key *Expr) {
	t := m.Text("event")
	if !checkEvent(t, r.list) {
		m.Allow("key")
		return "", nil
	}
	r.heard = append(r.heard, t)
	v := m.Get("key")
	switch {
	case v == nil && r.keyed:
		m.Errorf("event", CodeMissingKey,
			"add the key that finds its run, for example key: "+r.keyHint()+"; key: any means every run of the person",
			"%s has no key, so it would affect every run of the person", t.Value)
	case v.IsText() && v.Str() == "any":
		return t.Value, nil
	case v != nil:
		only := shape.MapOf(map[string]*shape.Type{NameEvent: r.eventShape(t.Value)})
		return t.Value, r.expr(v, only, forText)
	}
	return t.Value, nil
}

// keyHint returns the key of the first trigger that has one, which is the likely answer.
func (r *reader) keyHint() string {
	for _, t := range r.flow.Triggers {
		if t.Key != nil {
			return t.Key.String()
		}
	}
	return "event.order_id"
}

// sendNamed finds the send that a signal names. That send must be able to run before the
// line.
func (r *reader) sendNamed(v *node.Value, k *typeEnv) int {
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
		r.list.Errorf(t.Span, codeUnknownStep, sends, "no step has the id %q", t.Value)
	case h.verb != VerbSend:
		r.list.Errorf(t.Span, codeNotASend, sends, "%s is not a send step but a %s", t.Value, h.word)
	default:
		r.list.Errorf(t.Span, codeNotBefore, "", "%s cannot have been sent before this step", t.Value)
	}
	return AnyStep
}

func (r *reader) duration(v *node.Value) Duration {
	t := v.DurationText()
	if t == nil {
		return Duration{}
	}
	d, err := ParseDuration(t.Value)
	if err != nil {
		r.list.Errorf(t.Span, codeBadDuration, node.DurationHint(t.Value), "%v", err)
	}
	return d
}

// number reads a whole number between two others.
func (r *reader) number(m *node.Map, key string, least, most int) int {
	v, before := m.Get(key), len(*r.list)
	n := v.Int()
	if v != nil && len(*r.list) == before && (n < least || n > most) {
		v.Errorf(codeBadValue, "", "%s must be between %d and %d, not %d", key, least, most, n)
		return least
	}
	return n
}
