package appmessaging

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"nudge/channels"
)

// channelID is the provider's name of this channel, and the rule that is used
// when a message names none.
const channelID = "appMessaging"

// timeLayout is how the API writes instants: ISO 8601 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// The request of a send, field for field as on the provider's page "Channel: App
// messaging". A body at the top level is the default text of all channels;
// customBody replaces it for one channel and excludes its channelOptions.
type (
	request struct {
		To             any            `json:"to"` // an address, or a map with one among other entries
		ConversationID string         `json:"conversationId,omitempty"`
		Title          string         `json:"title,omitempty"`
		Body           string         `json:"body,omitempty"`
		TemplateID     string         `json:"templateId,omitempty"`
		MessageParts   []part         `json:"messageParts,omitempty"`
		ChannelOptions any            `json:"channelOptions,omitempty"` // by channel id
		CustomBody     any            `json:"customBody,omitempty"`     // by channel id
		Overrides      map[string]any `json:"overrides,omitempty"`
		Rules          []string       `json:"rules,omitempty"`
		RuleSet        string         `json:"ruleSet,omitempty"`
		RequireOptIn   bool           `json:"requireOptIn,omitempty"`
		ExpiresOn      string         `json:"expiresOn,omitempty"`
		Metadata       *metadata      `json:"metadata,omitempty"`
	}
	address struct {
		ProfileID string `json:"profileId"`
	}
	metadata struct {
		Nudge channels.Ref `json:"nudge"`
	}
	appOptions struct {
		From sender `json:"from"`
	}
	onlyOptions struct {
		AppMessaging appOptions `json:"appMessaging"`
	}
	appMessage struct {
		From     *sender `json:"from,omitempty"`
		Metadata any     `json:"metadata,omitempty"`
		Parts    []part  `json:"parts"`
		Alert    *alert  `json:"alert,omitempty"`
	}
	onlyMessage struct {
		AppMessaging appMessage `json:"appMessaging"`
	}
	sender struct {
		ProfileID string `json:"profileId"`
		Name      string `json:"name,omitempty"`
		AvatarURL string `json:"avatarUrl,omitempty"`
	}
	part struct {
		Name     string   `json:"name,omitempty"`
		Type     string   `json:"type"`
		Data     string   `json:"data,omitempty"`
		URL      string   `json:"url,omitempty"`
		Size     int64    `json:"size,omitempty"`
		Channels []string `json:"channels,omitempty"`
	}
	alert struct {
		Title     string     `json:"title,omitempty"`
		Body      string     `json:"body,omitempty"`
		Platforms *platforms `json:"platforms,omitempty"`
	}
	platforms struct {
		APNS map[string]any `json:"apns,omitempty"`
		FCM  map[string]any `json:"fcm,omitempty"`
	}
)

// encode is the JSON of a send, or why m can never be sent.
func encode(m channels.Message) ([]byte, error) {
	if err := check(&m); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(newRequest(&m))
	if err != nil {
		return nil, fmt.Errorf("the message cannot be written as JSON: %w", err)
	}
	if len(payload) > maxRequest {
		return nil, fmt.Errorf("the message has %d bytes as JSON; the provider takes at most %d, "+
			"so send large parts by URL", len(payload), maxRequest)
	}
	return payload, nil
}

func newRequest(m *channels.Message) *request {
	r := &request{
		To:             newAddress(m),
		ConversationID: m.Conversation,
		Title:          m.Title,
		Body:           m.Body,
		TemplateID:     m.Template,
		MessageParts:   newParts(m.Parts),
		Overrides:      m.Overrides,
		Rules:          m.Rules,
		RuleSet:        m.RuleSet,
		RequireOptIn:   m.OptIn,
	}
	if len(r.Rules) == 0 && r.RuleSet == "" {
		r.Rules = []string{channelID}
	}
	if !m.Ref.IsZero() {
		r.Metadata = &metadata{m.Ref}
	}
	if !m.Expires.IsZero() {
		r.ExpiresOn = formatTime(m.Expires)
	}
	r.ChannelOptions, r.CustomBody = newOptions(m), newCustomBody(m)
	return r
}

// newAddress, newOptions and newCustomBody are structs where there is nothing for other
// channels: most messages are so, and a map costs twice the time.
func newAddress(m *channels.Message) any {
	if len(m.Addresses) == 0 {
		return address{m.To}
	}
	to := maps.Clone(m.Addresses)
	to["profileId"] = m.To
	return to
}

func newOptions(m *channels.Message) any {
	if m.From == nil || own(m) {
		return orNil(m.Options)
	}
	app := appOptions{sender{m.From.ID, m.From.Name, m.From.Avatar}}
	if len(m.Options) == 0 {
		return onlyOptions{app}
	}
	all := make(map[string]any, len(m.Options)+1)
	for id, options := range m.Options {
		all[id] = options
	}
	all[channelID] = app
	return all
}

func newCustomBody(m *channels.Message) any {
	switch {
	case !own(m):
		return orNil(m.Custom)
	case len(m.Custom) == 0:
		return onlyMessage{newAppMessage(m)}
	}
	all := maps.Clone(m.Custom)
	all[channelID] = newAppMessage(m)
	return all
}

// orNil is m, or nothing at all when it is empty.
func orNil[V any](m map[string]V) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// own reports whether app messaging needs a customBody of its own: what it shows beside
// the text has no other place in a request. Beside bodies of other channels its sender
// goes there too, because one of the provider's pages takes no channelOptions then.
func own(m *channels.Message) bool {
	if m.Alert != nil || m.Metadata != nil || len(m.AppParts) > 0 {
		return true
	}
	return m.From != nil && len(m.Custom) > 0 && (m.Body != "" || len(m.Parts) > 0)
}

// newAppMessage is the message as app messaging alone shows it. Parts are required in
// it, so a body becomes the text part. What other channels fall back to stays at the
// top level. It has no picture of the sender: the provider documents none here.
func newAppMessage(m *channels.Message) appMessage {
	a := appMessage{Metadata: m.Metadata, Parts: newParts(m.AppParts), Alert: newAlert(m.Alert)}
	if m.From != nil {
		a.From = &sender{ProfileID: m.From.ID, Name: m.From.Name}
	}
	switch {
	case a.Parts != nil:
	case m.Body != "":
		a.Parts = []part{{Type: "text/plain", Data: m.Body}}
	default:
		a.Parts = newParts(appParts(m.Parts))
	}
	for i := range a.Parts {
		a.Parts[i].Channels = nil // they are for this channel alone
	}
	return a
}

// appParts are the parts that app messaging gets.
func appParts(parts []channels.Part) (own []channels.Part) {
	for _, p := range parts {
		if p.Gets(channelID) {
			own = append(own, p)
		}
	}
	return own
}

func newParts(from []channels.Part) []part {
	if len(from) == 0 {
		return nil
	}
	parts := make([]part, len(from))
	for i, p := range from {
		parts[i] = part(p)
	}
	return parts
}

func newAlert(a *channels.Alert) *alert {
	if a == nil {
		return nil
	}
	out := &alert{Title: a.Title, Body: a.Body}
	if a.APNS != nil || a.FCM != nil {
		out.Platforms = &platforms{APNS: a.APNS, FCM: a.FCM}
	}
	return out
}

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }
