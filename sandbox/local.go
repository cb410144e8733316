package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
)

// Conversations are the conversations with kept messages, newest message first.
func (s *Sandbox) Conversations() []Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Conversation, 0, len(s.store.conversations))
	for _, c := range s.store.conversations {
		all = append(all, c.summary())
	}
	slices.SortFunc(all, func(a, b Conversation) int {
		return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// listConversations is GET /sandbox/conversations.
func (s *Sandbox) listConversations(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, s.Conversations())
}

// listMessages is GET /sandbox/messages?profile=&conversation=&limit=: the newest kept
// messages, in order.
func (s *Sandbox) listMessages(w http.ResponseWriter, r *http.Request) {
	limit, ok := readLimit(w, r)
	if !ok {
		return
	}
	query := r.URL.Query()
	profile, conversation := query.Get("profile"), query.Get("conversation")
	found := s.messages(func(rec *record) bool {
		return (profile == "" || rec.Profile == profile) &&
			(conversation == "" || rec.Conversation == conversation)
	})
	answerJSON(w, http.StatusOK, found[max(0, len(found)-limit):])
}

// showStats is GET /sandbox/stats.
func (s *Sandbox) showStats(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, s.Stats())
}

// addReply is POST /sandbox/replies.
func (s *Sandbox) addReply(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Profile        string `json:"profile"`
		ConversationID string `json:"conversationId"`
		Text           string `json:"text"`
	}
	if !readStrict(w, r, &q) {
		return
	}
	m, err := s.Reply(q.Profile, q.ConversationID, q.Text)
	if err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return
	}
	answerJSON(w, http.StatusCreated, m)
}

// addStatus is POST /sandbox/statuses.
func (s *Sandbox) addStatus(w http.ResponseWriter, r *http.Request) {
	var q struct {
		MessageID string `json:"messageId"`
		Status    string `json:"status"`
	}
	if !readStrict(w, r, &q) {
		return
	}
	err := s.Report(q.MessageID, q.Status)
	switch {
	case errors.Is(err, ErrNoMessage):
		answerError(w, http.StatusNotFound, err.Error())
	case err != nil:
		answerError(w, http.StatusBadRequest, err.Error())
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// readStrict decodes a request of the local view. It requires the JSON content type: a page of
// another origin cannot send that without being asked.
func readStrict(w http.ResponseWriter, r *http.Request, into any) bool {
	body, ok := readBody(w, r)
	if !ok {
		return false
	}
	if r.Header.Get("Content-Type") != "application/json" {
		answerError(w, http.StatusUnsupportedMediaType, "want Content-Type: application/json")
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}
