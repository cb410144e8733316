package sandbox

import (
	"encoding/json"
	"net/http"
)

// serverFields are the fields that the service adds to a request when it shows it.
type serverFields struct {
	MessageID      string        `json:"messageId"`
	Status         string        `json:"status"`
	StatusDetails  statusDetails `json:"statusDetails"`
	ConversationID string        `json:"conversationId,omitempty"` // when it was assigned
	SentOn         string        `json:"sentOn"`
	SenderProfile  string        `json:"senderProfileId"`
	CreatedOn      string        `json:"_createdOn"`
	CreatedBy      string        `json:"_createdBy"`
	UpdatedOn      string        `json:"_updatedOn"`
	UpdatedBy      string        `json:"_updatedBy"`
}

type statusDetails struct {
	ChannelID string `json:"channelId,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// apiActor is the sender behind an access token, as the provider writes it.
const apiActor = "access:sandbox"

// spliced is a message as the API shows it: the request, and behind its fields
// those of the service, which win where a request used their names. The
// conversation is among them when the service assigned it. The message is a copy
// of what the record held under the lock.
func spliced(m Message, r *record) []byte {
	on, by := at(m.At), apiActor
	fields := serverFields{
		MessageID:     m.ID,
		Status:        m.Status,
		StatusDetails: statusDetails{channelID, m.Reason},
		SentOn:        on,
		SenderProfile: r.sender,
		CreatedOn:     on, CreatedBy: by, UpdatedOn: on, UpdatedBy: by,
	}
	if r.assigned {
		fields.ConversationID = m.Conversation
	}
	tail, err := json.Marshal(fields)
	if err != nil {
		panic("sandbox: plain strings do not encode: " + err.Error())
	}
	out := make([]byte, 0, len(m.Request)+len(tail))
	out = append(out, m.Request[:len(m.Request)-1]...) // without its closing brace
	out = append(out, ',')
	return append(out, tail[1:]...)
}

// show is GET …/messages/{id}.
func (s *Sandbox) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	rec := s.store.byID[r.PathValue("id")]
	var m Message
	if rec != nil {
		m = rec.Message
	}
	s.mu.Unlock()
	if rec == nil || m.Inbound {
		answerError(w, http.StatusNotFound, "message not found")
		return
	}
	answer(w, http.StatusOK, spliced(m, rec))
}
