package server

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"nudge/client"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/plan"
	"nudge/whatif/preview"
)

// The client has its own types of what goes over the wire, as it imports nothing of the
// house. Each has the fields of the server's type, in its order, so that the same bytes mean
// the same on both sides.
func TestWire(t *testing.T) {
	for _, test := range []struct {
		name           string
		server, client any
		without        []string // fields that the API never has
	}{
		{"event", event{}, client.Event{}, nil},
		{"answer", engine.Answer{}, client.Answer{}, []string{"refused"}}, // a refusal becomes a problem
		{"line", lineAnswer{}, client.LineAnswer{}, []string{"refused"}},
		{"problem", problem{}, client.Problem{}, nil},
		{"diagnostic", diag.Diagnostic{}, client.Diagnostic{}, nil},
		{"run", Run{}, client.Run{}, nil},
		{"flow", Version{}, client.FlowVersion{}, nil},
		{"file", flows.File{}, client.File{}, nil},
		{"deployed", Deployed{}, client.Deployed{}, nil},
		{"plan", plan.Plan{}, client.Plan{}, nil},
		{"deploy", Deploy{}, client.Deploy{}, nil},
		{"upcoming", Upcoming{}, client.Upcoming{}, nil},
		{"campaign", Campaign{}, client.Campaign{}, nil},
		{"campaign detail", CampaignDetail{}, client.CampaignDetail{}, nil},
		{"calendar", upcomingList{}, client.Calendar{}, nil},
		{"template", Template{}, client.Template{}, nil},
		{"health", Health{}, client.Health{}, nil},
		{"stories", StoryList{}, client.StoryList{}, nil},
		{"story", StoryShown{}, client.PlayedStory{}, []string{"-"}},
		{"clock", DevClock{}, client.DevClock{}, nil},
		{"person of the sandbox", DevPerson{}, client.DevPerson{}, nil},
		{"preview", preview.Preview{}, client.Preview{}, nil},
		{"journal", JournalHead{}, client.JournalHead{}, nil},
		{"outbound", outbound{}, client.Outbound{}, nil},
		{"check of the store", checkLine{}, client.StoreCheck{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			served := fields("", reflect.TypeOf(test.server), test.without)
			known := fields("", reflect.TypeOf(test.client), test.without)
			if !slices.Equal(served, known) {
				t.Errorf("the server has\n%s\nthe client\n%s", strings.Join(served, "\n"), strings.Join(known, "\n"))
			}
			if len(served) == 0 {
				t.Error("there are no fields")
			}
		})
	}
}

// fields are the fields of a type's JSON, with those of the types within: each has its path
// and the kind of its values. A question mark follows one that may be left out.
func fields(path string, t reflect.Type, without []string) (all []string) {
	if kind := kindOf(t); kind != "" {
		return []string{path + " " + kind}
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return fields(path, t.Elem(), without)
	case reflect.Map:
		return fields(path+".*", t.Elem(), without)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || slices.Contains(without, name):
			continue
		case f.Anonymous && name == "":
			all = append(all, fields(path, f.Type, without)...)
			continue
		case strings.HasPrefix(options, "omit"):
			name += "?"
		}
		all = append(all, fields(path+"."+name, f.Type, without)...)
	}
	return all
}

// kindOf is the kind of a type's JSON, or "" for a type that is made of others.
func kindOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[engine.Instant](), reflect.TypeFor[client.Time]():
		return "time"
	case reflect.TypeFor[engine.Installation](), reflect.TypeFor[diag.Severity]():
		return "text"
	case reflect.TypeFor[json.RawMessage]():
		return "json"
	}
	switch kind := t.Kind(); kind {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Struct:
		return ""
	case reflect.String:
		return "text"
	default:
		return strings.TrimRightFunc(kind.String(), unicode.IsDigit)
	}
}
