package flows

import "nudge/lang/node"

// opt reads an opt-out or opt-in: all categories, or one.
func (r *reader) opt(m *node.Map, at int) {
	word := "opt_out"
	if !m.Has(word) {
		word = "opt_in"
	}
	o := &Opt{In: word == "opt_in"}
	r.flow.Steps[at].Opt = o
	if t := m.Text(word); t != nil && t.Value != "all" {
		o.Category = r.category(t)
	}
}
