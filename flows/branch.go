package flows

import "nudge/lang/node"

// branch reads the arms of a branch. A run takes the first arm whose condition holds.
func (r *reader) branch(v *node.Value, at int, k *typeEnv) (joints []patch, ends bool) {
	conditions := k.fork()
	arms := r.branchArms(v)
	before, ends := r.learnArms(k, at, arms.names), true
	hasElse := false
	for n, m := range arms.at {
		arm, then := Arm{As: arms.names[n]}, m.Get("then")
		if m.Has("else") {
			then, hasElse = m.Get("else"), true
			if n != len(arms.at)-1 {
				m.Errorf("else", codeNoElse, "put it last", "else must be the last arm: arms below it are never reached")
			}
		} else if arm.If = r.expr(m.Get("if"), conditions.scope(), forCondition); !m.Has("if") {
			m.Errorf("if", CodeMissingKey, "write else: for an arm without a condition", "this arm has no if")
		}
		if then == nil {
			m.Errorf("then", CodeMissingKey, "for example then: [ { send: welcome } ]", "this arm has no then")
		}
		m.Allow("if", "then", "else")
		m.Close()
		r.flow.Steps[at].Branch = append(r.flow.Steps[at].Branch, arm)
		enter := func(target int) { r.flow.Steps[at].Branch[n].Then = target }
		inside := before.fork()
		inside.assume(lasting(sureIf(arm.If)))
		inner, armEnds := r.arm(then, inside, k, enter)
		joints, ends = append(joints, inner...), ends && armEnds
		before.assume(lasting(sureUnless(arm.If)))
		conditions.assume(sureUnless(arm.If))
	}
	return joints, ends && hasElse
}

// branchArms reads the names of the arms.
func (r *reader) branchArms(v *node.Value) (arms armsRead) {
	for _, item := range v.List() {
		m := item.MapOf("if", "else")
		if m == nil {
			continue
		}
		name := r.named(m)
		switch {
		case name != "":
		case m.Has("else"):
			name = elseArm
		default:
			name = armNumbered(len(arms.names) + 1)
		}
		arms.add(m, name)
	}
	return arms
}

// arm reads the steps of one arm and calls enter with the first of them. It adds what is
// known at the end of the arm to after, unless the arm always exits.
func (r *reader) arm(then *node.Value, k, after *typeEnv, enter patch) (joints []patch, ends bool) {
	if !then.IsList() || len(then.List()) == 0 {
		if then != nil {
			r.block(then, "then", k)
		}
		enter(End)
		return nil, false
	}
	k.names[NameProfile] = r.profile // what a condition said of it may have changed
	enter(len(r.flow.Steps))
	joints, ends = r.block(then, "then", k)
	if !ends {
		after.join(k)
	}
	return joints, ends
}
