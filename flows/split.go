package flows

import (
	"fmt"

	"nudge/lang/node"
)

// maxWeight is the largest `weight` of an arm of a split; a larger one is a mistake of the flow.
const maxWeight = 10000

// split reads the arms of a split. People are divided by weight. An arm without a then does
// nothing.
func (r *reader) split(v *node.Value, at int, k *typeEnv) (joints []patch, ends bool) {
	items := v.List()
	if v.IsList() && len(items) < 2 {
		v.Errorf(CodeMissingKey, "for example split: [ { as: offer, weight: 90, then: [ … ] }, { as: control, weight: 10 } ]",
			"a split needs at least two arms")
	}
	var arms armsRead
	for _, item := range items {
		m := item.Map()
		if m == nil {
			continue
		}
		if !m.Has("weight") {
			m.Errorf("weight", CodeMissingKey, "for example weight: 50", "this arm has no weight")
		}
		share := Share{As: r.named(m), Weight: r.number(m, "weight", 1, maxWeight)}
		if !m.Has("as") {
			m.Errorf("as", CodeMissingKey, namedArm(m, share.Weight, len(arms.names)+1),
				"this arm has no name; the results of a split are counted by the names of its arms")
		}
		arms.add(m, share.As)
		r.flow.Steps[at].Split = append(r.flow.Steps[at].Split, share)
	}
	before, ends := r.learnArms(k, at, arms.names), true
	for n, m := range arms.at {
		then := m.Get("then")
		m.Close()
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

// namedArm writes an arm without a name as it may be: with the name of what it sends, or of
// how it ends.
func namedArm(m *node.Map, weight, number int) string {
	name, rest := armNumbered(number), ""
	then := m.Get("then")
	if then != nil {
		rest = ", then: …"
	}
	if then.IsList() && len(then.List()) > 0 && then.List()[0].IsMap() {
		first := then.List()[0].Map()
		if word := templateName(first.Get("send")); word != "" {
			name = word
		} else if exit := first.Get("exit"); exit.IsText() && nameForm.MatchString(exit.Str()) {
			name = exit.Str()
		}
	}
	return fmt.Sprintf("write { as: %s, weight: %d%s }", name, weight, rest)
}
