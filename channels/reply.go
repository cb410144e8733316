package channels

import (
	"bytes"
	"encoding/json"
	"time"
)

// Reply is a message a person sent us.
type Reply struct {
	ID           string    `json:"id,omitempty"`      // the provider's message ID: the same reply delivered twice has the same
	Profile      string    `json:"profile,omitempty"` // who wrote it
	Conversation string    `json:"conversation,omitempty"`
	Text         string    `json:"text,omitempty"`
	Answers      Ref       `json:"answers,omitzero"`     // the message it answers, when the provider says so; zero otherwise
	AnswersID    string    `json:"answers_id,omitempty"` // the provider's ID of that message, when it says so
	At           time.Time `json:"at,omitzero"`          // the provider's instant

	// Parts is all that the message has, in order; nil for a message that is only Text.
	Parts []ReplyPart `json:"parts,omitempty"`
	// Metadata is what the person's app wrote beside the message: any JSON, or nil. It
	// routes nothing.
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// ReplyPart is one part of a reply: a text, a picture, or data of the person's app.
type ReplyPart struct {
	Type string          `json:"type"` // MIME type
	Name string          `json:"name,omitempty"`
	URL  string          `json:"url,omitempty"`
	Data json.RawMessage `json:"data,omitempty"` // a JSON string for text and base64, else any JSON; nil for none
}

// The limits of a reply. What is beyond them is left out, so that a reply is heard whatever
// it carries.
const (
	MaxReplyParts    = 20       // parts of a reply; further ones are left out
	MaxReplyData     = 16 << 10 // bytes of the data of one part, and of the metadata of a reply; more is absent
	MaxReplyDataSum  = 64 << 10 // bytes of the data of all parts; what goes beyond is absent
	MaxReplyPartText = 2 << 10  // bytes of a type, a name or a URL of a part; a longer one is absent
)

// Limited returns the reply without what is beyond the limits of its parts and metadata, and
// without data that is no JSON. It changes nothing of r.
func (r Reply) Limited() Reply {
	if len(r.Metadata) > MaxReplyData || bytes.Equal(r.Metadata, []byte("null")) || !json.Valid(r.Metadata) {
		r.Metadata = nil
	}
	if len(r.Parts) == 0 {
		return r
	}
	parts := make([]ReplyPart, min(len(r.Parts), MaxReplyParts))
	sum := 0
	for i := range parts {
		p := r.Parts[i]
		for _, text := range []*string{&p.Type, &p.Name, &p.URL} {
			if len(*text) > MaxReplyPartText {
				*text = ""
			}
		}
		if len(p.Data) > MaxReplyData || sum+len(p.Data) > MaxReplyDataSum || !json.Valid(p.Data) {
			p.Data = nil
		}
		sum += len(p.Data)
		parts[i] = p
	}
	r.Parts = parts
	return r
}
