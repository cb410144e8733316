package engine

import (
	"fmt"

	"nudge/flows"
)

// Needs adds to n everything that applying the input can touch.
func (e *Engine) Needs(in *Input, n *Needs) {
	if in.ID != "" {
		n.IDs = append(n.IDs, in.rememberedAs())
	}
	in.needs(e, n)
}

// providerNeeds names the message with a provider's ID, if the ID is needed to find the
// message.
func (e *Engine) providerNeeds(id string, n *Needs) {
	if id != "" && e.State.correlates() {
		n.ProviderIDs = append(n.ProviderIDs, id)
	}
}

// needs names the people and keys of an event. An expression that fails here fails in the
// same way when the event is applied, and then concerns nobody.
func (ev *Event) needs(e *Engine, n *Needs) {
	if ev.Profile != "" {
		n.People = append(n.People, ev.Profile)
	}
	for i := range e.listeners[ev.Type] {
		l := &e.listeners[ev.Type][i]
		for _, key := range l.keys {
			if text, err := ev.key(l.flow, key); err == nil {
				n.Keys = append(n.Keys, KeyNeed{FlowKey{l.flow.Name, text}, ev.after()})
			}
		}
	}
	if ev.FanOut == nil {
		ev.firingNeeds(e, n)
	}
	for _, f := range e.active {
		for i := range f.Triggers {
			if t := &f.Triggers[i]; t.Event == ev.Type && t.To != nil {
				people, _ := ev.people(f, t)
				for _, p := range people {
					if e.State.owns(p) {
						n.People = append(n.People, p)
					}
				}
			}
		}
	}
}

// people evaluates to whom a trigger sends: without to, the person the event names. Each
// must have a valid profile ID.
func (ev *Event) people(f *flows.Flow, t *flows.Trigger) ([]string, error) {
	if t.To == nil {
		if ev.Profile == "" {
			return nil, errNobody
		}
		return []string{ev.Profile}, nil
	}
	data, err := ev.decode(f)
	if err != nil {
		return nil, err
	}
	people, err := t.To.People(map[string]any{flows.NameEvent: data})
	if err != nil {
		return nil, err
	}
	for _, id := range people {
		if err := CheckProfileID(id); err != nil {
			return nil, fmt.Errorf("to names %q: a person's id %w", id, err)
		}
	}
	return people, nil
}

// after returns the last run that the event has touched; zero at its beginning.
func (ev *Event) after() RunID {
	if ev.FanOut == nil {
		return RunID{}
	}
	return ev.FanOut.After
}
