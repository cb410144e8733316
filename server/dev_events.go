package server

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"nudge/flows"
	"nudge/lang/shape"
)

// DevEvent is a type of events that active flows use.
type DevEvent struct {
	Type   string          `json:"type"`
	Starts []string        `json:"starts,omitempty"` // flows of which it starts runs, or a campaign
	Used   []string        `json:"used,omitempty"`   // flows whose live runs look out for it
	Person string          `json:"person,omitempty"` // the field of its data that names the person; absent: the event's profile does
	Key    string          `json:"key,omitempty"`    // the field of its data that is the run's key; absent: none, or it is put together
	Data   json.RawMessage `json:"data"`             // an example: an object

	data map[string]any
}

// devEvents is a list of types of events.
type devEvents struct {
	Events []DevEvent `json:"events"`
}

func (s *Server) getDevEvents(w http.ResponseWriter, r *http.Request) {
	events, err := s.devEvents()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, devEvents{events})
}

// devEvents are the types of events that active flows use, by type.
func (s *Server) devEvents() ([]DevEvent, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	clock, err := s.config.Dev.Clock()
	if err != nil {
		return nil, err
	}
	all := map[string]*DevEvent{}
	for _, v := range state.Active {
		f, err := s.flows.version(v)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		for kind, use := range f.Listening {
			if all[kind] == nil {
				all[kind] = &DevEvent{Type: kind, data: map[string]any{}}
			}
			all[kind].add(f, use, clock.Now.Time())
		}
	}
	events := []DevEvent{}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		e := all[kind]
		if e.Data, err = json.Marshal(e.data); err != nil {
			return nil, err
		}
		events = append(events, *e)
	}
	return events, nil
}

// add adds what one flow does with the event.
func (e *DevEvent) add(f *flows.Flow, use *flows.EventUse, now time.Time) {
	if use.Shape != nil {
		for _, name := range use.Shape.Names() {
			if field := use.Shape.Fields[name]; !field.Optional {
				e.data[name] = exampleValue(name, field, now)
			}
		}
	}
	for _, i := range use.Triggers {
		e.Person, e.Key = eventField(f.Triggers[i].To, e.Person), eventField(f.Triggers[i].Key, e.Key)
	}
	for _, lines := range [][]*flows.Line{use.Exits, use.Waits, use.Untils} {
		for _, l := range lines {
			e.Key = eventField(l.Key, e.Key)
		}
	}
	if len(use.Triggers) > 0 {
		e.Starts = append(e.Starts, f.Name)
	}
	if len(use.Exits)+len(use.Waits)+len(use.Untils)+len(use.Collects) > 0 {
		e.Used = append(e.Used, f.Name)
	}
}

// eventField is the field of an event that an expression is, or else what was known before.
func eventField(x *flows.Expr, before string) string {
	if x == nil || before != "" {
		return before
	}
	if field, ok := strings.CutPrefix(x.String(), flows.NameEvent+"."); ok && !strings.ContainsAny(field, ".?[( ") {
		return field
	}
	return before
}

// exampleValue is a value of a type.
func exampleValue(name string, t *shape.Type, now time.Time) any {
	switch tomorrow := now.Add(24 * time.Hour).UTC(); {
	case len(t.Words) > 0:
		return t.Words[0]
	case t.Kind == shape.KindNumber:
		return 1
	case t.Kind == shape.KindBoolean:
		return true
	case t.Kind == shape.KindTime:
		return tomorrow.Format(time.RFC3339)
	case t.Kind == shape.KindDate:
		return tomorrow.Format(time.DateOnly)
	case t.Kind == shape.KindList:
		return []any{exampleValue(name, t.Elem, now)}
	case t.Kind == shape.KindMap:
		fields := map[string]any{}
		for _, field := range t.Names() {
			if of := t.Fields[field]; !of.Optional {
				fields[field] = exampleValue(field, of, now)
			}
		}
		return fields
	case strings.HasSuffix(name, "currency"):
		return "EUR" // templates refuse codes that do not exist
	}
	return name
}
