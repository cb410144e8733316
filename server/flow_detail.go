package server

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"nudge/engine"
	"nudge/flows"
	"nudge/flows/graph"
	"nudge/lang/diag"
	"nudge/lang/shape"
	"nudge/whatif/numbers"
)

// maxFlowDeploys is how many deploys of a flow are looked at, the newest; versions that only older ones made
// active have no times.
const maxFlowDeploys = 200

// FlowDetail is one version of a flow in full.
type FlowDetail struct {
	Flow     string        `json:"flow"`
	About    string        `json:"about,omitempty"`
	Version  string        `json:"version"`
	Active   bool          `json:"active"`
	Category string        `json:"category,omitempty"`
	Account  string        `json:"account,omitempty"` // that its messages go through where they name none; absent: the default one
	Triggers []string      `json:"triggers"`          // in words
	Starts   []FlowStart   `json:"starts"`            // the same for programs, in the same order; empty: only a call starts it
	Data     []FlowField   `json:"data"`              // what a run starts with
	Exits    []FlowLine    `json:"exits"`             // ways to leave it early
	Steps    []FlowStep    `json:"steps"`             // in the order of the flow; those under an exit are behind the others
	Outcomes []FlowOutcome `json:"outcomes"`          // how a run can end by the flow itself; any run may also fail or be cancelled
	Events   []FlowEvent   `json:"events"`            // that it names, by type
	Versions []FlowVersion `json:"versions"`          // the active one first, then those that were active last
	Files    []FlowFile    `json:"files"`             // that the version was made of
}

// FlowStart is what starts a flow.
type FlowStart struct {
	Kind     string `json:"kind"`               // event, reply or schedule
	Event    string `json:"event,omitempty"`    // its type
	Audience bool   `json:"audience,omitempty"` // one run for each person of an audience; absent: for one person
	To       string `json:"to,omitempty"`       // of an event: how it names the person; absent: by its profile
}

// FlowStep is one step of a flow.
type FlowStep struct {
	Step     string     `json:"step"` // its ID
	Verb     string     `json:"verb"`
	Words    string     `json:"words"` // what it does, as drawings say it
	At       FlowPlace  `json:"at"`
	If       string     `json:"if,omitempty"`   // its condition
	Next     string     `json:"next,omitempty"` // the step after it; absent: the run ends
	Template string     `json:"template,omitempty"`
	Category string     `json:"category,omitempty"` // of a send: its own, or else the flow's
	Account  string     `json:"account,omitempty"`  // of a send: its own, or else the flow's
	Lines    []FlowLine `json:"lines,omitempty"`    // of a wait, repeat or collect
	Arms     []FlowArm  `json:"arms,omitempty"`     // of a branch or a split
}

// FlowPlace is where something stands in the files of a flow.
type FlowPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// FlowLine is a line of a step, or an exit.
type FlowLine struct {
	On    string    `json:"on"` // the signal, as counts name it
	As    string    `json:"as"` // the outcome
	Words string    `json:"words"`
	Then  string    `json:"then,omitempty"` // the step to go on with; absent: the run ends
	Goal  bool      `json:"goal,omitempty"` // of an exit: leaving this way is what the flow is for
	At    FlowPlace `json:"at"`
}

// FlowArm is an arm of a branch or a split.
type FlowArm struct {
	As     string `json:"as"`
	If     string `json:"if,omitempty"`     // of a branch; absent: what is left
	Weight int    `json:"weight,omitempty"` // of a split: its part of the sum of all weights
	Then   string `json:"then,omitempty"`   // the step to go on with; absent: the run ends
}

// FlowOutcome is how a run can end.
type FlowOutcome struct {
	Name string `json:"name"`
	Goal bool   `json:"goal,omitempty"`
}

// FlowEvent is a type of events that a flow names.
type FlowEvent struct {
	Type   string      `json:"type"`
	Uses   []string    `json:"uses"`   // trigger, exit, wait, until, collect or emit
	Fields []FlowField `json:"fields"` // that are known of its data
}

// FlowField is a field of data.
type FlowField struct {
	Path     string `json:"path"`
	Type     string `json:"type"` // as the language writes it
	Optional bool   `json:"optional,omitempty"`
	Private  bool   `json:"private,omitempty"` // its values are masked for those who may only read
}

// FlowVersion is a version of a flow among the others.
type FlowVersion struct {
	Version string         `json:"version"`
	Active  bool           `json:"active"`
	Since   engine.Instant `json:"since,omitzero"` // when it became active, the last time
	By      string         `json:"by,omitempty"`   // who deployed it then
	Until   engine.Instant `json:"until,omitzero"` // when another one, or none, took its place
	Started uint64         `json:"started"`        // runs started on it or moved to it, without those that moved on
	Live    uint64         `json:"live"`
}

