package flows

import (
	"maps"
	"slices"

	"nudge/lang/node"
	"nudge/templates"
)

// MaxTaken is the largest `at_most` of a line with `do`; a larger one is a mistake of the flow.
const MaxTaken = 100

// readDo reads whether a line of a wait has a do, whose steps are taken while the wait goes
// on. Events and replies come again, so the line may say how often; any other is taken once.
func (r *reader) readDo(m *node.Map, line *Line) {
	if !m.Has("do") {
		if m.Has("at_most") {
			m.Errorf("at_most", CodeMissingKey, "write do instead of then, or remove at_most", "at_most says how often a do is taken, and this line has none")
		}
		return
	}
	for _, key := range []string{"then", "as"} {
		if m.Has(key) {
			m.Errorf(key, templates.CodeExclusive, "remove one of the two", "the wait goes on after a do, so this line has no %s", key)
		}
	}
	if line.Never {
		m.Errorf("do", codeUnreachable, "remove it", "do cannot run: this signal never happens")
		return
	}
	line.Do = true
	switch again := line.Signal == SignalReply || line.Signal == SignalEvent; {
	case !again:
		if line.AtMost = 1; m.Has("at_most") {
			m.Errorf("at_most", codeBadValue, "remove it", "only a reply or an event comes again; this line is taken once")
		}
	case m.Has("at_most"):
		line.AtMost = r.number(m, "at_most", 1, MaxTaken)
	}
}

// foreseeDos makes the messages and fetches under the dos of a wait known to its lines.
func (r *reader) foreseeDos(wait *node.Value, k *typeEnv) {
	for _, item := range oneOrMore(wait) {
		if item.IsMap() {
			r.foresee(item.Map().Get("do"), k)
		}
	}
}

// readDos reads the steps under the dos of a wait, and connects their ends to the wait. What
// they have learned is known to the thens of the wait and after it.
func (r *reader) readDos(lines []Line, lineMaps []*node.Map, at int, before, after *typeEnv) {
	known := before.fork()
	for i, m := range lineMaps {
		line := &lines[i]
		if !line.Do {
			continue
		}
		steps, from := m.Get("do"), len(r.flow.Steps)
		m.Close()
		inside := known.fork()
		inside.names[NameProfile] = r.profile // what a condition said of it may have changed
		inside.hand(line, r)
		inside.assume(lasting(sureIf(line.If)))
		line.Then = from
		joints, ends := r.block(steps, "do", inside)
		connect(joints, at)
		for i := from; i < len(r.flow.Steps); i++ {
			r.dos[i] = true
		}
		r.mustNotWait(from, "a do")
		if line.AtMost == 0 && slices.ContainsFunc(r.flow.Steps[from:], func(s Step) bool { return s.Verb == VerbSend }) {
			m.Errorf("do", CodeMissingKey, "for example at_most: 3", "this line needs at_most: people could get any number of messages")
		}
		r.keepTypes(steps, known, inside, "under do", "before the wait")
		if !ends {
			before.join(inside)
			after.join(inside)
		}
	}
}

// hand gives the steps of a line the event or reply that it waits for.
func (k *typeEnv) hand(line *Line, r *reader) {
	switch line.Signal {
	case SignalEvent:
		k.names[NameEvent] = r.eventShape(line.Event)
	case SignalReply:
		k.names[NameReply] = replyShape
	}
}

// keepTypes reports variables that have another type at the end of steps that may be taken
// again.
func (r *reader) keepTypes(steps *node.Value, before, after *typeEnv, where, earlier string) {
	for _, name := range slices.Sorted(maps.Keys(before.vars)) {
		if before, after := before.vars[name], after.vars[name]; before.Kind != after.Kind {
			steps.Errorf(codeWrongType, "use another name "+where,
				"vars.%s is %s %s, but may have another type after it", name, before.Described(), earlier)
		}
	}
}
