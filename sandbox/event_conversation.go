package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
)

// The JSON of the events of conversations (Dotdigital, "App messaging message events",
// "App messaging conversation events").
type (
	createdConversation struct {
		ID string `json:"id"`
		document
		Participants []member `json:"participants"`
	}
	roles struct {
		Owner       rights `json:"owner"`
		Participant rights `json:"participant"`
	}
	rights struct {
		CanSend               bool `json:"canSend"`
		CanAddParticipants    bool `json:"canAddParticipants"`
		CanRemoveParticipants bool `json:"canRemoveParticipants"`
	}
	member struct {
		ProfileID string `json:"profileId"`
		Role      string `json:"role"`
	}
	joined struct {
		member
		ID string `json:"id"`
	}
	saidMessage struct {
		ID                  string          `json:"id"`
		Metadata            json.RawMessage `json:"metadata"`
		Context             saidContext     `json:"context"`
		Parts               json.RawMessage `json:"parts"`
		ConversationEventID int             `json:"conversationEventId"`
	}
	saidContext struct {
		From           author `json:"from"`
		ConversationID string `json:"conversationId"`
		SentBy         string `json:"sentBy"`
		SentOn         string `json:"sentOn"`
		Scope          string `json:"scope"`
		Direction      string `json:"direction"`
	}
	author struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
	}
	seenMessage struct {
		ID                   string `json:"id"`
		ConversationID       string `json:"conversationId"`
		Scope                string `json:"scope"`
		Direction            string `json:"direction"`
		IsPublicConversation bool   `json:"isPublicConversation"`
		ProfileID            string `json:"profileId"`
		Timestamp            string `json:"timestamp"`
		ConversationEventID  int    `json:"conversationEventId"`
	}
)

// scope is the scope of a conversation without another one: between an application and a
// person.
const scope = "a2p"

const (
	roleOwner       = "owner"
	roleParticipant = "participant"
)

func (e *event) said() *saidMessage {
	m := &saidMessage{
		ID:       e.of.ID,
		Metadata: e.of.metadata(),
		Context: saidContext{
			From: author{e.of.Profile, ""}, ConversationID: e.of.Conversation,
			SentBy: "session:" + e.of.Profile, SentOn: at(e.of.At), Scope: cmp.Or(e.scope, scope), Direction: e.of.direction(),
		},
		Parts:               partsOf(e.request),
		ConversationEventID: e.revision,
	}
	if !e.of.Inbound {
		m.Context.From, m.Context.SentBy = author{e.of.sender, e.of.From}, apiActor
		m.Metadata = e.of.shownMetadata(e.request)
	}
	if m.Parts == nil {
		m.Parts = textPart(e.text)
	}
	return m
}

// seen is the payload of delivered and read. It always comes from the person's app, and so
// does its direction.
func (e *event) seen() *seenMessage {
	return &seenMessage{
		ID: e.of.ID, ConversationID: e.of.Conversation, Scope: cmp.Or(e.scope, scope), Direction: "inbound",
		ProfileID: e.by, Timestamp: at(e.on), ConversationEventID: e.revision,
	}
}

// arePlain reports whether parts are one plain text. Webhooks then carry it as the body of the
// message.
func arePlain(parts json.RawMessage) bool {
	var all []part
	return json.Unmarshal(parts, &all) == nil && len(all) == 1 && (all[0].Type == "" || all[0].Type == "text/plain") && all[0].URL == ""
}

// textPart is the one part of a message that is only text.
func textPart(text string) json.RawMessage {
	type part struct {
		Data string `json:"data"`
		Size int    `json:"size"`
		Type string `json:"type"`
	}
	raw, err := json.Marshal([]part{{text, len(text), "text/plain"}})
	if err != nil {
		panic("sandbox: plain text does not encode: " + err.Error())
	}
	return raw
}

// partsOf are the parts of a request that an app gets: those of the app's own message, else
// those of the request, without the parts for other channels and without the list of
// channels. It returns nil when the request has none.
func partsOf(request []byte) json.RawMessage {
	var q struct {
		MessageParts json.RawMessage `json:"messageParts"`
		CustomBody   struct {
			App struct {
				Parts json.RawMessage `json:"parts"`
			} `json:"appMessaging"`
		} `json:"customBody"`
	}
	if len(request) == 0 || json.Unmarshal(request, &q) != nil {
		return nil
	}
	if q.CustomBody.App.Parts != nil {
		return withoutChannels(q.CustomBody.App.Parts)
	}
	return withoutChannels(q.MessageParts)
}

// withoutChannels drops the parts for other channels, and the list of channels of the rest.
func withoutChannels(parts json.RawMessage) json.RawMessage {
	if !bytes.Contains(parts, []byte(`"channels"`)) {
		return parts
	}
	var all []map[string]json.RawMessage
	if json.Unmarshal(parts, &all) != nil {
		return parts
	}
	own := all[:0]
	for _, p := range all {
		var channels []string
		if json.Unmarshal(p["channels"], &channels) == nil && len(channels) > 0 && !slices.Contains(channels, channelID) {
			continue
		}
		delete(p, "channels")
		own = append(own, p)
	}
	raw, err := json.Marshal(own)
	if err != nil {
		panic("sandbox: raw JSON does not encode: " + err.Error())
	}
	return raw
}
