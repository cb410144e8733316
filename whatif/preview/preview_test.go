package preview_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/preview"
)

// kept is a store in which flows are deployed and people known.
func kept(t *testing.T, files fstest.MapFS, now time.Time, inputs ...*engine.Input) *store.Store {
	t.Helper()
	return keptIn(t, 1, files, now, inputs...)
}

// keptIn is a store of some partitions.
func keptIn(t *testing.T, n int, files fstest.MapFS, now time.Time, inputs ...*engine.Input) *store.Store {
	t.Helper()
	kvs := make([]store.KV, n)
	for i := range kvs {
		kvs[i] = new(memory.KV)
	}
	if err := store.CreateDivided(kvs, engine.Installation{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	var parts []*store.Store
	var loops []*runner.Loop
	for _, kv := range kvs {
		s, err := store.Open(kv)
		if err != nil {
			t.Fatal(err)
		}
		core, err := s.Engine()
		if err != nil {
			t.Fatal(err)
		}
		parts, loops = append(parts, s), append(loops, runner.NewLoop(s, core, 8))
	}
	project, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	for _, in := range append([]*engine.Input{{Payload: deploy}}, inputs...) {
		route := engine.RouteOf(in, n)
		for i, loop := range loops {
			if !route.Each && route.Partition != i {
				continue
			}
			own := *in
			g := &runner.Group{Inputs: []*engine.Input{&own}}
			if _, err := loop.Step(now, []*runner.Group{g}); err != nil || g.Answers[0].Refused != nil {
				t.Fatal(err, g.Answers)
			}
		}
	}
	return store.Join(parts)
}

func profile(name, attributes string, optOuts ...string) *engine.Input {
	return &engine.Input{Payload: &engine.ProfileChange{Profile: name, Set: json.RawMessage(attributes), OptOuts: &optOuts}}
}

// TestPreview shows that a preview says who is written to at once, who later, who never
// and why, and that nothing of it is kept; the same if the people are in several partitions.
func TestPreview(t *testing.T) {
	for _, partitions := range []int{1, 4} {
		t.Run(fmt.Sprint(partitions, " partitions"), func(t *testing.T) { tryPreview(t, partitions) })
	}
}

func tryPreview(t *testing.T, partitions int) {
	var people strings.Builder
	people.WriteString("profile,points\nann,10\nopted,10\ncapped,10\nasleep,10\nbad,many\npoor,1\nann,10\n")
	for i := range 200 {
		fmt.Fprintf(&people, "p%d,10\n", i)
	}
	files := fstest.MapFS{
		"nudge.yaml":           {Data: []byte("timezone: Europe/London\ncategories: { offers: { window: 09:00-20:00, at_most: 1 per 7d } }\n")},
		"flows/sale.yaml":      {Data: []byte("flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.csv, rate: 60/m, if: data.points > 5 }\ndata: { points: number }\ncategory: offers\nsteps: [ { send: { body: '{{ data.points }} for {{ profile.id }}' } } ]\n")},
		"flows/told.yaml":      {Data: []byte("flow: told\ntrigger: { event: told }\ncategory: offers\nsteps: [ { send: { body: hello } } ]\n")},
		"flows/dee.yaml":       {Data: []byte("flow: dee\ntrigger: { event: recalled, audience: people.csv }\ncategory: offers\nsteps: [ { send: { body: hello } } ]\n")},
		"audiences/people.csv": {Data: []byte(people.String())},
	}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s := keptIn(t, partitions, files, now, profile("opted", "{}", "offers"), profile("asleep", `{"timezone":"Pacific/Auckland"}`),
		&engine.Input{Payload: &engine.Event{Type: "told", Profile: "capped"}})
	before, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	shelf := audience.NewSnapshots(audience.Sources{Project: files, People: s})
	for _, c := range []preview.Campaign{{Flow: "sale", At: now}, {Flow: "dee", At: now, Event: json.RawMessage(`{}`)}} {
		if err := preview.Check(s, c); err != nil {
			t.Errorf("%s: %v", c.Flow, err)
		}
	}
	p, err := preview.Of(t.Context(), s, shelf, preview.Campaign{Flow: "sale", At: now}, preview.MaxTried, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"sends at once": 201, "unsent: opted_out": 1, "unsent: capped": 1, "sends later": 1,
		"left out: if": 1, "left out: duplicate": 1}
	if p.Rows != 206 || p.Bad != 1 || p.Tried != 206 || !reflect.DeepEqual(p.Outcomes, want) {
		t.Errorf("the preview is %+v, want outcomes %v", p, want)
	}
	if want := []preview.Sample{{Profile: "ann", Step: "send_1", Absent: []string{}, Messages: 201, Text: "10 for ann"}}; !reflect.DeepEqual(p.Samples, want) {
		t.Errorf("samples %+v", p.Samples)
	}
	if want := map[string][]string{"left out: if": {"poor"}, "left out: duplicate": {"ann"}, "unsent: opted_out": {"opted"}, "unsent: capped": {"capped"}, "sends later": {"asleep"}}; !reflect.DeepEqual(p.Examples, want) {
		t.Errorf("examples %v", p.Examples)
	}
	if last := engine.InstantOf(time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)); p.Last < last || p.Last > last.Add(time.Minute) { // 09:00 in Auckland
		t.Errorf("the last message goes out at %s", p.Last)
	}
	if len(p.Forecast) < 2 || p.Takes != "3m22s" {
		t.Errorf("it takes %s, as %+v", p.Takes, p.Forecast)
	}
	if after, err := s.State(); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("the store was changed: %v", err)
	}
	read := 0
	few, err := preview.Of(t.Context(), s, shelf, preview.Campaign{Flow: "sale", At: now}, 10, func(rows int) { read += rows })
	if err != nil || few.Rows != 206 || few.Tried != 10 || read != 206 {
		t.Errorf("of ten rows: %+v, %d were read: %v", few, read, err)
	}
	if err := preview.Check(s, preview.Campaign{Flow: "none", At: now}); err == nil {
		t.Error("a flow that is not there can be started")
	}
	var refused *preview.RefusedError
	if _, err := preview.Of(t.Context(), s, shelf, preview.Campaign{Flow: "none", At: now}, preview.MaxTried, nil); !errors.As(err, &refused) {
		t.Errorf("a flow that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := preview.Of(ended, s, shelf, preview.Campaign{Flow: "sale", At: now}, preview.MaxTried, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// TestSamples: one message of each locale and of each set of absent values is shown, and counted.
func TestSamples(t *testing.T) {
	var people strings.Builder
	people.WriteString("profile\n")
	for i := range 9 {
		fmt.Fprintf(&people, "p%d\n", i)
	}
	people.WriteString("fr\nnamed\n")
	files := fstest.MapFS{
		"nudge.yaml":             {Data: []byte("project: shop\nprofile: { first_name: string }\n")},
		"flows/sale.yaml":        {Data: []byte("flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.csv }\nsteps: [ { send: sale } ]\n")},
		"templates/sale.yaml":    {Data: []byte("body: 'Hello {{ profile.first_name | default \"you\" }}'\n")},
		"templates/sale.fr.yaml": {Data: []byte("body: 'Salut {{ profile.first_name | default \"toi\" }}'\n")},
		"audiences/people.csv":   {Data: []byte(people.String())},
	}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s := kept(t, files, now, profile("fr", `{"locale":"fr"}`), profile("named", `{"first_name":"Nan"}`))
	p, err := preview.Of(t.Context(), s, audience.NewSnapshots(audience.Sources{Project: files, People: s}), preview.Campaign{Flow: "sale", At: now}, preview.MaxTried, nil)
	if err != nil {
		t.Fatal(err)
	}
	absent := []string{"profile.first_name"}
	want := []preview.Sample{
		{Profile: "p0", Step: "sale", Absent: absent, Messages: 9, Text: "Hello you"},
		{Profile: "fr", Step: "sale", Locale: "fr", Absent: absent, Messages: 1, Text: "Salut toi"},
		{Profile: "named", Step: "sale", Absent: []string{}, Messages: 1, Text: "Hello Nan"},
	}
	if !reflect.DeepEqual(p.Samples, want) {
		t.Errorf("got %+v", p.Samples)
	}
}