// FlowFile is a file that a version was made of.
type FlowFile struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
	Text  string `json:"text,omitempty"` // not of what messages carry. Of nudge.yaml there is only what the flow uses
}

// flowDetailParameters are the parameters of a request for a flow.
var flowDetailParameters = []string{"version"}

// showFlow shows a version of a flow.
func (s *Server) showFlow(w http.ResponseWriter, r *http.Request) {
	detail, err := s.flowDetail(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, detail)
}

func (s *Server) flowDetail(r *http.Request) (*FlowDetail, error) {
	values := r.URL.Query()
	if err := onlyParameters(values, flowDetailParameters); err != nil {
		return nil, err
	}
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	v, active, err := s.countedVersion(r.PathValue("flow"), values.Get("version"), state)
	if err != nil {
		return nil, err
	}
	f, err := s.versionOf(v)
	if err != nil {
		return nil, err
	}
	detail := flowDetailOf(f)
	detail.Active = active
	detail.Versions, err = s.flowVersions(v.Flow, state)
	return detail, err
}

// versionOf is a version of a flow; one that is not stored is a problem.
func (s *Server) versionOf(v engine.FlowVersion) (*flows.Flow, error) {
	f, err := s.flows.version(v)
	if err == nil && f == nil {
		err = problemOf(http.StatusNotFound, "unknown", "flow "+v.Flow+" has no version "+v.Version)
	}
	return f, err
}

// flowDetailOf is what a version of a flow says of itself.
func flowDetailOf(f *flows.Flow) *FlowDetail {
	d := &FlowDetail{
		Flow: f.Name, About: f.About, Version: f.Version, Category: f.Category, Account: f.Account, Triggers: graph.Starts(f), Starts: startsOf(f),
		Data: flowFields(f.Data), Exits: flowLines(f, f.Exits), Steps: []FlowStep{}, Outcomes: outcomesOf(f), Events: eventsOf(f), Files: []FlowFile{},
	}
	for i := range f.Steps {
		d.Steps = append(d.Steps, flowStep(f, &f.Steps[i]))
	}
	for _, file := range f.Bundle {
		content, _ := flows.ContentOf(file)
		shown := FlowFile{Name: file.Name, Bytes: len(content)}
		if !flows.IsAsset(file.Name) {
			shown.Text = file.Text
		}
		d.Files = append(d.Files, shown)
	}
	return d
}

// startsOf is what starts a flow.
func startsOf(f *flows.Flow) []FlowStart {
	all := []FlowStart{}
	for i := range f.Triggers {
		t := &f.Triggers[i]
		start := FlowStart{Kind: "reply", Event: t.Event, Audience: t.Schedule != nil, To: exprText(t.To)}
		switch {
		case t.Event != "":
			start.Kind = "event"
		case t.Schedule != nil:
			start.Kind = "schedule"
		}
		all = append(all, start)
	}
	return all
}

func placeOf(at diag.Span) FlowPlace { return FlowPlace{at.File, at.Start.Line, at.Start.Column} }

func flowStep(f *flows.Flow, s *flows.Step) FlowStep {
	step := FlowStep{
		Step: s.ID, Verb: s.Verb.String(), Words: graph.StepText(f, s), At: placeOf(s.Span), If: exprText(s.If), Lines: flowLines(f, s.Lines()), Next: stepAt(f, s.Next),
	}
	if s.Send != nil {
		step.Template, step.Category, step.Account = s.Send.Template, s.Send.Category, s.Send.Account
	}
	for _, arm := range s.Branch {
		step.Arms = append(step.Arms, FlowArm{As: arm.As, If: exprText(arm.If), Then: stepAt(f, arm.Then)})
	}
	for _, share := range s.Split {
		step.Arms = append(step.Arms, FlowArm{As: share.As, Weight: share.Weight, Then: stepAt(f, share.Then)})
	}
	return step
}

func flowLines(f *flows.Flow, lines []flows.Line) []FlowLine {
	all := []FlowLine{}
	for i := range lines {
		l := &lines[i]
		all = append(all, FlowLine{numbers.Signal(l), l.As, graph.LineText(f, l), stepAt(f, l.Then), l.Goal, placeOf(l.Span)})
	}
	return all
}

// stepAt is the ID of a step; empty for the end of the flow.
func stepAt(f *flows.Flow, i int) string {
	if i < 0 || i >= len(f.Steps) {
		return ""
	}
	return f.Steps[i].ID
}

