package flows

import "nudge/lang/shape"

// EventUse lists the places of a flow that use one type of event.
type EventUse struct {
	Shape    *shape.Type // what is known of the event's data
	Triggers []int       // indexes into Flow.Triggers
	Exits    []*Line
	Waits    []*Line // of all steps, in their order
	Untils   []*Line // of all repeats and collects, in their order
	Collects []*Collect
}

// Listens returns how the flow uses a type of event, or nil if it does not use it.
func (f *Flow) Listens(event string) *EventUse { return f.Listening[event] }

// EventShape returns the known shape of an event's data, or nil if the flow does not use
// the event.
func (f *Flow) EventShape(event string) *shape.Type {
	if h := f.Listening[event]; h != nil {
		return h.Shape
	}
	return nil
}

// StepNamed returns the index of the step with an id, or -1.
func (f *Flow) StepNamed(id string) int {
	for i := range f.Steps {
		if f.Steps[i].ID == id {
			return i
		}
	}
	return -1
}

// listening collects the uses of events, so that routing an event is one lookup in a map.
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

// listenAt adds the uses of events in one step.
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
		for _, event := range s.Collect.Hears() {
			h := heard(event)
			h.Collects = append(h.Collects, s.Collect)
		}
	}
	for _, line := range eventLines(until) {
		h := heard(line.Event)
		h.Untils = append(h.Untils, line)
	}
}

// eventLines returns the lines that wait for an event.
func eventLines(lines []Line) []*Line {
	var found []*Line
	for i := range lines {
		if lines[i].Signal == SignalEvent {
			found = append(found, &lines[i])
		}
	}
	return found
}
