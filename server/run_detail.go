package server

import (
	"encoding/json"
	"fmt"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/flows/graph"
)

// Awaited is one line that a live run looks out for, as the API shows it.
type Awaited struct {
	Place     string         `json:"place"`               // exits, or the id of the wait, the collect or the repeat
	For       string         `json:"for"`                 // what it looks out for, in words
	At        engine.Instant `json:"at,omitzero"`         // when its timer is due; absent for a line without one, or whose timer is over
	Held      bool           `json:"held,omitempty"`      // its timer is due, and waits until the provider has said how a message stands
	Outcome   string         `json:"outcome,omitempty"`   // of the place, or of the run where the place is exits
	Then      string         `json:"then,omitempty"`      // the step that follows; empty: the run ends
	GoesOn    bool           `json:"goes_on,omitempty"`   // the wait goes on behind the steps that follow
	Condition string         `json:"condition,omitempty"` // that must be true as well
	Holds     *bool          `json:"holds,omitempty"`     // whether it is true at present
	Sees      []Value        `json:"sees,omitempty"`      // what it reads, as it is at present
}

// Value is what a condition reads.
type Value struct {
	Path  string `json:"path"`            // as it stands in the condition
	Value string `json:"value,omitempty"` // as JSON, cut to 200 bytes; empty for what is absent
}

// Wake is what wakes a run besides its lines.
type Wake struct {
	What string         `json:"what"` // in words
	At   engine.Instant `json:"at,omitzero"`
}

// Condition is one that led to an entry of a timeline, with what it saw.
type Condition struct {
	Text    string   `json:"text"`
	Holds   bool     `json:"holds"`             // whether it was true
	Saw     []Value  `json:"saw,omitempty"`     // what cannot have changed since
	Unknown []string `json:"unknown,omitempty"` // what it read besides: the record does not have the values of then
}

// Content is what a message says. It is rendered again, of the run's version and of what is known of the person and of the run at present, so it may differ from
// what went out where these have changed since.
type Content struct {
	Title    string        `json:"title,omitempty"`
	Body     string        `json:"body,omitempty"`
	Parts    []ContentPart `json:"parts,omitempty"`
	Template string        `json:"template,omitempty"` // ID of a template that the provider keeps
	Version  string        `json:"version"`            // of the flow, of which it was rendered again
	Problem  string        `json:"problem,omitempty"`  // why it cannot be rendered again
}

// ContentPart is one part of a message.
type ContentPart struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
}

// maskedLink stands in a text in place of the link to the person's preferences: who has it can change them.
const maskedLink = "(link to preferences)"

// detail is a run as the API shows it by itself: with what it waits for, its messages, and its timeline.
func (s *Server) detail(r *engine.Run, f *flows.Flow) (Run, error) {
	run := detailOf(r, f)
	if f == nil || r.Profile == "" {
		s.addPersonal(&run, r, nil)
		return run, nil
	}
	p, err := s.config.Store.Person(r.Profile)
	if err != nil {
		return run, err
	}
	sight, err := engine.Look(r, f, p, engine.InstantOf(s.now()))
	if err != nil {
		return run, err
	}
	for _, x := range sight.Awaits() {
		run.Waits = append(run.Waits, awaitedOf(&x, f))
	}
	if what, at := sight.Next(); what != "" {
		run.Wakes = &Wake{what, at}
	}
	s.addPersonal(&run, r, sight)
	return run, nil
}

func awaitedOf(x *engine.Awaited, f *flows.Flow) Awaited {
	bare := *x.Line
	bare.If = nil
	a := Awaited{Place: "exits", For: graph.LineText(f, &bare), At: x.At, Held: x.Held, Outcome: x.Line.As, GoesOn: x.Line.Do}
	if x.Line.Signal == flows.SignalIf {
		a.For = "the condition"
	}
	if x.Place != engine.AtExits {
		a.Place = stepName(f, x.Place)
	}
	if x.Place != engine.AtExits || x.Line.HasThen {
		a.Then = stepName(f, x.Line.Then)
	}
	if x.Line.Do {
		a.Outcome = ""
	}
	if x.Line.If != nil {
		a.Condition, a.Holds = x.Line.If.String(), &x.Holds
	}
	return a
}

// addPersonal adds all that a run shows of its person: its data, the texts of its messages, and the values that conditions see. Whoever may not see
// those gets the run without it. Sight is nil where nothing can be looked at any more.
func (s *Server) addPersonal(run *Run, r *engine.Run, sight *engine.Sight) {
	run.Data = r.Data
	if sight == nil {
		return
	}
	for i, x := range sight.Awaits() {
		run.Waits[i].Sees = valuesOf(x.Reads)
	}
	for i := range run.Messages {
		if m := &run.Messages[i]; m.Attempt > 0 {
			content, err := sight.Render(m.Number)
			m.Content = textsOf(content.WithPreferences(maskedLink), run.Version, err)
		}
	}
	for i := range run.Timeline {
		run.Timeline[i].Conditions = conditionsOf(sight.Saw(i)...)
	}
}

func conditionsOf(all ...engine.Saw) (shown []Condition) {
	for _, saw := range all {
		shown = append(shown, Condition{saw.Condition.String(), saw.Holds, valuesOf(saw.Reads), saw.Unknown})
	}
	return shown
}

// maxShownValue is how many bytes of a value that a condition reads are shown; the rest is left out.
const maxShownValue = 200

func valuesOf(reads []flows.Read) (all []Value) {
	for _, read := range reads {
		v := Value{Path: read.Path}
		if read.Value != nil {
			raw, err := json.Marshal(read.Value)
			if err != nil {
				raw = fmt.Append(nil, read.Value)
			}
			if v.Value = string(raw); len(v.Value) > maxShownValue {
				v.Value = v.Value[:maxShownValue] + "…"
			}
		}
		all = append(all, v)
	}
	return all
}

func textsOf(m channels.Message, version string, err error) *Content {
	c := &Content{Version: version}
	if err != nil {
		c.Problem = err.Error()
		return c
	}
	c.Title, c.Body, c.Template = m.Title, m.Body, m.Template
	for _, p := range m.Parts {
		c.Parts = append(c.Parts, ContentPart{p.Name, p.Type, p.Data, p.URL})
	}
	return c
}
