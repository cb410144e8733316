package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// The agent's side of chats: conversations whose sender is TEAM\{team}. The provider has a
// product for it, Chat; here it is part of the local view.

// chat is a conversation between a person and the agents of a team.
type chat struct {
	ID      string    `json:"conversationId"`
	Team    string    `json:"team"`
	Profile string    `json:"profileId"`
	Status  string    `json:"status"` // new, or replied when an agent wrote last
	Updated time.Time `json:"updated"`
	Said    []line    `json:"messages"` // oldest first
}

// line is a message of a chat.
type line struct {
	ID   string    `json:"messageId"`
	From string    `json:"from"` // the person, the team, or an agent of it
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// chat is the agent's view of a conversation. The caller holds the lock.
func (t *thread) chat() chat {
	c := chat{ID: t.ID, Team: t.Team, Profile: t.Profile, Status: "new", Updated: t.Updated, Said: []line{}}
	for _, r := range t.said {
		c.Said = append(c.Said, line{r.ID, cmp.Or(r.From, r.author()), r.Text, r.At})
		switch {
		case r.Inbound:
			c.Status = "new"
		case r.posted:
			c.Status = "replied"
		}
	}
	return c
}

// listChats is GET /sandbox/chats?team=: the newest first.
func (s *Sandbox) listChats(w http.ResponseWriter, r *http.Request) {
	team := r.URL.Query().Get("team")
	all := []chat{}
	s.mu.Lock()
	for _, t := range s.store.conversations {
		if t.Team != "" && t.announced && t.deleted.IsZero() && (team == "" || team == t.Team) {
			all = append(all, t.chat())
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b chat) int {
		return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(a.ID, b.ID))
	})
	answerJSON(w, http.StatusOK, all)
}

// answerChat is POST /sandbox/chats: an agent writes to the person. Like at the provider the
// message is outbound and from the team. It is no send, so it has no receipts of its own.
func (s *Sandbox) answerChat(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ConversationID string `json:"conversationId"`
		Text           string `json:"text"`
		Agent          string `json:"agent"`
	}
	if !readStrict(w, r, &q) {
		return
	}
	if q.Text == "" {
		answerError(w, http.StatusBadRequest, "the message has no text")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.store.conversations[q.ConversationID]
	if t == nil || t.Team == "" || !t.announced || !t.deleted.IsZero() {
		answerError(w, http.StatusNotFound, "chat not found")
		return
	}
	request, err := json.Marshal(struct {
		Parts json.RawMessage `json:"messageParts"`
	}{textPart(q.Text)})
	if err != nil {
		panic("sandbox: raw JSON does not encode: " + err.Error())
	}
	rec := &record{
		Message: Message{
			ID: s.newID(), Profile: t.Profile, Conversation: t.ID, From: cmp.Or(q.Agent, t.Team), Text: q.Text,
			Status: "sent", At: s.config.Clock.Now(), Request: request,
		},
		sender: t.teamProfile(), space: t.space(caller{}), posted: true, revision: 1,
	}
	s.store.put(rec)
	s.say(rec)
	answerJSON(w, http.StatusCreated, t.chat())
}

// teamProfile is the profile ID from which the team of a chat writes.
func (t *thread) teamProfile() string {
	for _, r := range slices.Backward(t.said) {
		if !r.Inbound {
			return r.sender
		}
	}
	return `TEAM\` + t.Team
}
