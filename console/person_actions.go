package console

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"nudge/client"
)

var personActions = []action{
	{pattern: Root + "people/{id}/start", scope: "operate", section: "people", asks: askStartFlow, do: startFlow},
	{pattern: Root + "people/{id}/event", scope: "events", section: "people", asks: askSendEvent, do: sendEvent},
	{pattern: Root + "people/{id}/opt-out", scope: "operate", section: "people", asks: askOptOut, do: optOut},
	{pattern: Root + "people/{id}/opt-in", scope: "operate", section: "people", asks: askOptIn, do: optIn},
	{pattern: Root + "people/{id}/edit", scope: "operate", section: "people", asks: askEdit, do: edit},
	{pattern: Root + "people/{id}/forget", scope: "operate", section: "people", asks: askForget, do: forget},
	{pattern: Root + "people/{id}/reveal", scope: "operate", section: "people", asks: askReveal, keyless: true, do: revealPerson},
}

var personDownloads = []download{
	{pattern: Root + "people/{id}/export", scope: "operate", media: "application/x-ndjson", name: "person.jsonl", write: exportPerson},
}

// whom returns the person whom an action is about.
func (v *visit) whom() string { return v.r.PathValue("id") }

func askStartFlow(v *visit) (*question, error) {
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return nil, err
	}
	var flows []choice
	for _, f := range versions {
		if f.Active {
			flows = append(flows, choice{f.Flow, f.Flow})
		}
	}
	if len(flows) == 0 {
		return nil, &client.Problem{Status: http.StatusNotFound, Detail: "no flow is deployed"}
	}
	slices.SortFunc(flows, func(a, b choice) int { return strings.Compare(a.Value, b.Value) })
	id := v.whom()
	return &question{
		Title: "Start a flow for " + id + "?", Touches: "1 person is touched: " + id + " may get its messages from now on.",
		Stays: "Runs that they have stay as they are. What the flow says of a second run holds here too.", Undo: "The run can be cancelled; what went out by then cannot be taken back.",
		Number: 1, Button: "Start 1 run", Back: personPath(id),
		Inputs: []input{
			{Name: "flow", Label: "Flow", Kind: "choice", Value: flows[0].Value, Choices: flows},
			{Name: "data", Label: "Data", Hint: "a JSON object; it may be empty", Kind: "lines"},
			{Name: "key", Label: "Key", Hint: "by which later events find the run; it may be empty", Kind: "text"},
		},
	}, nil
}

func startFlow(v *visit) (*done, error) {
	data, err := objectOf(v.posted("data"))
	if err != nil {
		return nil, err
	}
	answer, err := v.api.CallFlow(v.ctx(), v.posted("flow"), client.Call{ID: formID(v), Profile: v.whom(), Key: v.posted("key"), Data: data})
	if err != nil {
		return nil, err
	}
	return v.led("Asked to start "+v.posted("flow"), answer), nil
}

// formID is an ID for what a form sends, so that it happens once.
func formID(v *visit) string {
	nonce, _, _ := strings.Cut(v.posted(formField), ".")
	return "console-" + nonce
}

// objectOf reads a JSON object that somebody wrote; nothing is none.
func objectOf(text string) (json.RawMessage, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: "the data is no JSON object: " + err.Error()}
	}
	return json.RawMessage(text), nil
}

// led says what an answer of the API led to, and where that is: at the run, if there is one.
func (v *visit) led(said string, answer *client.Answer) *done {
	d := &done{To: personPath(v.whom()), Said: said + ": nothing followed."}
	if answer.Ignored != "" {
		d.Said = said + ": " + answer.Ignored + "."
	}
	if answer.DidYouMean != "" {
		d.Said += " Did you mean " + answer.DidYouMean + "?"
	}
	if len(answer.Decisions) == 0 {
		return d
	}
	var parts []string
	for _, one := range answer.Decisions {
		parts = append(parts, strings.TrimSuffix(one.Flow+" "+string(one.Did)+", "+one.Reason, ", "))
		if one.Run != "" && one.Did != client.DidSkip {
			d.To = runPath(one.Run)
		}
	}
	d.Said = said + ": " + strings.Join(parts, "; ") + "."
	return d
}

// maxOffered is how many types of events a question offers; others can be written.
const maxOffered = 200

