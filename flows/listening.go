package flows

import "nudge/lang/shape"

// EventUse is what a flow does with one type of event.
type EventUse struct {
	Shape    *shape.Type // what is known of the event's data
	Triggers []int       // indexes into Flow.Triggers
	Exits    []*Line
	Waits    []*Line // of all steps, in their order
	Untils   []*Line // of all repeats and collects, in their order
	Collects []*Collect
}

// Listens is what the flow does with events of a type, or nil when it does nothing
// with them.
func (f *Flow) Listens(event string) *EventUse { return f.Listening[event] }

// EventShape is what is known of the data of a type of event, or nil when the flow
// does nothing with it.
func (f *Flow) EventShape(event string) *shape.Type {
	if h := f.Listening[event]; h != nil {
		return h.Shape
	}
	return nil
}

// StepNamed is the index of the step with an id, or -1 when there is none.
func (f *Flow) StepNamed(id string) int {
	for i := range f.Steps {
		if f.Steps[i].ID == id {
			return i
		}
	}
	return -1
}

// listening collects what a flow does with events, so that routing one is a look
// into a map.
func listening(f *Flow, shapeOf func(string) *shape.Type) map[string]*EventUse {
	all := map[string]*EventUse{}
	heard := func(event string) *EventUse {
		if all[event] == nil {
			all[event] = &EventUse{Shape: shapeOf(event)}
		}
		return all[event]
	}
	for i, t := range f.Triggers {
		if t.Event != "" {
			h := heard(t.Event)
			h.Triggers = append(h.Triggers, i)
		}
	}
	for _, line := range eventLines(f.Exits) {
		h := heard(line.Event)
		h.Exits = append(h.Exits, line)
	}
	for i := range f.Steps {
		listenAt(&f.Steps[i], heard)
	}
	return all
}

// listenAt adds what one step does with events.
func listenAt(s *Step, heard func(string) *EventUse) {
	var until []Line
	switch {
	case s.Wait != nil:
		for _, line := range eventLines(s.Wait.Lines) {
			h := heard(line.Event)
			h.Waits = append(h.Waits, line)
		}
	case s.Repeat != nil:
		until = s.Repeat.Until
	case s.Collect != nil:
		until = s.Collect.Until
		h := heard(s.Collect.Event)
		h.Collects = append(h.Collects, s.Collect)
	}
	for _, line := range eventLines(until) {
		h := heard(line.Event)
		h.Untils = append(h.Untils, line)
	}
}

// eventLines is the lines that look out for an event.
func eventLines(lines []Line) []*Line {
	var found []*Line
	for i := range lines {
		if lines[i].Signal == SignalEvent {
			found = append(found, &lines[i])
		}
	}
	return found
}
