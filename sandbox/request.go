package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// request is a send, as far as the service looks at it.
type request struct {
	To             map[string]json.RawMessage `json:"to"`
	ConversationID string                     `json:"conversationId"`
	Title          string                     `json:"title"`
	Body           *string                    `json:"body"`
	TemplateID     string                     `json:"templateId"`
	MessageParts   []part                     `json:"messageParts"`
	ChannelOptions map[string]json.RawMessage `json:"channelOptions"`
	CustomBody     map[string]json.RawMessage `json:"customBody"`
	Overrides      overrides                  `json:"overrides"`
	Rules          []string                   `json:"rules"`
	RuleSet        string                     `json:"ruleSet"`
	ExpiresOn      string                     `json:"expiresOn"`
	RequireOptIn   bool                       `json:"requireOptIn"`
	Metadata       json.RawMessage            `json:"metadata"`

	options appOptions  // channelOptions.appMessaging
	app     *appMessage // customBody.appMessaging; nil when absent
	raw     []byte
}

type part struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Data     json.RawMessage `json:"data"`
	URL      string          `json:"url"`
	Size     int64           `json:"size"`
	Channels []string        `json:"channels"`
}

// appOptions are the options of this channel. The vendor's page also shows a sender's
// profile without its from, so that is taken too.
type appOptions struct {
	From      *sender `json:"from"`
	ProfileID string  `json:"profileId"`
}

type appMessage struct {
	From     *sender         `json:"from"`
	Metadata json.RawMessage `json:"metadata"`
	Parts    []part          `json:"parts"`
	Alert    *alert          `json:"alert"`
}

type alert struct {
	Title     string `json:"title"`
	Body      string `json:"body"`
	Platforms struct {
		APNS *struct {
			Badge   int             `json:"badge"`
			Sound   json.RawMessage `json:"sound"` // the vendor's pages disagree: text or object
			Alert   string          `json:"alert"`
			Payload json.RawMessage `json:"payload"`
		} `json:"apns"`
		FCM *struct {
			CollapseKey  json.RawMessage `json:"collapse_key"` // as sound
			Data         json.RawMessage `json:"data"`
			Notification *struct {
				Title string `json:"title"`
				Body  string `json:"body"`
				Icon  string `json:"icon"`
			} `json:"notification"`
		} `json:"fcm"`
	} `json:"platforms"`
}

// sender is the sender of a message.
type sender struct {
	ProfileID string `json:"profileId"`
	Name      string `json:"name"`
	AvatarURL string `json:"avatarUrl"`
}

// failures is everything that is wrong with a request.
type failures []failure

// add notes a failure, where there is one, and not too many.
func (f *failures) add(bad bool, name, message string) {
	if bad && len(*f) < maxFailures {
		*f = append(*f, failure{name, message})
	}
}

// join adds failures that were found in no order, in the order of their names.
func (f *failures) join(unordered failures) {
	slices.SortFunc(unordered, func(a, b failure) int { return cmp.Compare(a.ParamName, b.ParamName) })
	*f = append(*f, unordered...)
}

// failure is one thing that is wrong with a request, in the API's shape.
type failure struct {
	ParamName string `json:"paramName"`
	Message   string `json:"message"`
}

// parse reads a request and everything that is wrong with it. The request is
// usable when nothing is.
func parse(raw []byte) (*request, failures) {
	raw = bytes.TrimSpace(raw)
	r := &request{raw: raw}
	if f := decode(raw, r); len(f) > 0 {
		return nil, f
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, []failure{{"request", "want a JSON object"}}
	}
	var failures failures
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

// section decodes the part of an object that is about this channel, if there is one.
func section(all map[string]json.RawMessage, into any) error {
	raw, ok := all[channelID]
	if !ok {
		return nil
	}
	err := json.Unmarshal(raw, into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field == "from" && wrong.Value == "string" {
		return json.Unmarshal(withSender(raw), into)
	}
	return err
}

// withSender makes an object of a sender that is a plain name: the vendor's page shows
// one once.
func withSender(raw []byte) []byte {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return raw
	}
	name := all["from"]
	all["from"] = fmt.Appendf(nil, `{"profileId":%s,"name":%s}`, name, name)
	out, err := json.Marshal(all)
	if err != nil {
		panic("sandbox: raw JSON does not encode: " + err.Error())
	}
	return out
}

// text is what the person reads first: the first part of the app's own message, else the body,
// else the first part.
func (r *request) text() string {
	parts := r.MessageParts
	if r.app != nil {
		parts = r.app.Parts
	} else if r.Body != nil {
		return *r.Body
	}
	if own := ownParts(parts); len(own) > 0 {
		return own[0].text()
	}
	return r.Title
}

// profile is the person it is for.
func (r *request) profile() string {
	id, _ := asText(r.To["profileId"])
	return id
}

// asText is a JSON string. Nearly all are as they stand between their quotes.
func asText(raw json.RawMessage) (text string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if inner := raw[1 : len(raw)-1]; !bytes.ContainsRune(inner, '\\') && utf8.Valid(inner) {
		return string(inner), true
	}
	return text, json.Unmarshal(raw, &text) == nil
}

// isObject reports whether raw, which is JSON, is an object. A missing value counts as one.
func isObject(raw json.RawMessage) bool { return len(raw) == 0 || raw[0] == '{' }

// text is a part's data, else its URL.
func (p part) text() string {
	if s, ok := asText(p.Data); ok {
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
	case r.options.ProfileID != "":
		return sender{ProfileID: r.options.ProfileID}
	}
	return sender{ProfileID: serverProfile}
}
