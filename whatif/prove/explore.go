package prove

import (
	"encoding/binary"
	"maps"
	"slices"

	"nudge/flows"
)

// explorer explores one flow.
type explorer struct {
	f         *flows.Flow
	asked     []*asked     // by step
	named     map[int]int  // by repeat: the last round that differs from those after it
	counts    map[int]bool // by repeat: conditions only compare its rounds, or it has times
	holds     []int64      // by step: how long a message may be held for its window
	hasIfs    bool
	period    *period                    // counted too; nil for none
	keys      map[string]map[string]bool // by event type: the keys by which the flow names it
	lifeOf    func(flow string) int64    // the longest life of a flow that is started
	readings  map[*flows.Expr]flows.Reading
	steadies  map[*flows.Expr]bool
	fieldsSet []string              // fields of the person that a flow of the project sets, as paths
	atoms     map[string]flows.Atom // comparisons that were guessed, by their text
	clocks    []*flows.Moment       // the times of day that were come to
	anchors   map[string]int        // the instants that moments count from
	takes     map[*flows.Line]int64 // how long the timers of lines with hours take at the most

	nodes   []node
	index   map[string]int
	regions []*region // inner ones before those that use them; the last one is the whole run
	known   map[string]*region
	visits  []visit
	visitAt map[string]int
	routes  []route
	routeAt map[string]int32
	delays  []delays
	delayAt map[string]int32
	budget  *Budget
	coarse  bool           // states that differ only in their instants become one
	growths map[string]int // how often that has widened a state
	limited bool           // the budget is used up
	at      int            // the step that was explored last
	timed   bool           // in it times of day come when they do in the story
	apart   bool           // in it nothing comes from outside at an instant at which a timer is still to ring
	telling bool           // a story is being told, so the instants of the past are kept
}

// unnamed is an outcome of a wait that none of its lines names.
type unnamed struct {
	step    int
	outcome string
}

// visit is what a walk passes.
type visit struct {
	passed []int     // steps
	ended  []unnamed // waits that none of their lines ended
	used   bool      // a run can go this way
}

// node is a state without the numbers of its rounds, or an end.
type node struct {
	state   *state // nil once its edges are known
	edges   []edge
	at      int
	loops   []loop
	zone    zone
	stays   bool // time has no end here
	long    bool // or one that nobody knows
	turns   bool // the run is in the middle of an input
	outcome string
	goal    bool
}

// edge is one way on from a state. There are many of them, so they are small.
type edge struct {
	to      int32
	route   int32
	delays  int32
	visit   int32
	send    int32 // the step of the message
	cost    int32 // of a story that goes this way
	steps   int32 // that it takes
	posted  uint8
	planned uint8
	kept    uint8
	counted uint8
	tape    string // the choices that lead here, two bytes each
}

// route is what an edge does to loops.
type route struct {
	turns  []turn // of the loops around the state, the innermost first
	enters string // the rounds of the loops that begin, as bytes
}

// edgeBytes is about how much room an edge takes, without its choices.
const edgeBytes = 80

