package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// maxConversations is how many conversations that the API has made are kept, the deleted ones
// included; one more is answered 503.
const maxConversations = 100_000

// tagged sets the entity tag and time of an answer.
func tagged(w http.ResponseWriter, tag string, updated time.Time) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", updated.UTC().Format(http.TimeFormat))
}

// matches reports whether If-Match of a request allows a change. Otherwise it answers 412.
func matches(w http.ResponseWriter, r *http.Request, tag string) bool {
	want := r.Header.Get("If-Match")
	if want == "" || want == "*" || want == tag {
		return true
	}
	answerError(w, http.StatusPreconditionFailed, "The specified 'if-match' header was not valid, refresh and retry")
	return false
}

// createThread is POST …/conversations. A deleted conversation comes back with its messages.
func (s *Sandbox) createThread(w http.ResponseWriter, r *http.Request, c caller) {
	var q conversationRequest
	if !readJSON(w, r, &q) {
		return
	}
	if f := q.check(true); len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	now := s.config.Clock.Now()
	s.mu.Lock()
	t := s.store.conversations[q.ID]
	switch {
	case t != nil && t.announced && t.deleted.IsZero():
		s.mu.Unlock()
		answerError(w, http.StatusConflict, "a conversation with this id already exists")
		return
	case t == nil && len(s.store.conversations) >= maxConversations:
		s.mu.Unlock()
		answerError(w, http.StatusServiceUnavailable, fmt.Sprintf("there are %d conversations, which is the limit", maxConversations))
		return
	}
	about := conversationCreate
	switch {
	case t == nil:
		t = &thread{Conversation: Conversation{ID: q.ID, Updated: now}, created: stamp{now, c.actor()}}
		s.store.conversations[q.ID] = t
	case t.announced:
		about = conversationUndelete
	}
	t.join(c.profile)
	for _, p := range q.Participants {
		t.enrol(p)
	}
	t.announced, t.deleted, t.scope = true, time.Time{}, q.Scope
	t.change(q.document(t.document), stamp{now, c.actor()})
	s.spread(t, s.done(about, t, c), Fault{})
	if about == conversationCreate {
		s.announceMembers(t, s.done(about, t, c), Fault{})
	}
	s.answerThread(w, http.StatusCreated, t)
}

// change gives a conversation another document.
func (t *thread) change(d document, by stamp) {
	t.document, t.updated = d, by
	t.revision++
}

// done is the event that a caller changed a conversation. From then on the conversation is
// kept without messages.
func (s *Sandbox) done(about topic, t *thread, c caller) *event {
	t.kept = true
	return &event{
		topic: about, of: &record{Message: Message{Conversation: t.ID, Profile: c.profile}, space: t.space(c)},
		actedBy: c.actor(), at: s.config.Clock.Now(),
	}
}

// space is the API space whose webhooks get the event of a caller: that of the newest message,
// otherwise the caller's.
func (t *thread) space(c caller) string {
	if n := len(t.said); n > 0 {
		return t.said[n-1].space
	}
	return c.session.Space
}

// putThread is PUT …/conversations/{id}.
func (s *Sandbox) putThread(w http.ResponseWriter, r *http.Request, c caller) {
	var q conversationRequest
	if !readJSON(w, r, &q) {
		return
	}
	if f := q.check(false); len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	if !matches(w, r, t.tag()) {
		s.mu.Unlock()
		return
	}
	t.change(q.document(t.document), stamp{s.config.Clock.Now(), c.actor()})
	s.spread(t, s.done(conversationUpdate, t, c), Fault{})
	s.answerThread(w, http.StatusOK, t)
}

// deleteThread is DELETE …/conversations/{id}. Its messages and their statuses stay. The
// conversation comes back when a message is sent to it or when it is created again.
func (s *Sandbox) deleteThread(w http.ResponseWriter, r *http.Request, c caller) {
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	defer s.mu.Unlock()
	if !matches(w, r, t.tag()) {
		return
	}
	now := s.config.Clock.Now()
	t.deleted = now
	e := s.done(conversationDelete, t, c)
	e.payload = deletion{at(now), c.actor(), t.ID}
	s.spread(t, e, Fault{})
	w.WriteHeader(http.StatusNoContent)
}

// deletion is the payload of the events that something was deleted.
type deletion struct {
	Date string `json:"date"`
	By   string `json:"by"`
	ID   string `json:"id"`
}
