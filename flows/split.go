package flows

import "nudge/lang/node"

// maxWeight is the largest weight of an arm of a split.
const maxWeight = 10000

// split reads the arms of a split. People are divided by weight. An arm without a then does
// nothing.
func (r *reader) split(v *node.Value, at int, k *typeEnv) (joints []patch, ends bool) {
	before, ends := k.fork(), true
	items := v.List()
	if v.IsList() && len(items) < 2 {
		v.Errorf(CodeMissingKey, "for example split: [ { weight: 90, then: [ … ] }, { weight: 10 } ]",
			"a split needs at least two arms")
	}
	for _, item := range items {
		m := item.Map()
		if m == nil {
			continue
		}
		if !m.Has("weight") {
			m.Errorf("weight", CodeMissingKey, "for example weight: 50", "this arm has no weight")
		}
		share := Share{Weight: r.number(m, "weight", 1, maxWeight)}
		then := m.Get("then")
		m.Close()
		n := len(r.flow.Steps[at].Split)
		r.flow.Steps[at].Split = append(r.flow.Steps[at].Split, share)
		enter := func(target int) { r.flow.Steps[at].Split[n].Then = target }
		if then == nil {
			joints, ends = append(joints, enter), false
			continue
		}
		inner, armEnds := r.arm(then, before.fork(), k, enter)
		joints, ends = append(joints, inner...), ends && armEnds
	}
	return joints, ends
}
