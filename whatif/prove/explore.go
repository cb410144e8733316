package prove

import (
	"maps"
	"slices"

	"nudge/flows"
)

// MaxStates is how many states of one flow are explored. A flow that has more is not
// proved, and its report says so.
const MaxStates = 100_000

// explorer explores one flow.
type explorer struct {
	f        *flows.Flow
	asked    []*asked // by step
	holds    []int64  // by step: how long a message may be held for its window
	hasIfs   bool
	period   *period                    // counted besides; nil for none
	keys     map[string]map[string]bool // by event type: by which keys the flow names it
	lifeOf   func(flow string) int64    // the longest life of a flow that is started
	readings map[*flows.Expr]flows.Reading
	atoms    map[string]flows.Atom // comparisons that were guessed, by their text
	anchors  map[string]int        // what moments count from

	nodes     []node
	index     map[string]int
	reached   []bool // by step
	unhandled map[unnamed]bool
	endless   map[int]bool // steps at which time has no end
	limited   bool         // there are more states than MaxStates
	telling   bool         // a story is told: what it needs is not forgotten
}

// unnamed is an outcome of a wait that no line of it names.
type unnamed struct {
	step    int
	outcome string
}

// node is a state, or an end.
type node struct {
	state   *state // nil once its ways on are known
	edges   []edge
	age     int64
	outcome string // of an end
	goal    bool
}

// edge is one way on from a state.
type edge struct {
	to      int
	posted  int
	planned int
	counted int
	send    int // the step of the message
	tape    []uint16
	cost    int // of a story that goes by it
}

func newExplorer(f *flows.Flow, holds []int64, lifeOf func(string) int64) *explorer {
	x := &explorer{
		f: f, asked: askedFrom(f), holds: holds, keys: map[string]map[string]bool{}, lifeOf: lifeOf,
		readings: map[*flows.Expr]flows.Reading{}, atoms: map[string]flows.Atom{}, anchors: map[string]int{},
		index: map[string]int{}, reached: make([]bool, len(f.Steps)), unhandled: map[unnamed]bool{}, endless: map[int]bool{},
	}
	x.see(f.Exits)
	for i := range f.Steps {
		x.see(x.linesAt(i))
		if c := f.Steps[i].Collect; c != nil {
			x.seeKey(c.Event, c.Key)
		}
	}
	return x
}

func (x *explorer) see(lines []flows.Line) {
	for i := range lines {
		x.hasIfs = x.hasIfs || lines[i].Signal == flows.SignalIf
		if lines[i].Signal == flows.SignalEvent {
			x.seeKey(lines[i].Event, lines[i].Key)
		}
	}
}

func (x *explorer) seeKey(kind string, key *flows.Expr) {
	if x.keys[kind] == nil {
		x.keys[kind] = map[string]bool{}
	}
	by := "any"
	if key != nil {
		by = key.String()
	}
	x.keys[kind][by] = true
}

// explore finds every state that a run can be in, nearest first.
func (x *explorer) explore() {
	x.add(initial())
	for i := 0; i < len(x.nodes); i++ {
		if len(x.nodes) > MaxStates {
			x.limited = true
			return
		}
		s := x.nodes[i].state
		x.nodes[i].state = nil
		if s.phase == ended {
			continue
		}
		x.expand(s, func(w *walk) {
			for _, step := range w.passed {
				x.reached[step] = true
			}
			for _, u := range w.ended {
				x.unhandled[u] = true
			}
			e := edge{x.add(w.s), w.posted, w.planned, w.counted, w.send, slices.Clone(w.t.chosen), w.cost()}
			x.nodes[i].edges = append(x.nodes[i].edges, e)
		})
	}
}

func initial() *state {
	return &state{sends: map[int]sent{}, facts: map[string]bool{}, values: map[string]any{}, zone: newZone()}
}

// expand tries every way on from a state.
func (x *explorer) expand(s *state, found func(*walk)) {
	t := &choices{}
	for {
		if w := x.try(s, t); !w.dead {
			found(w)
		}
		if !t.next() {
			return
		}
	}
}

// try goes the one way on from a state that the tape says.
func (x *explorer) try(s *state, t *choices) *walk {
	w := &walk{explorer: x, s: s.clone(), t: t}
	if s.phase == beginning {
		w.trace.begins = true
		w.arm(atExits, x.f.Exits)
		if !w.leavesByIf() {
			w.advance(0)
		}
		if !w.dead {
			w.watchIfs()
		}
	} else {
		if s.phase != sending && s.phase != fetching {
			w.s.zone.pass()
			if w.s.zone.age() == unbounded && s.zone.age() != unbounded {
				x.endless[s.at] = true
			}
		}
		all := x.inputs(w.s)
		if len(all) == 0 {
			w.dead = true // nothing ever happens to it again
			return w
		}
		w.apply(&all[t.choose(len(all))])
	}
	if !w.dead {
		w.forget()
	}
	return w
}

// forget drops what nobody asks for any more.
func (w *walk) forget() {
	s := w.s
	s.passing = nil
	if s.phase == ended {
		*s = state{phase: ended, outcome: s.outcome, goal: s.goal, zone: s.zone}
		if !w.telling {
			s.zone.remove(func(alarm) bool { return true })
			s.zone.forgetAge()
		}
		return
	}
	still := w.asked[s.at]
	for step, m := range s.sends {
		n := still.sends[step] | still.any
		if still.sends[step] == 0 {
			w.forgetMessage(step)
			delete(s.sends, step)
		} else if m.status = n.seen(m.status); true {
			s.sends[step] = m
		}
	}
	s.older = s.older.seen(still.any)
	maps.DeleteFunc(s.values, func(path string, _ any) bool { return !still.paths[path] })
	maps.DeleteFunc(s.facts, func(text string, _ bool) bool {
		a, ok := w.atoms[text]
		return ok && !still.paths[a.Path]
	})
	s.boxed = s.boxed && still.hears
	if w.telling {
		return
	}
	s.zone.remove(func(a alarm) bool { return a.place == atAnchor && !w.asksAnchor(still, a.line) })
	if !still.age {
		s.zone.forgetAge()
	}
}

func (x *explorer) asksAnchor(still *asked, line int) bool {
	for path, n := range x.anchors {
		if n == line {
			return still.paths[path]
		}
	}
	return false
}

// add adds a state that was reached, unless it is known, and answers its number.
func (x *explorer) add(s *state) int {
	key := s.key()
	if i, ok := x.index[key]; ok {
		return i
	}
	i := len(x.nodes)
	x.index[key] = i
	x.nodes = append(x.nodes, node{state: s, age: s.zone.age(), outcome: s.outcome, goal: s.goal})
	return i
}
