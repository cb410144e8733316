package sandbox

import (
	"encoding/json"
	"time"
)

// The JSON of the websocket, and of …/events. It is not that of webhooks (Dotdigital,
// the tests of its SDKs).
type (
	frame struct {
		EventID             string       `json:"eventId"`
		APISpaceID          string       `json:"apiSpaceId"`
		AccountID           int          `json:"accountId"`
		Name                string       `json:"name"`
		SocketID            string       `json:"socketId,omitempty"`
		Context             frameContext `json:"context"`
		ConversationID      string       `json:"conversationId,omitempty"`
		ConversationEventID *int         `json:"conversationEventId,omitempty"`
		Revision            *int         `json:"revision,omitempty"`
		ETag                string       `json:"etag,omitempty"`
		PublishedOn         string       `json:"publishedOn"`
		Payload             any          `json:"payload,omitempty"`
	}
	frameContext struct {
		CreatedBy string `json:"createdBy"`
	}
	shownSaid struct {
		MessageID string          `json:"messageId"`
		Metadata  json.RawMessage `json:"metadata"`
		Context   saidContext     `json:"context"`
		Parts     json.RawMessage `json:"parts"`
		Alert     json.RawMessage `json:"alert,omitempty"`
	}
	shownSeen struct {
		MessageID            string `json:"messageId"`
		ConversationID       string `json:"conversationId"`
		IsPublicConversation bool   `json:"isPublicConversation"`
		ProfileID            string `json:"profileId"`
		Timestamp            string `json:"timestamp"`
	}
	typist struct {
		ConversationID string `json:"conversationId"`
		ProfileID      string `json:"profileId"`
	}
)

// frame is an event of the conversation in the shape that apps get. It reads the current
// state, so the caller holds the lock until the frame is encoded.
func (t *thread) frame(e *event) *frame {
	f := &frame{
		EventID: e.id, AccountID: 1, Name: e.topic.String(), Context: frameContext{e.actor()},
		ConversationID: t.ID, ETag: e.tag, PublishedOn: at(e.at), Payload: e.payload,
	}
	switch e.topic {
	case conversationMessageSent:
		said := e.said()
		f.Payload = &shownSaid{said.ID, said.Metadata, said.Context, said.Parts, alertOf(e.request)}
	case conversationMessageDelivered, conversationMessageRead:
		f.Payload = &shownSeen{e.of.ID, t.ID, t.IsPublic, e.by, at(e.on)}
	default:
		if !e.topic.ofParticipant() {
			f.Revision = &e.revision
		}
		return f
	}
	f.EventID, f.ConversationEventID, f.Revision = t.eventID(e.revision), &e.revision, &e.revision
	return f
}

// actor is who caused the event, as the provider writes it.
func (e *event) actor() string {
	switch {
	case e.actedBy != "":
		return e.actedBy
	case e.by != "":
		return sessionActor(e.by)
	}
	return e.of.actor()
}

// broadcast sends a frame to the apps of all participants except those in without. The caller
// holds the lock.
func (s *Sandbox) broadcast(t *thread, f *frame, without ...string) {
	for _, m := range t.members {
		if len(without) == 0 || without[0] != m.ProfileID {
			s.push(m.ProfileID, f)
		}
	}
}

// push sends a frame to the apps of somebody. The caller holds the lock.
func (s *Sandbox) push(profile string, f *frame) {
	if !s.sockets.Listening(profile) {
		return
	}
	if f.EventID == "" {
		f.EventID = s.newID()
	}
	s.sockets.Send(profile, func(space string) []byte { return f.encoded(space) })
}

// encoded is the frame for the apps of an API space.
func (f *frame) encoded(space string) []byte {
	one := *f
	one.APISpaceID = space
	raw, err := json.Marshal(one)
	if err != nil {
		panic("sandbox: a frame does not encode: " + err.Error())
	}
	return raw
}

// typing is the frame that somebody has begun to type, or has stopped.
func (t *thread) typing(c caller, on bool, now time.Time) *frame {
	name := "conversation.participantTyping"
	if !on {
		name += "Off"
	}
	return &frame{
		AccountID: 1, Name: name, Context: frameContext{c.actor()},
		PublishedOn: at(now), Payload: typist{t.ID, c.id()},
	}
}
