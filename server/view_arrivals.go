package server

import (
	"encoding/json"

	"nudge/lang/shape"
)

// anyPrivate reports whether there is anything that is masked.
func (v *view) anyPrivate() bool {
	if v.all() {
		return false
	}
	found := v.marks.Profile.HasPrivate()
	for _, t := range v.marks.Events {
		found = found || t.HasPrivate()
	}
	return found
}

// lastPayload masks the data of the last event of a type. The beginning of data is left out if anything in it may be
// private, as it is no JSON in which that could be found.
func (v *view) lastPayload(kind string, p *EventPayload) {
	if v.all() {
		return
	}
	p.Data = v.event(kind, p.Data)
	if v.marks.Events[kind].HasPrivate() {
		p.Text = ""
	}
}

// refused masks an event that was refused: its data, what it says of the person, and what the problem repeats of
// both. Where it is no whole JSON nobody can say what it shows, so nothing of it is shown if anything is private.
func (v *view) refused(x *RefusedEvent) {
	if !v.anyPrivate() {
		return
	}
	var fields map[string]json.RawMessage
	if x.Cut || json.Unmarshal([]byte(x.Body), &fields) != nil {
		x.Body, x.Detail = "", ""
		return
	}
	secrets := v.secretsOfEvent(x.Type, fields["data"])
	secrets = append(secrets, v.marks.Profile.Secrets(fields["profile_data"])...)
	for name, value := range fields {
		switch name {
		case "id", "type", "profile", "specversion", "source", "subject", "datacontenttype":
		case "data":
			fields[name] = v.event(x.Type, value)
		case "profile_data":
			fields[name] = v.profile(value)
		default: // a field that no event has may be anything
			fields[name] = encoded(shape.Masked)
		}
	}
	x.Body, x.Detail = string(encoded(fields)), shape.Hide(x.Detail, secrets)
}
