package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// request is a send, as far as the service looks at it.
type request struct {
	To             *address                   `json:"to"`
	ConversationID string                     `json:"conversationId"`
	Body           *string                    `json:"body"`
	MessageParts   []part                     `json:"messageParts"`
	ChannelOptions map[string]json.RawMessage `json:"channelOptions"`
	CustomBody     map[string]json.RawMessage `json:"customBody"`
	Rules          []string                   `json:"rules"`
	RuleSet        string                     `json:"ruleSet"`
	ExpiresOn      string                     `json:"expiresOn"`
	Metadata       json.RawMessage            `json:"metadata"`

	options appOptions  // channelOptions.appMessaging
	app     *appMessage // customBody.appMessaging; nil when absent
	raw     []byte
}

type address struct {
	ProfileID string `json:"profileId"`
}

type part struct {
	Name string          `json:"name"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
	URL  string          `json:"url"`
}

type appOptions struct {
	From *sender `json:"from"`
}

type appMessage struct {
	From  *sender         `json:"from"`
	Parts []part          `json:"parts"`
	Alert json.RawMessage `json:"alert"`
}

// sender is an object; the vendor's page also shows a plain name once, so that is
// taken too.
type sender struct {
	ProfileID string `json:"profileId"`
	Name      string `json:"name"`
}

// UnmarshalJSON takes an object or a name.
func (s *sender) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		err := json.Unmarshal(raw, &s.Name)
		s.ProfileID = s.Name
		return err
	}
	type plain sender
	return json.Unmarshal(raw, (*plain)(s))
}

// failure is one thing that is wrong with a request, in the API's shape.
type failure struct {
	ParamName string `json:"paramName"`
	Message   string `json:"message"`
}

// parse reads a request and everything that is wrong with it. The request is
// usable when nothing is.
func parse(raw []byte) (*request, []failure) {
	raw = bytes.TrimSpace(raw)
	r := &request{raw: raw}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, []failure{notAsWanted("", err)}
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, []failure{{"request", "want a JSON object"}}
	}
	var failures []failure
	if err := section(r.ChannelOptions, &r.options); err != nil {
		failures = append(failures, notAsWanted("channelOptions.appMessaging", err))
	}
	if len(r.CustomBody[channelID]) > 0 {
		r.app = &appMessage{}
		if err := section(r.CustomBody, r.app); err != nil {
			failures = append(failures, notAsWanted("customBody.appMessaging", err))
		}
	}
	if len(failures) > 0 {
		return nil, failures
	}
	return r, r.check()
}

// section decodes what an object says about this channel, when it says anything.
func section(all map[string]json.RawMessage, into any) error {
	raw, ok := all[channelID]
	if !ok {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// notAsWanted is the failure behind an error of encoding/json.
func notAsWanted(within string, err error) failure {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return failure{"request", "not JSON: " + err.Error()}
	}
	name := wrong.Field
	switch {
	case name == "" && within == "":
		name = "request"
	case name == "":
		name = within
	case within != "":
		name = within + "." + name
	}
	return failure{name, fmt.Sprintf("is a JSON %s; want %s", wrong.Value, wrong.Type.Kind())}
}

// text is what the person reads first: the app's own part, else the body, else
// the first part.
func (r *request) text() string {
	if r.app != nil && len(r.app.Parts) > 0 {
		return r.app.Parts[0].text()
	}
	if r.Body != nil {
		return *r.Body
	}
	if len(r.MessageParts) > 0 {
		return r.MessageParts[0].text()
	}
	return ""
}

// text is a part's data, else its URL.
func (p part) text() string {
	var s string
	if json.Unmarshal(p.Data, &s) == nil {
		return s
	}
	if len(p.Data) > 0 {
		return string(p.Data)
	}
	return p.URL
}

// from is the sender; the service itself when the request names none, as the
// profile of an access token would be.
func (r *request) from() sender {
	switch {
	case r.app != nil && r.app.From != nil:
		return *r.app.From
	case r.options.From != nil:
		return *r.options.From
	}
	return sender{ProfileID: "sandbox"}
}
