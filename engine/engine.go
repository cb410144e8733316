package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"nudge/flows"
)

// Engine is the pure core: the state outside the runs, and every flow version in use. It
// belongs to one goroutine.
type Engine struct {
	State      State
	versions   map[FlowVersion]*flows.Flow
	active     []*flows.Flow              // sorted by name
	listeners  map[string][]listener      // by event type, sorted by flow and version
	ifs        map[*flows.Flow]bool       // flows with a condition line
	fires      map[string]bool            // flows of which an event starts campaigns, by name
	categories map[string]*flows.Category // those of the active flows
	takingOver map[string]*flows.Flow     // active flows with migrations, by name
	observer   Observer
	delivered  []uint64                                              // by partition: number of the last owed input that is known to be taken
	dealer     func(*flows.Flow, string, *flows.Step) (string, bool) // see DealBy; nil: the hash deals
	applier    applier                                               // state of the current input, reused so that no input allocates one
}

// listener is a flow version with live runs that an event type may affect.
type listener struct {
	flow   *flows.Flow
	keys   []*flows.Expr // the runs with these keys
	person bool          // the runs of the person the event names
}

// hear records that the flow listens to an event by key. Without a key it means the runs of
// the person the event names.
func (l *listener) hear(key *flows.Expr) {
	if key == nil {
		l.person = true
	} else {
		l.keys = append(l.keys, key)
	}
}

// listenersOf returns what the runs of a flow listen to, by event type.
func listenersOf(f *flows.Flow) map[string]*listener {
	found := map[string]*listener{}
	for event, heard := range f.Listening {
		l := &listener{flow: f}
		for _, line := range slices.Concat(heard.Exits, heard.Waits, heard.Untils) {
			l.hear(line.Key)
		}
		for _, c := range heard.Collects {
			l.hear(c.Key)
		}
		if l.person || len(l.keys) > 0 { // otherwise it only starts runs
			found[event] = l
		}
	}
	return found
}

// hasIfs reports whether a flow has a line that is only a condition, without a signal.
func hasIfs(f *flows.Flow) bool {
	isIf := func(l flows.Line) bool { return l.Signal == flows.SignalIf }
	return slices.ContainsFunc(f.Exits, isIf) || slices.ContainsFunc(f.Steps, func(s flows.Step) bool {
		return s.Wait != nil && slices.ContainsFunc(s.Wait.Lines, isIf) ||
			s.Repeat != nil && slices.ContainsFunc(s.Repeat.Until, isIf) ||
			s.Collect != nil && slices.ContainsFunc(s.Collect.Until, isIf)
	})
}

// watchesIfs reports whether a flow has a line that is only a condition, without a signal.
func (e *Engine) watchesIfs(f *flows.Flow) bool { return e.ifs[f] }

// New returns an engine that continues from a state. Versions must include every version
// that the active flows and the live runs need.
func New(state State, versions []*flows.Flow) (*Engine, error) {
	e := &Engine{State: state, versions: map[FlowVersion]*flows.Flow{}}
	for _, f := range versions {
		e.versions[FlowVersion{f.Name, f.Version}] = f
	}
	for _, v := range state.Active {
		if e.versions[v] == nil {
			return nil, fmt.Errorf("flow %s: active version %s is missing", v.Flow, v.Version)
		}
	}
	e.index()
	return e, nil
}

// Keep forgets every version but these, which must include those that the active flows and the
// live runs need. Nothing else ever asks for one, so it changes no decision.
func (e *Engine) Keep(versions []FlowVersion) {
	maps.DeleteFunc(e.versions, func(v FlowVersion, _ *flows.Flow) bool { return !slices.Contains(versions, v) })
	e.index()
}

// Know adds versions with live runs in other partitions: an event may concern those by a key. It decides nothing about the
// runs of this partition.
func (e *Engine) Know(versions []*flows.Flow) {
	for _, f := range versions {
		e.versions[FlowVersion{f.Name, f.Version}] = f
	}
	e.index()
}

// index builds the event routing from the versions and the state.
func (e *Engine) index() {
	e.active, e.takingOver = e.active[:0], map[string]*flows.Flow{}
	for _, v := range e.State.Active {
		f := e.versions[v]
		e.active = append(e.active, f)
		if len(f.Migrations) > 0 {
			e.takingOver[f.Name] = f
		}
	}
	e.categories = map[string]*flows.Category{}
	for _, f := range e.active {
		maps.Copy(e.categories, f.Categories)
	}
	e.listeners, e.ifs, e.fires = map[string][]listener{}, map[*flows.Flow]bool{}, map[string]bool{}
	order := slices.SortedFunc(maps.Keys(e.versions), func(a, b FlowVersion) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Version, b.Version))
	})
	for _, v := range order {
		f := e.versions[v]
		e.ifs[f] = hasIfs(f)
		e.fires[f.Name] = e.fires[f.Name] || slices.ContainsFunc(f.Triggers, func(t flows.Trigger) bool { return t.Event != "" && t.Schedule != nil })
		for event, l := range listenersOf(f) {
			e.listeners[event] = append(e.listeners[event], *l)
		}
	}
}

// Flow returns a version that is in use, or nil.
func (e *Engine) Flow(v FlowVersion) *flows.Flow { return e.versions[v] }

// FiresByEvent reports whether an event starts campaigns of a flow, in a version that is known.
func (e *Engine) FiresByEvent(flow string) bool { return e.fires[flow] }

// Active returns the flows that may start runs, sorted by name. The caller must not
// change the slice.
func (e *Engine) Active() []*flows.Flow { return e.active }

func (e *Engine) flowOf(r *Run) *flows.Flow {
	f := e.versions[FlowVersion{r.Flow, r.Version}]
	if f == nil {
		panic(fmt.Sprintf("engine: version %s of flow %s is not loaded", r.Version, r.Flow))
	}
	return f
}
