package appmessaging

import (
	"cmp"
	"encoding/json"
	"errors"

	"nudge/channels"
)

// spoken is the payload of conversationMessage.sent.
type spoken struct {
	ID       string          `json:"id"`
	Metadata json.RawMessage `json:"metadata"`
	Parts    json.RawMessage `json:"parts"`
	Context  struct {
		From struct {
			ID string `json:"id"`
		} `json:"from"`
		ConversationID string  `json:"conversationId"`
		SentOn         instant `json:"sentOn"`
		Direction      string  `json:"direction"` // inbound: from the person
	} `json:"context"`
}

// conversation reads a message of a conversation: what a person wrote is a reply, and
// what was written to them a receipt that it was sent.
func (in *decoded) conversation(e *envelope) error {
	var p spoken
	if err := e.fill(&p); err != nil {
		return err
	}
	at := p.Context.SentOn.or(e.Timestamp)
	if p.Context.Direction != "inbound" {
		ref := refIn(p.Metadata)
		if p.ID == "" && ref.IsZero() {
			return errNoMessage
		}
		in.Receipts = append(in.Receipts, channels.Receipt{
			Ref: ref, ProviderID: p.ID, Status: channels.Sent, At: at, Conversation: p.Context.ConversationID,
		})
		return nil
	}
	r := channels.Reply{
		ID: cmp.Or(p.ID, e.EventID), Profile: p.Context.From.ID, Conversation: p.Context.ConversationID,
		Text: partWords(p.Parts), At: at,
	}
	switch {
	case r.Profile == "":
		return errors.New("has no payload.context.from.id, so nobody wrote it")
	case r.ID == "":
		return errNoID
	}
	in.Replies = append(in.Replies, beside(r, p.Parts, p.Metadata))
	return nil
}
