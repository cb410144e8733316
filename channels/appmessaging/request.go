package appmessaging

import (
	"encoding/json"
	"errors"
	"fmt"
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
// customBody replaces it for one channel and excludes channelOptions.
type (
	request struct {
		To             address         `json:"to"`
		ConversationID string          `json:"conversationId,omitempty"`
		Body           string          `json:"body,omitempty"`
		MessageParts   []part          `json:"messageParts,omitempty"`
		ChannelOptions *channelOptions `json:"channelOptions,omitempty"`
		CustomBody     *customBody     `json:"customBody,omitempty"`
		Rules          []string        `json:"rules,omitempty"`
		RuleSet        string          `json:"ruleSet,omitempty"`
		ExpiresOn      string          `json:"expiresOn,omitempty"`
		Metadata       *metadata       `json:"metadata,omitempty"`
	}
	address struct {
		ProfileID string `json:"profileId"`
	}
	metadata struct {
		Nudge channels.Ref `json:"nudge"`
	}
	channelOptions struct {
		AppMessaging struct {
			From *sender `json:"from"`
		} `json:"appMessaging"`
	}
	customBody struct {
		AppMessaging appMessage `json:"appMessaging"`
	}
	appMessage struct {
		From     *sender `json:"from,omitempty"`
		Metadata any     `json:"metadata,omitempty"`
		Parts    []part  `json:"parts"`
		Alert    *alert  `json:"alert,omitempty"`
	}
	sender struct {
		ProfileID string `json:"profileId"`
		Name      string `json:"name,omitempty"`
	}
	part struct {
		Name string `json:"name,omitempty"`
		Type string `json:"type"`
		Data string `json:"data,omitempty"`
		URL  string `json:"url,omitempty"`
		Size int64  `json:"size,omitempty"`
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
	if err := check(m); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(newRequest(m))
	if err != nil {
		return nil, fmt.Errorf("the message cannot be written as JSON: %w", err)
	}
	if len(payload) > MaxRequest {
		return nil, fmt.Errorf("the message has %d bytes as JSON; the provider takes at most %d, "+
			"so send large parts by URL", len(payload), MaxRequest)
	}
	return payload, nil
}

// check holds m against what the API excludes, in words that are better than the
// provider's.
func check(m channels.Message) error {
	switch {
	case m.To == "":
		return errors.New("the message has no recipient")
	case m.Body == "" && len(m.Parts) == 0:
		return errors.New("the message has neither a body nor parts")
	case m.Body != "" && len(m.Parts) > 0:
		return errors.New("the message has both a body and parts; want one of them")
	case len(m.Rules) > 0 && m.RuleSet != "":
		return errors.New("the message has both rules and a rule set; want one of them")
	}
	for i, p := range m.Parts {
		if p.Data != "" && p.URL != "" {
			return fmt.Errorf("part %d of the message has both data and a URL; want one of them", i+1)
		}
	}
	return nil
}

func newRequest(m channels.Message) *request {
	r := &request{
		To:             address{m.To},
		ConversationID: m.Conversation,
		Body:           m.Body,
		MessageParts:   newParts(m.Parts),
		Rules:          m.Rules,
		RuleSet:        m.RuleSet,
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
	switch {
	case m.Alert != nil || m.Metadata != nil:
		r.CustomBody = newCustomBody(m, r.MessageParts)
	case m.From != nil:
		r.ChannelOptions = new(channelOptions)
		r.ChannelOptions.AppMessaging.From = newSender(m.From)
	}
	return r
}

// newCustomBody is the message as app messaging alone shows it. Parts are
// required in it, so a body becomes the text part. What other channels fall back
// to stays at the top level.
func newCustomBody(m channels.Message, parts []part) *customBody {
	if m.Body != "" {
		parts = []part{{Type: "text/plain", Data: m.Body}}
	}
	return &customBody{AppMessaging: appMessage{
		From:     newSender(m.From),
		Metadata: m.Metadata,
		Parts:    parts,
		Alert:    newAlert(m.Alert),
	}}
}

func newSender(s *channels.Sender) *sender {
	if s == nil {
		return nil
	}
	return &sender{ProfileID: s.ID, Name: s.Name}
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