func exprText(x *flows.Expr) string {
	if x == nil {
		return ""
	}
	return x.String()
}

// outcomesOf are the ways in which a run can end by the flow itself, in the order of the flow.
func outcomesOf(f *flows.Flow) []FlowOutcome {
	all := []FlowOutcome{}
	add := func(name string, goal bool) {
		i := slices.IndexFunc(all, func(o FlowOutcome) bool { return o.Name == name })
		if i < 0 {
			all = append(all, FlowOutcome{name, goal})
		} else {
			all[i].Goal = all[i].Goal || goal
		}
	}
	for i := range f.Exits {
		add(f.Exits[i].As, f.Exits[i].Goal)
	}
	ends := false
	for i := range f.Steps {
		if exit := f.Steps[i].Exit; exit != nil {
			add(exit.As, exit.Goal)
		}
		ends = ends || i < f.ExitSteps() && slices.Contains(f.Steps[i].Successors(), flows.End)
	}
	if ends && graph.Completes(f) {
		add(engine.OutcomeCompleted, false)
	}
	return all
}

// eventsOf are the types of events that a flow names.
func eventsOf(f *flows.Flow) []FlowEvent {
	all := map[string]*FlowEvent{}
	for name, use := range f.Listening {
		e := &FlowEvent{Type: name, Uses: []string{}, Fields: flowFields(use.Shape)}
		for _, u := range []struct {
			word string
			n    int
		}{{"trigger", len(use.Triggers)}, {"exit", len(use.Exits)}, {"wait", len(use.Waits)}, {"until", len(use.Untils)}, {"collect", len(use.Collects)}} {
			if u.n > 0 {
				e.Uses = append(e.Uses, u.word)
			}
		}
		all[name] = e
	}
	for i := range f.Steps {
		emit := f.Steps[i].Emit
		if emit == nil {
			continue
		}
		if all[emit.Event] == nil {
			all[emit.Event] = &FlowEvent{Type: emit.Event, Uses: []string{}, Fields: []FlowField{}}
		}
		if e := all[emit.Event]; !slices.Contains(e.Uses, "emit") {
			e.Uses = append(e.Uses, "emit")
		}
	}
	events := []FlowEvent{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		events = append(events, *all[name])
	}
	return events
}

// flowFields are the fields of data of a shape, those of a field that is a map behind it.
func flowFields(t *shape.Type) []FlowField {
	all := []FlowField{}
	var walk func(prefix string, t *shape.Type, private bool)
	walk = func(prefix string, t *shape.Type, private bool) {
		for _, name := range t.Names() {
			field := t.Fields[name]
			private := private || field.Private
			if len(field.Fields) > 0 {
				all = append(all, FlowField{prefix + name, field.Kind.String(), field.Optional, private})
				walk(prefix+name+".", field, private)
				continue
			}
			all = append(all, FlowField{prefix + name, field.Present().String(), field.Optional, private})
		}
	}
	if t != nil {
		walk("", t, false)
	}
	return all
}

// flowVersions are the versions of a flow that are active, have runs or were deployed.
func (s *Server) flowVersions(flow string, state engine.State) ([]FlowVersion, error) {
	counted, err := s.countedVersions(flow, state)
	if err != nil {
		return nil, err
	}
	deploys, err := s.config.Store.FlowDeploys(flow, maxFlowDeploys)
	if err != nil {
		return nil, err
	}
	all := map[string]*FlowVersion{}
	of := func(version string) *FlowVersion {
		if all[version] == nil {
			all[version] = &FlowVersion{Version: version, Active: slices.Contains(state.Active, engine.FlowVersion{Flow: flow, Version: version})}
		}
		return all[version]
	}
	for _, v := range state.Active {
		if v.Flow == flow {
			of(v.Version)
		}
	}
	for _, c := range counted {
		v := of(c.Version)
		v.Started, v.Live = c.Started, c.Live
	}
	for _, d := range deploys { // newest first
		if d.After != "" {
			if v := of(d.After); v.Since == 0 {
				v.Since, v.By = d.At, d.By.Name
			}
		}
		if d.Before != "" {
			if v := of(d.Before); v.Until == 0 && !v.Active {
				v.Until = d.At
			}
		}
	}
	versions := []FlowVersion{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		versions = append(versions, *all[name])
	}
	slices.SortStableFunc(versions, func(a, b FlowVersion) int {
		if a.Active {
			return -1 // no other one is
		}
		if b.Active {
			return 1
		}
		return cmp.Compare(b.Since, a.Since)
	})
	return versions, nil
}
