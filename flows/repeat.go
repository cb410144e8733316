package flows

import (
	"regexp"

	"nudge/lang/node"
	"nudge/lang/shape"
)

const (
	// MaxRounds is the largest `times` of a repeat; a larger one is a mistake of the flow.
	MaxRounds = 100
	// MaxLoops is how deep repeats may be nested; a deeper one is a mistake of the flow. Each level
	// multiplies the messages.
	MaxLoops = 3
)

// repeat reads a loop. It reads the steps first, because the until may name messages that
// they send.
func (r *reader) repeat(v *node.Value, at int, k *typeEnv) (joints []patch) {
	loop := &Repeat{Body: End}
	r.flow.Steps[at].Repeat = loop
	m := v.Map()
	if m == nil {
		return nil
	}
	loop.Times = r.number(m, "times", 1, MaxRounds)
	if every := m.Get("every"); every != nil {
		r.readEvery(loop, every)
	}
	if len(r.loops) == MaxLoops {
		v.Errorf(codeTooMany, "", "repeats are nested more than %d levels deep", MaxLoops)
		return nil
	}
	body, until := m.Get("steps"), m.Get("until")
	m.Close(stepKeys...)
	inside := r.body(m, body, at, k)
	before := k.fork()
	before.join(inside)
	lines, lineMaps := r.lines(until, before.with(NameRound, shape.Number), inRepeat)
	loop.Until = lines
	k.join(inside)
	if m.Has("times") {
		r.learn(k, at, r.linesShape(lines, outcomeCompleted))
	} else {
		r.mustTakeTime(m, at)
		r.learn(k, at, r.linesShape(lines))
	}
	joints, _ = r.follow(lines, lineMaps, at, before, k)
	return joints
}

// saysClock matches a text that is meant as a moment of the clock, and not as a duration.
var saysClock = regexp.MustCompile(`\d:\d\d|\d\.\d\d$|[ap]\.?m\.?$|^\(| of month`)

// readEvery reads how long a round lasts: a duration, or until a moment of the clock.
func (r *reader) readEvery(loop *Repeat, v *node.Value) {
	if v.IsText() && saysClock.MatchString(v.Text().Value) {
		loop.Till = r.clockMoment(v.Text(), nil)
	} else {
		loop.Every = r.duration(v)
	}
}

// outcomeCompleted is the outcome of a repeat that ran all its rounds.
const outcomeCompleted = "completed"

// body reads the steps of a loop, connects their end to the repeat, and returns what is
// known there.
func (r *reader) body(m *node.Map, steps *node.Value, at int, k *typeEnv) *typeEnv {
	inside := k.with(NameRound, shape.Number)
	if steps == nil {
		m.Errorf("steps", CodeMissingKey, "for example steps: [ { send: reminder } ]", "this repeat has no steps")
		return inside
	}
	inside.names[NameProfile] = r.profile // what a condition said of it may have changed
	r.foresee(steps, inside)
	r.loops = append(r.loops, at)
	r.flow.Steps[at].Repeat.Body = at + 1
	joints, _ := r.block(steps, "steps", inside)
	connect(joints, at)
	r.loops = r.loops[:len(r.loops)-1]
	r.keepTypes(steps, k, inside, "in the loop", "before the first round")
	return inside
}

// foresee makes the messages and fetches of a loop known at its beginning, because a round
// may use those of the round before.
func (r *reader) foresee(steps *node.Value, inside *typeEnv) {
	r.eachHead(steps, func(i int, h head) {
		if h.verb == VerbSend {
			inside.sends[h.id] = i
			inside.names[h.id] = sendShape
		}
		if h.verb == VerbFetch {
			inside.names[h.id] = fetchShape
		}
	})
}
