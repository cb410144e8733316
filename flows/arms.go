package flows

import (
	"fmt"
	"slices"

	"nudge/lang/node"
	"nudge/lang/shape"
)

// elseArm is the name of the else of a branch that has no name of its own.
const elseArm = "else"

// armNumbered is the name of an arm of a branch that has no name of its own, by its place
// from 1.
func armNumbered(n int) string { return fmt.Sprintf("arm_%d", n) }

// armsRead are the names of the arms of one step, as they are read: no two are the same.
type armsRead struct {
	names []string
	at    []*node.Map
}

// add notes the name of an arm, and reports one that another arm has.
func (a *armsRead) add(m *node.Map, name string) {
	if i := slices.Index(a.names, name); i >= 0 && name != "" {
		place, line := "as", a.at[i].Span().Start.Line
		if !m.Has("as") {
			place = "if" // another arm has the name that this one has by its place
		}
		m.Errorf(place, codeDuplicateID, "give each arm a name of its own", "two arms are called %s; the first is on line %d", name, line)
	}
	a.names, a.at = append(a.names, name), append(a.at, m)
}

// named returns the name that an arm gives itself, or an empty text.
func (r *reader) named(m *node.Map) string {
	t := m.Text("as")
	if !checkName(t, "an arm's name", r.list) {
		return ""
	}
	return t.Value
}

// learnArms notes the outcome of a branch or a split, which its arms may read too.
func (r *reader) learnArms(k *typeEnv, at int, names []string) (before *typeEnv) {
	outcome := shape.MapOf(map[string]*shape.Type{"outcome": shape.OneOf(names...)})
	before = k.fork()
	r.learn(k, at, outcome)
	return before.with(r.flow.Steps[at].ID, outcome)
}
