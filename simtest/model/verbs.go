package model

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

func (w *walk) step(s *step) *way {
	w.at = s.index
	if w.resends == s {
		return w.sendAgain(s)
	}
	w.goes(engine.CountCame, s.index, 0, "")
	if !w.decides(s.if_) {
		w.passOver(s)
		return nil
	}
	switch s.verb {
	case "send":
		return w.send(s)
	case "wait":
		return w.wait(s)
	case "branch":
		return w.branch(s)
	case "split":
		return w.split(s)
	case "repeat":
		return w.repeat(s)
	case "collect":
		return w.collect(s)
	case "set":
		w.set(s)
	case "emit":
		w.note(engine.KindEmitted, s.index, 0, "")
		w.effects = append(w.effects, effect{kind: "emit", name: text(get(s.node, "event")), data: w.assigned(get(s.node, "data"))})
	case "start":
		return w.start(s)
	case "fetch":
		return w.fetch(s)
	case "opt_out", "opt_in":
		w.note(engine.KindOpted, s.index, 0, "")
		w.outs = opted(w.outs, text(s.node), s.verb == "opt_in")
		w.effects = append(w.effects, effect{kind: "opted", outs: w.outs})
	case "exit":
		if name := text(s.node); name != "" {
			return w.finish(name, false)
		}
		return w.finish(text(get(s.node, "as")), text(get(s.node, "goal")) == "true")
	}
	return nil
}

// passOver is a step whose if is false. It has no end and no items any more. Of a message that
// is passed over again and again there is one.
func (w *walk) passOver(s *step) {
	message := 0
	if s.verb == "send" {
		for _, i := range w.kept() {
			if w.messages[i].step == s.index {
				message = i + 1
			}
		}
		if message == 0 || !passedOver(&w.messages[message-1]) {
			w.addMessage(Message{step: s.index, status: engine.Unsent, reason: engine.ReasonSkipped})
			message = len(w.messages)
		} else {
			w.mark("a message passed over again")
		}
	}
	if w.hasEnd(s.index) {
		w.mark("a step passed over that had an end")
		w.waits = append(w.waits, waitEnd{step: s.index})
	}
	delete(w.items, s.index)
	w.goes(engine.CountSkipped, s.index, 0, "")
	w.note(engine.KindSkipped, s.index, message, "")
}

// hasEnd reports whether a step has had an end, or has taken an arm.
func (w *walk) hasEnd(step int) bool {
	return slices.ContainsFunc(w.waits, func(e waitEnd) bool { return e.step == step })
}

func passedOver(m *Message) bool {
	return m.status == engine.Unsent && m.reason == engine.ReasonSkipped
}

// opted is what a person is opted out of, after one more step.
func opted(outs map[string]bool, category string, in bool) map[string]bool {
	outs = maps.Clone(outs)
	if outs == nil {
		outs = map[string]bool{}
	}
	switch {
	case !in:
		outs[category] = true
	case category == engine.OptOutAll:
		clear(outs)
	default:
		delete(outs, category)
	}
	return outs
}

func (w *walk) branch(s *step) *way {
	for i := range s.arms {
		if w.decides(s.arms[i].if_) {
			w.takes(s, s.arms[i].name)
			return w.block(s.arms[i].then)
		}
	}
	w.takes(s, "")
	return nil
}

// takes notes the arm by which a branch or a split goes on; no name for none.
func (w *walk) takes(s *step, name string) {
	w.waits = append(w.waits, waitEnd{step: s.index, outcome: name})
	w.goes(engine.CountBranch, s.index, 0, name)
	w.note(engine.KindBranch, s.index, 0, name)
}

// split takes the arm that the person was dealt, which nobody knows before it was seen.
func (w *walk) split(s *step) *way {
	arm := w.run.world.dealt(w.run, s)
	if !slices.ContainsFunc(w.arms, func(a armed) bool { return a.step == s.index }) {
		w.arms = append(w.arms, armed{s.index, arm.name, len(w.messages)})
	}
	w.takes(s, arm.name)
	return w.block(arm.then)
}

// fits holds the variables, as they will be, to what a run may have of them.
func (w *walk) fits(set *yaml.Node, values []any) {
	vars := maps.Clone(w.vars)
	for i, v := range values {
		if name := set.Content[2*i].Value; !strings.HasPrefix(name, "profile.") {
			vars[name] = v
		}
	}
	size := 0
	for name, v := range vars {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		size += len(name) + len(raw)
	}
	if size > engine.MaxVarsBytes {
		panic(failing("the variables are too large"))
	}
}

// set gives variables and attributes new values, all reckoned before any is given.
func (w *walk) set(s *step) {
	values := make([]any, len(s.node.Content)/2)
	for i := range values {
		values[i] = w.value(s.node.Content[2*i+1])
	}
	w.fits(s.node, values)
	for i, v := range values {
		name := s.node.Content[2*i].Value
		const ofProfile = "profile."
		if len(name) <= len(ofProfile) || name[:len(ofProfile)] != ofProfile {
			w.vars[name] = v
			continue
		}
		w.known = maps.Clone(w.known)
		if w.known == nil {
			w.known = map[string]any{}
		}
		if name = name[len(ofProfile):]; v == nil {
			delete(w.known, name)
		} else {
			w.known[name] = written(v)
		}
		w.effects = append(w.effects, effect{kind: "attributes", known: w.known})
	}
	w.note(engine.KindSet, s.index, 0, "")
}

// word is an expression that must be a text or a whole number.
func (w *walk) word(expression string) string {
	v, err := evaluate(expression, w.names(nil))
	if err != nil {
		panic(err)
	}
	word, ok := textOf(v)
	if !ok {
		panic(failing("it is no text and no whole number"))
	}
	return word
}

// start calls a flow, and waits for its run where the step says so.
func (w *walk) start(s *step) *way {
	wait := text(get(s.node, "wait")) == "true"
	w.calls++
	mine := w.calls
	who, key := w.run.profile, ""
	if to := text(get(s.node, "to")); to != "" {
		who = w.word(to)
		if err := engine.CheckProfileID(who); err != nil {
			panic(failing(err.Error()))
		}
	}
	if by := text(get(s.node, "key")); by != "" {
		key = w.word(by)
	}
	data := w.assigned(get(s.node, "data"))
	w.note(engine.KindCalled, s.index, 0, "")
	w.effects = append(w.effects, effect{kind: "call", name: text(get(s.node, "flow")), who: who, key: key, data: data, call: mine, wait: wait})
	if !wait || max(w.f.depth, w.run.depth)+1 > engine.MaxDepth {
		return nil
	}
	w.note(engine.KindWaiting, s.index, 0, "")
	return w.await(engine.Waiting, s.index, func() *way {
		if w.f.kind != childEnded || w.f.call != mine {
			return nil
		}
		w.moved = true
		w.endWait(s.index, w.f.outcome, nil, nil)
		return &way{kind: onward}
	})
}
