package console

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"nudge/client"
)

var flowActions = []action{
	{pattern: Root + "flows/{flow}/send", scope: "events", section: "flows", asks: askSendOne, do: sendOne},
}

// flowStart is what starts the runs of a flow, for its page.
type flowStart struct {
	By   []string // in words
	Send string   // the page that asks about sending one to the visitor; empty: they may not, or no event starts it for one person
}

// startOf says what starts a flow. Nil: that is not known, which the page can do without.
func (v *visit) startOf(flow string) *flowStart {
	f, err := v.api.Flow(v.ctx(), flow, "")
	if err != nil {
		return nil
	}
	s := &flowStart{By: f.Triggers}
	if eventFor(f) != nil && v.May("events") {
		s.Send = flowPath(flow) + "/send"
	}
	return s
}

// plainField is a way to name a person that can be followed back: a field of the event.
var plainField = regexp.MustCompile(`^event\.[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// eventFor is the first event that starts a flow for one person, whom this page can name; nil: there is none.
func eventFor(f *client.FlowDetail) *client.FlowStart {
	i := slices.IndexFunc(f.Starts, func(s client.FlowStart) bool {
		return s.Kind == "event" && !s.Audience && (s.To == "" || plainField.MatchString(s.To))
	})
	if i < 0 {
		return nil
	}
	return &f.Starts[i]
}

// oneToSend is the flow of the page with the event that starts it.
func (v *visit) oneToSend() (*client.FlowDetail, *client.FlowStart, error) {
	if err := v.needs("events"); err != nil {
		return nil, nil, err
	}
	f, err := v.api.Flow(v.ctx(), v.r.PathValue("flow"), "")
	if err != nil {
		return nil, nil, err
	}
	start := eventFor(f)
	if start == nil {
		return nil, nil, &client.Problem{Status: http.StatusConflict,
			Detail: "no event starts " + f.Flow + " for one person; it starts by " + strings.Join(f.Triggers, ", or by ")}
	}
	return f, start, nil
}

func askSendOne(v *visit) (*question, error) {
	f, start, err := v.oneToSend()
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for _, e := range f.Events {
		if e.Type == start.Event {
			values = exampleValues(e.Fields)
		}
	}
	hint := "of the event " + start.Event + ", as a JSON object"
	if field, ok := strings.CutPrefix(start.To, "event."); ok {
		setField(values, field, "", true)
		hint += "; " + field + " is filled in with the person"
	}
	example, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Send one to me", Button: "Send 1 event", Number: 1, Back: flowPath(f.Flow),
		Touches: "1 person is touched. This sends the event " + start.Event + " as your product would, and " + f.Flow + " starts: its messages really go out by its channel. " +
			v.goesOut() + v.alsoStarts(f.Flow, start.Event),
		Stays: "Quiet hours, caps, opt-outs and the conditions of the flow hold as for everybody, and the run counts in the numbers of this flow.",
		Undo:  "An event cannot be taken back; the run can be cancelled.",
		Inputs: []input{
			{Name: "profile", Label: "Person", Hint: "the ID of your own profile", Kind: "text", Value: v.session.me(), Must: true},
			{Name: "data", Label: "Data", Hint: hint, Kind: "lines", Value: string(example)},
		},
	}
	return q, nil
}

// goesOut says what the mode of the server does to messages, where it is not that everything goes out.
func (v *visit) goesOut() string {
	switch v.frame().Outbound {
	case "killed":
		return "The kill switch is on, so nothing goes out until sending is on again. "
	case "hold":
		return "This server holds all messages back, so nothing goes out. "
	case "only":
		return "This server sends to some people only; nobody else gets anything. "
	}
	return ""
}

// alsoStarts names other flows that the same event starts.
func (v *visit) alsoStarts(flow, event string) string {
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return "It may start other flows too."
	}
	others, looked := []string{}, 0
	for _, version := range versions {
		if !version.Active || version.Flow == flow {
			continue
		}
		if looked++; looked > lookedFlows {
			return "It may start other flows too."
		}
		f, err := v.api.Flow(v.ctx(), version.Flow, "")
		if err == nil && slices.ContainsFunc(f.Starts, func(s client.FlowStart) bool { return s.Event == event }) {
			others = append(others, version.Flow)
		}
	}
	if len(others) == 0 {
		return ""
	}
	slices.Sort(others)
	return "The same event also starts " + strings.Join(others, ", ") + "."
}

func sendOne(v *visit) (*done, error) {
	f, start, err := v.oneToSend()
	if err != nil {
		return nil, err
	}
	profile := strings.TrimSpace(v.posted("profile"))
	if profile == "" {
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: "say to whom it goes: the ID of a profile"}
	}
	data, err := dataFor(v.posted("data"), start, profile)
	if err != nil {
		return nil, err
	}
	v.session.iAm(profile)
	answer, err := v.api.SendEvent(v.ctx(), client.Event{ID: formID(v), Type: start.Event, Profile: profile, Data: data})
	if err != nil {
		return nil, err
	}
	led := v.led("Sent "+start.Event+" for "+profile, answer)
	for _, d := range answer.Decisions {
		if d.Flow == f.Flow && d.Did == client.DidStart && d.Run != "" {
			led.To = runPath(d.Run)
			return led, nil
		}
	}
	return nil, &client.Problem{Status: http.StatusConflict, Detail: "the event was taken, but started no run of " + f.Flow + ". " + strings.TrimSuffix(led.Said, ".")}
}

// dataFor is the data of the event for a person: where the flow takes the person from the data, it is this one whatever the data says.
func dataFor(text string, start *client.FlowStart, profile string) (json.RawMessage, error) {
	raw, err := objectOf(text)
	field, named := strings.CutPrefix(start.To, "event.")
	if err != nil || !named {
		return raw, err
	}
	var parts map[string]json.RawMessage // values stay as they were written, long numbers too
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &parts); err != nil {
			return nil, err
		}
	}
	whole, err := withField(parts, strings.Split(field, "."), profile)
	return whole, err
}

// withField is an object with a text at a path.
func withField(object map[string]json.RawMessage, path []string, text string) (raw json.RawMessage, err error) {
	if object == nil {
		object = map[string]json.RawMessage{}
	}
	if len(path) == 1 {
		raw, err = json.Marshal(text)
	} else {
		var inner map[string]json.RawMessage
		if err := json.Unmarshal(object[path[0]], &inner); err != nil && len(object[path[0]]) > 0 {
			return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: path[0] + " must be an object: the flow takes the person from it"}
		}
		raw, err = withField(inner, path[1:], text)
	}
	if err != nil {
		return nil, err
	}
	object[path[0]] = raw
	return json.Marshal(object)
}
