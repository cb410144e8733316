package flows

import (
	"cmp"
	"fmt"
	"slices"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// MaxSteps is how many steps a flow may have; one more is a mistake of the flow.
const MaxSteps = 1000

// verbs in the order in which messages list them.
var verbs = []struct {
	name string
	verb Verb
}{
	{"send", VerbSend}, {"wait", VerbWait}, {"branch", VerbBranch}, {"split", VerbSplit},
	{"repeat", VerbRepeat}, {"collect", VerbCollect}, {"set", VerbSet}, {"emit", VerbEmit},
	{"start", VerbStart}, {"fetch", VerbFetch}, {"opt_out", VerbOpt}, {"opt_in", VerbOpt}, {"exit", VerbExit},
}

// head is a step before it is read: its verb and id. All heads are known before the first
// step is read, so that a signal that names a later step is not mistaken for one that names
// no step, and an until can name a step of its loop. In a flow without mistakes, the heads
// have the indexes of their steps.
type head struct {
	id   string
	verb Verb
	word string // the verb as it is written
	at   *node.Value
}

// outline finds the heads of all steps, nested ones and those of exits included, in the order in which they
// are read. It gives an id to every step without one.
func (r *reader) outline(steps, exits *node.Value) {
	r.outlineBlock(steps)
	r.outlineArms(exits, "then")
	taken := map[string]bool{}
	for _, name := range languageNames {
		taken[name] = true
	}
	for _, h := range r.heads {
		if h.id != "" {
			taken[h.id] = true
		}
	}
	count := map[string]int{}
	for i := range r.heads {
		h := &r.heads[i]
		count[h.word]++
		if h.id == "" {
			h.id = freeID(r.meantTemplate(h), h.word, count[h.word], taken)
			taken[h.id] = true
		}
	}
}

func (r *reader) outlineBlock(steps *node.Value) {
	if !steps.IsList() {
		return
	}
	for _, v := range steps.List() {
		if !v.IsMap() {
			continue
		}
		m := v.Map()
		h := head{at: v, word: "step"}
		if id := m.Get("id"); id.IsText() {
			h.id = id.Str()
		}
		for _, verb := range verbs {
			if m.Has(verb.name) {
				h.verb, h.word = verb.verb, verb.name
				break
			}
		}
		r.headAt[v.Span().Start] = len(r.heads)
		r.heads = append(r.heads, h)
		r.outlineInside(m)
	}
}

// outlineInside finds the steps inside a step, in the order in which its verb reads them.
func (r *reader) outlineInside(m *node.Map) {
	r.outlineArms(m.Get("wait"), "do")
	r.outlineArms(m.Get("wait"), "then")
	r.outlineArms(m.Get("branch"), "then", "else")
	r.outlineArms(m.Get("split"), "then")
	if v := m.Get("repeat"); v.IsMap() {
		r.outlineBlock(v.Map().Get("steps"))
		r.outlineArms(v.Map().Get("until"), "then")
	}
	if v := m.Get("collect"); v.IsMap() {
		r.outlineArms(v.Map().Get("until"), "then")
	}
	if v := m.Get("fetch"); v.IsMap() {
		r.outlineBlock(v.Map().Get("on_error"))
	}
}

// eachHead calls f for the heads of the steps of a block, nested ones included.
func (r *reader) eachHead(block *node.Value, f func(int, head)) {
	inside := &reader{headAt: map[diag.Pos]int{}}
	inside.outlineBlock(block)
	for _, h := range inside.heads {
		if i, ok := r.headAt[h.at.Span().Start]; ok {
			f(i, r.heads[i])
		}
	}
}

func (r *reader) outlineArms(v *node.Value, keys ...string) {
	for _, arm := range oneOrMore(v) {
		if !arm.IsMap() {
			continue
		}
		for _, key := range keys {
			r.outlineBlock(arm.Map().Get(key))
		}
	}
}

// meantTemplate returns the name of the template of a send without an id. For a misspelt
// name, it returns the template that was meant, so that other steps find the send by it.
func (r *reader) meantTemplate(h *head) string {
	name := templateName(h.at.Map().Get("send"))
	if name == "" || r.project.library.Source(name) != nil {
		return name
	}
	return cmp.Or(diag.Nearest(name, r.project.library.Names()), name)
}

// freeID returns an id for a step without one: its template, otherwise its verb and its
// number among the steps with this verb.
func freeID(base, word string, nth int, taken map[string]bool) string {
	if base != "" && !taken[base] {
		return base
	}
	n := nth
	if base != "" {
		n = 2
	} else {
		base = word
	}
	for ; ; n++ {
		if id := fmt.Sprintf("%s_%d", base, n); !taken[id] {
			return id
		}
	}
}

// templateName returns the name of the template of a send, or an empty text.
func templateName(send *node.Value) string {
	if send.IsMap() {
		send = send.Map().Get("template")
	}
	if !send.IsText() || !nameForm.MatchString(send.Str()) {
		return ""
	}
	return send.Str()
}

// stepIDs returns the ids of the steps with this verb, or of all steps for 0.
func (r *reader) stepIDs(verb Verb) []string {
	var ids []string
	for _, h := range r.heads {
		if verb == 0 || h.verb == verb {
			ids = append(ids, h.id)
		}
	}
	return ids
}

func (r *reader) headNamed(id string) (head, bool) {
	i := slices.IndexFunc(r.heads, func(h head) bool { return h.id == id })
	if i < 0 {
		return head{}, false
	}
	return r.heads[i], true
}