func askSendEvent(v *visit) (*question, error) {
	id := v.whom()
	hint := ""
	if types, err := v.api.EventTypes(v.ctx(), "", typesShown); err == nil && len(types.Types) > 0 { // else the type is written without a hint
		var names []string
		for _, t := range types.Types[:min(len(types.Types), maxOffered)] {
			if t.Used {
				names = append(names, t.Type)
			}
		}
		if len(names) > 0 {
			hint = "for example " + names[0]
		}
	}
	return &question{
		Title: "Send an event about " + id + "?", Touches: "1 person is touched: flows take the event as if your product had sent it.",
		Stays: "Everything that this event does not concern stays as it is.", Undo: "An event cannot be taken back; a run that it starts can be cancelled.",
		Number: 1, Button: "Send 1 event", Back: personPath(id),
		Inputs: []input{
			{Name: "type", Label: "Type", Hint: hint, Kind: "text", Value: v.asked("type"), Must: true},
			{Name: "data", Label: "Data", Hint: "a JSON object; it may be empty", Kind: "lines"},
		},
	}, nil
}

func sendEvent(v *visit) (*done, error) {
	data, err := objectOf(v.posted("data"))
	if err != nil {
		return nil, err
	}
	answer, err := v.api.SendEvent(v.ctx(), client.Event{ID: formID(v), Type: v.posted("type"), Profile: v.whom(), Data: data})
	if err != nil {
		return nil, err
	}
	return v.led("Sent "+v.posted("type"), answer), nil
}

// allCategories is the word for every category.
const allCategories = "all"

func askOptOut(v *visit) (*question, error) {
	id := v.whom()
	standing, err := v.api.Standing(v.ctx(), id)
	if err != nil {
		return nil, err
	}
	choices := []choice{{allCategories, "everything"}}
	for _, c := range standing.Categories {
		if !c.OptedOut && !c.Always {
			choices = append(choices, choice{c.Category, c.Category})
		}
	}
	return &question{
		Title: "Opt " + id + " out?", Touches: "1 person is touched: " + id + " gets nothing more of the category, from any flow.",
		Stays: "Their runs go on without these messages.", Undo: "It can be undone: opt them in again.",
		Number: 1, Button: "Opt 1 person out", Stops: true, Back: personPath(id),
		Inputs: []input{{Name: "category", Label: "Of", Kind: "choice", Value: choices[len(choices)-1].Value, Choices: choices}},
	}, nil
}

func optOut(v *visit) (*done, error) {
	id, category := v.whom(), v.posted("category")
	if err := opted(v.api.OptOut(v.ctx(), []string{id}, []string{category})); err != nil {
		return nil, err
	}
	return &done{
		To: personPath(id), Said: id + " gets nothing more of " + categoryWord(category) + ".",
		Undo: &undo{Label: "Undo", Path: personPath(id) + "/opt-in", Fields: []field{{"category", category}, {expectField, "1"}}},
	}, nil
}

// opted is why the one person of a list was not opted out or in.
func opted(answers []client.LineAnswer, err error) error {
	if err == nil && len(answers) > 0 && answers[0].Error != nil {
		return answers[0].Error
	}
	return err
}

func categoryWord(category string) string {
	if category == allCategories {
		return "anything"
	}
	return category
}

func askOptIn(v *visit) (*question, error) {
	id, category := v.whom(), v.asked("category")
	standing, err := v.api.Standing(v.ctx(), id)
	if err != nil {
		return nil, err
	}
	how := ""
	for i := range standing.Categories {
		if c := &standing.Categories[i]; c.Category == category && c.OptedOut {
			how = " They opted out " + optedHow(v, c) + "."
		}
	}
	return &question{
		Title: "Opt " + id + " in again?", Touches: "1 person is touched: " + id + " gets messages of " + category + " again." + how,
		Stays: "What was not sent in the meantime is not sent now.", Undo: "It can be undone: opt them out.",
		Number: 1, Button: "Opt 1 person in", Reason: noReason, Back: personPath(id), Fields: []field{{"category", category}},
	}, nil
}

func optIn(v *visit) (*done, error) {
	id, category := v.whom(), v.posted("category")
	if err := opted(v.api.OptIn(v.ctx(), []string{id}, []string{category})); err != nil {
		return nil, err
	}
	return &done{
		To: personPath(id), Said: id + " gets messages of " + category + " again.",
		Undo: &undo{Label: "Undo", Path: personPath(id) + "/opt-out", Fields: []field{{"category", category}, {expectField, "1"}}},
	}, nil
}

func askEdit(v *visit) (*question, error) {
	id, name := v.whom(), v.asked("field")
	v.reveals(id)
	known, err := v.profileOf(id)
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Change what is known of " + id, Touches: "1 person is touched: conditions and messages read the new value from now on.",
		Stays: "The other fields stay as they are.", Undo: "It can be undone: the old value is kept in the audit trail.",
		Number: 1, Button: "Change 1 field", Back: personPath(id),
	}
	value := input{Name: "value", Label: "Value", Hint: "a text, a number, true, false or JSON; empty removes it", Kind: "text"}
	if name == "" {
		q.Inputs = []input{{Name: "name", Label: "Field", Kind: "text", Must: true}, value}
		return q, nil
	}
	value.Label, value.Value = name, plain(known[name])
	if isMasked(known[name]) {
		value.Value, value.Must, value.Hint = "", true, "it is private and hidden: what you write takes its place"
		q.Undo = "It cannot be undone here. The old value is kept in the audit trail."
	}
	q.Inputs, q.Fields = []input{value}, []field{{"field", name}}
	return q, nil
}

