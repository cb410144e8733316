package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"nudge/flows"
)

// Engine is the pure core: the state beside the runs, and every version of a flow
// that is in use. It belongs to one goroutine.
type Engine struct {
	State     State
	versions  map[FlowVersion]*flows.Flow
	active    []*flows.Flow         // sorted by name
	listeners map[string][]listener // by event type, sorted by flow and version
}

// listener is a flow version whose live runs an event type may concern.
type listener struct {
	flow  *flows.Flow
	heard *flows.Heard
}

// lines calls visit with every exit and wait line that names the event.
func (l *listener) lines(visit func(*flows.Line)) {
	for _, line := range l.heard.Exits {
		visit(line)
	}
	for _, line := range l.heard.Waits {
		visit(line)
	}
}

// New returns an engine that goes on from a state, with every version that the
// state's active flows and the live runs need.
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

// index derives what routes events from the versions and the state.
func (e *Engine) index() {
	e.active = e.active[:0]
	for _, v := range e.State.Active {
		e.active = append(e.active, e.versions[v])
	}
	e.listeners = map[string][]listener{}
	order := slices.SortedFunc(maps.Keys(e.versions), func(a, b FlowVersion) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Version, b.Version))
	})
	for _, v := range order {
		f := e.versions[v]
		for event, heard := range f.Listening {
			e.listeners[event] = append(e.listeners[event], listener{f, heard})
		}
	}
}

// Flow returns a version that is in use, or nil.
func (e *Engine) Flow(v FlowVersion) *flows.Flow { return e.versions[v] }

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
