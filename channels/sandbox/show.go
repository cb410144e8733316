package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// serverFields are what the service adds to a request when it shows it again.
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

// spliced is a message as the API shows it: the request, and behind its fields
// those of the service, which win where a request used their names. The
// conversation is among them when the service assigned it. The message is a copy
// of what the record held under the lock.
func spliced(m Message, r *record) []byte {
	on, by := at(m.At), "access:sandbox"
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
	rec := s.shelf.byID[r.PathValue("id")]
	var m Message
	if rec != nil {
		m = rec.Message
	}
	s.mu.Unlock()
	if rec == nil || m.Inbound {
		answerError(w, http.StatusNotFound, "there is no such message")
		return
	}
	answer(w, http.StatusOK, spliced(m, rec))
}

// history is GET …/profiles/{profile}/messages: what was sent to a person and by
// them, newest first.
func (s *Sandbox) history(w http.ResponseWriter, r *http.Request) {
	limit, ok := readLimit(w, r)
	if !ok {
		return
	}
	type content struct {
		Body string `json:"body"`
	}
	type entry struct {
		MessageID   string  `json:"messageId"`
		SubmittedOn string  `json:"submittedOn"`
		ProfileID   string  `json:"profileId"`
		ChannelID   string  `json:"channelId"`
		Direction   string  `json:"direction"`
		Status      string  `json:"status"`
		Message     content `json:"message"`
	}
	profile := r.PathValue("profile")
	found := s.messages(func(rec *record) bool { return rec.Profile == profile })
	entries := []entry{}
	for _, m := range slices.Backward(found) {
		if len(entries) == limit {
			break
		}
		direction := "outbound"
		if m.Inbound {
			direction = "inbound"
		}
		entries = append(entries, entry{
			m.ID, at(m.At), m.Profile, channelID, direction, m.Status, content{m.Text},
		})
	}
	answerJSON(w, http.StatusOK, entries)
}

// readLimit reads how many items are wanted, or answers what is wrong with it.
func readLimit(w http.ResponseWriter, r *http.Request) (limit int, ok bool) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return DefaultKeep, true
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		answerInvalid(w, []failure{{"limit", "want a number from 1"}})
		return 0, false
	}
	return limit, true
}