// profileOf is what is known of a person, nothing if nothing is.
func (v *visit) profileOf(id string) (client.Profile, error) {
	known, err := v.api.Profile(v.ctx(), id)
	if statusOf(err) == http.StatusNotFound {
		return client.Profile{}, nil
	}
	return known, err
}

func edit(v *visit) (*done, error) {
	id, name := v.whom(), v.posted("field")
	if name == "" {
		name = v.posted("name")
	}
	if strings.TrimSpace(name) == "" {
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: "the field has no name"}
	}
	if name == "id" || name == "opt_outs" {
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: name + " is not changed here"}
	}
	shown := v.reveals(id)
	known, err := v.profileOf(id)
	if err != nil {
		return nil, err
	}
	value, err := v.changed(name, known[name])
	if err != nil {
		return nil, err
	}
	change, err := json.Marshal(map[string]json.RawMessage{name: value})
	if err != nil {
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: "the value is no JSON: " + err.Error()}
	}
	if _, err := v.api.SetProfile(v.ctx(), id, change); err != nil {
		return nil, err
	}
	d := &done{To: personPath(id), Said: name + " is changed."}
	if before := string(known[name]); shown || !isMasked(known[name]) {
		d.Undo = &undo{Label: "Undo", Path: personPath(id) + "/edit", Fields: []field{{"field", name}, {"json", cmp.Or(before, "null")}, {expectField, "1"}}}
	}
	return d, nil
}

// changed is the new value of a field. What a hidden value was decides only how the new one is read; it is shown nowhere.
func (v *visit) changed(name string, before json.RawMessage) (json.RawMessage, error) {
	text := v.posted("value")
	value := json.RawMessage(v.posted("json")) // of an undo: the value as it was
	switch {
	case strings.Contains(text, masked) || isMasked(value):
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: masked + " stands in place of what is hidden, and is no value"}
	case len(value) > 0:
		return value, nil
	case !isMasked(before):
		return written(text, before), nil
	case text == "":
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: name + " is private and hidden: write a new value, or show what is private before you remove it"}
	}
	known, err := v.unmasked().Profile(v.ctx(), v.whom())
	if err != nil {
		return nil, err
	}
	return written(text, known[name]), nil
}

// written is a value that somebody wrote, as JSON. A text stays a text, even if it looks like a number.
func written(text string, before json.RawMessage) json.RawMessage {
	var was string
	isText := json.Unmarshal(before, &was) == nil && len(before) > 0 && string(before) != "null"
	switch {
	case text == "":
		return json.RawMessage("null")
	case !isText && json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	raw, err := json.Marshal(text)
	if err != nil {
		panic("console: a text that does not encode: " + err.Error())
	}
	return raw
}

func askForget(v *visit) (*question, error) {
	id := v.whom()
	live, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: client.RunFilter{Profile: id, Status: "live"}})
	if err != nil {
		return nil, err
	}
	touches := "1 person is touched. What is known of " + id + " goes, with their opt-outs, their runs and every message of them."
	if n := len(live.Runs); n > 0 {
		touches += " " + v.Many(n, "run is", "runs are") + " live and end now"
		if n <= 3 {
			var names []string
			for i := range live.Runs {
				names = append(names, live.Runs[i].Flow)
			}
			touches += ": " + strings.Join(names, ", ") + " sends nothing more"
		}
		touches += "."
	}
	return &question{
		Title: "Forget " + id + "?", Touches: touches, Stays: "Counts stay, without their name. The audit trail says that somebody was forgotten, and not who.",
		Undo: "This cannot be undone. An event that names " + id + " afterwards makes them known again.", Number: 1, Button: "Forget 1 person", Stops: true, Type: id, Back: personPath(id),
	}, nil
}

func forget(v *visit) (*done, error) {
	if _, err := v.api.ForgetProfile(v.ctx(), v.whom()); err != nil {
		return nil, err
	}
	return &done{To: Root + "people", Said: "1 person is forgotten."}, nil
}

// exportPerson writes everything about a person, a JSON object on each line.
func exportPerson(v *visit, w io.Writer) error {
	for line, err := range v.api.ExportProfile(v.ctx(), v.whom()) {
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}