func newExplorer(f *flows.Flow, holds []int64, lifeOf func(string) int64, budget *Budget) *explorer {
	x := &explorer{
		f: f, asked: askedFrom(f), holds: holds, keys: map[string]map[string]bool{}, lifeOf: lifeOf,
		readings: map[*flows.Expr]flows.Reading{}, steadies: map[*flows.Expr]bool{}, atoms: map[string]flows.Atom{}, anchors: map[string]int{}, takes: map[*flows.Line]int64{},
		index: map[string]int{}, known: map[string]*region{}, visitAt: map[string]int{}, routeAt: map[string]int32{}, delayAt: map[string]int32{}, growths: map[string]int{}, budget: budget,
	}
	x.named, x.counts = x.namedRounds(), x.countsRounds()
	x.see(f.Exits)
	for i := range f.Steps {
		x.see(x.linesAt(i))
		if c := f.Steps[i].Collect; c != nil {
			for _, event := range c.Hears() {
				x.seeKey(event, c.Key)
			}
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

// explore finds every state that a run can be in.
func (x *explorer) explore() { x.region(x.add(initial()), "") }

func initial() *state {
	return &state{sends: map[int]sent{}, facts: map[string]bool{}, values: map[string]any{}, zone: newZone()}
}

// edges are the ways on from a node.
func (x *explorer) edges(i int) []edge {
	s := x.nodes[i].state
	if s == nil || x.limited {
		return x.nodes[i].edges
	}
	x.nodes[i].state, x.at = nil, s.at
	x.budget.free(s.bytes())
	if s.phase == ended {
		return nil
	}
	all := map[edge]int{}
	var edges []edge
	s = x.before(s)
	x.nodes[i].stays = x.passes(s) && s.zone.waitsForever()
	x.nodes[i].long = x.passes(s) && s.zone.waitsLong()
	x.expand(s, func(w *walk) {
		delay := w.s.zone.takeDelays()
		e := edge{
			posted: uint8(w.posted), planned: uint8(w.planned), kept: uint8(w.kept), counted: uint8(w.counted), send: int32(w.send),
			route: x.route(w), delays: x.delay(delay), visit: int32(x.visited(w)), tape: w.t.tape(), cost: int32(w.cost()),
		}
		e.to, e.steps = int32(x.add(w.s)), int32(len(w.passed))
		same := e
		same.cost, same.steps, same.tape = 0, 0, ""
		if i, ok := all[same]; !ok {
			all[same] = len(edges)
			edges = append(edges, e)
			x.budget.take(edgeBytes + int64(len(e.tape)))
		} else if e.cost < edges[i].cost {
			e.steps = max(e.steps, edges[i].steps)
			edges[i] = e
		}
	})
	x.nodes[i].edges = edges
	return edges
}

// route notes what a walk does to loops, and answers its number.
func (x *explorer) route(w *walk) int32 {
	key := string(appendTurns(nil, w.turns)) + "|" + w.enters
	i, ok := x.routeAt[key]
	if !ok {
		i = int32(len(x.routes))
		x.routeAt[key] = i
		x.routes = append(x.routes, route{w.turns, w.enters})
		x.budget.take(int64(3*len(key) + 100))
	}
	return i
}

// delay notes the delays of a walk, and answers their number.
func (x *explorer) delay(d delays) int32 {
	key := d.key()
	i, ok := x.delayAt[key]
	if !ok {
		i = int32(len(x.delays))
		x.delayAt[key] = i
		x.delays = append(x.delays, d)
		x.budget.take(int64(len(key) + 8*len(d.most) + 100))
	}
	return i
}

// visited notes what a walk passes, and answers its number.
func (x *explorer) visited(w *walk) int {
	var key []byte
	passed := slices.Compact(slices.Sorted(slices.Values(w.passed)))
	for _, step := range passed {
		key = binary.AppendUvarint(key, uint64(step))
	}
	for _, u := range w.ended {
		key = append(binary.AppendUvarint(append(key, 0xff, 0xff), uint64(u.step)), u.outcome...)
	}
	i, ok := x.visitAt[string(key)]
	if !ok {
		i = len(x.visits)
		x.visitAt[string(key)] = i
		x.visits = append(x.visits, visit{passed: passed, ended: w.ended})
		x.budget.take(int64(2*len(key) + 8*len(w.passed) + 100))
	}
	return i
}

// before is a state as its next input finds it: time has passed up to its first alarm.
func (x *explorer) before(s *state) *state {
	s = s.clone()
	if !x.telling {
		s.zone.mark()
	}
	if x.passes(s) {
		s.zone.pass()
	}
	return s
}

// passes reports whether time passes in a state.
func (x *explorer) passes(s *state) bool {
	switch s.phase {
	case beginning, sending, fetching, turning:
		return false
	}
	return !s.looks()
}

// expand tries every way on from a state, which time has passed in.
func (x *explorer) expand(s *state, found func(*walk)) {
	t := &choices{}
	inputs := x.inputs(s)
	for {
		w := x.try(s, inputs, t)
		if n := len(s.zone.vars); !x.budget.spend(int64(1 + len(w.passed) + w.guessed + n*n*(n+8)/256)) {
			x.limited = true
			return
		}
		if !w.dead {
			found(w)
		}
		if !t.next() {
			return
		}
	}
}

// try goes the one way on from a state that the choices say.
func (x *explorer) try(s *state, inputs []input, t *choices) *walk {
	w := &walk{explorer: x, s: s.clone(), t: t, around: len(s.loops)}
	w.trace.during = s.phase == sending || s.phase == fetching
	switch {
	case s.phase == beginning:
		w.trace.begins = true
		w.arm(atExits, x.f.Exits)
		if !w.leavesByIf() {
			w.advance(0)
		}
		if !w.dead {
			w.watchIfs()
		}
	case len(inputs) == 0:
		w.dead = true // nothing ever happens to it again
		return w
	default:
		w.apply(&inputs[t.choose(len(inputs))])
	}
	if !w.dead {
		w.mergeRounds()
		w.forget()
	}
	return w
}

// forget drops what nobody asks for any more.
func (w *walk) forget() {
	s := w.s
	if s.phase != turning {
		s.passing, s.ifs = nil, false
	}
	if s.phase == ended {
		*s = state{phase: ended, outcome: s.outcome, goal: s.goal, zone: s.zone}
		if !w.telling {
			s.zone.remove(func(a alarm) bool { return a.place != atMark })
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
		return ok && !slices.ContainsFunc(a.Paths, func(path string) bool { return still.paths[path] })
	})
	s.boxed = s.boxed && still.hears
	if w.telling {
		return
	}
	w.forgetTimesOfDay(still)
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

// A coarse state is widened exactly so often; then it has no bounds where it grew.
const manyGrowths = 4

// add adds a state that was reached, unless it is known, and answers its number.
func (x *explorer) add(s *state) int {
	key := s.key()
	if x.coarse {
		key = string(s.zone.alarmKey(s.keyBeforeZone()))
	}
	i, ok := x.index[key]
	if ok && (!x.coarse || s.zone.within(x.nodes[i].zone)) {
		return i
	}
	if ok {
		x.growths[key]++
		s.zone = x.nodes[i].zone.joined(s.zone, x.growths[key] > manyGrowths, x.growths[key] > 4*manyGrowths)
	}
	i = len(x.nodes)
	x.index[key] = i
	x.nodes = append(x.nodes, node{state: s, at: s.at, loops: s.loops, zone: s.zone, turns: s.phase == turning, outcome: s.outcome, goal: s.goal})
	x.budget.take(int64(len(key)) + s.bytes() + int64(8*len(s.zone.bounds)+300))
	if x.budget.States--; x.budget.States < 0 {
		x.limited = true
	}
	return i
}
