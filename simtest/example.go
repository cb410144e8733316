package simtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/examples"
	"nudge/flows"
	"nudge/lang/shape"
)

// example is a project of package examples, with which a seed lives in place of one that
// its author writes. Its flows stay as they are; what happens is drawn from the shapes
// that they declare.
type example struct {
	project  *flows.Project
	flows    []string               // by name
	events   []string               // that its flows listen to; those that trigger one come several times
	shapes   map[string]*shape.Type // of what is drawn for the events
	declared map[string]bool        // events of which the project knows the shape, so that what does not fit it is refused
	named    map[string]bool        // fields of events that name a person
}

// played are the examples, in the order in which seeds come to them.
var played = []string{"order_shipped", "survey_by_reply", "comment_digest", "abandoned_cart", "escalation", "welcome_series",
	"reminder_until_read", "ab_test", "hello", "weekly_report", "flash_sale"}

// eve is when a seed begins that lives with flash_sale, which fires on a date.
var eve = time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC)

// exampleOf is the name of the example with which a seed lives, or empty. One in twelve has
// one; it is no throw of the seed's dice, so it changes nothing in the lives of the others.
func exampleOf(seed uint64) string {
	if seed%12 != 7 {
		return ""
	}
	return played[seed/12%uint64(len(played))]
}

// useExample lets the world live with an example, and with everybody there is: a flow that
// takes each person once has little to do with a few.
func (w *world) useExample(name string) {
	w.example, w.project, w.people = loadExample(name), name, len(everybody)
	w.reached["lived with "+name]++
	if name == "flash_sale" {
		w.begin = eve
	}
}

func loadExample(name string) *example {
	project, list := flows.Load(examples.Project(name))
	if list.HasErrors() {
		panic(fmt.Sprintf("sim: the example %s does not load: %v", name, list))
	}
	x := &example{project: project, shapes: map[string]*shape.Type{}, declared: map[string]bool{}, named: map[string]bool{}}
	for _, f := range project.Flows {
		x.flows = append(x.flows, f.Name)
		for _, event := range slices.Sorted(maps.Keys(f.Listening)) {
			x.listen(f, event)
		}
		for _, t := range f.Triggers {
			if t.To != nil {
				x.named[strings.TrimPrefix(t.To.String(), "event.")] = true
			}
		}
	}
	if len(x.events) == 0 { // then clients speak of what nobody listens to
		x.events, x.shapes["noted"] = []string{"noted"}, shape.MapOf(nil)
	}
	return x
}

// listen takes an event to which a flow listens. One of which nothing is declared says
// what the flow's runs begin with, so that its keys meet theirs.
func (x *example) listen(f *flows.Flow, event string) {
	x.events = append(x.events, event)
	if len(f.Listening[event].Triggers) > 0 {
		x.events = append(x.events, event, event)
	}
	if known := f.EventShape(event); len(known.Fields) > 0 {
		x.shapes[event], x.declared[event] = known, true
	} else if x.shapes[event] == nil {
		x.shapes[event] = f.Data
	}
}
