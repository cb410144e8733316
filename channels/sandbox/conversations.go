package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// MaxConversations is how many conversations that the API has made are kept, the deleted
// ones included.
const MaxConversations = 100_000

// shownConversation is a conversation as the API shows it.
type shownConversation struct {
	ID string `json:"id"`
	document
	Scope            string `json:"messageScope"`
	ParticipantCount *int   `json:"participantCount,omitempty"`
	LatestSent       *int   `json:"latestSentEventId,omitempty"`
	ETag             string `json:"_etag,omitempty"`
	CreatedOn        string `json:"_createdOn"`
	CreatedBy        string `json:"_createdBy"`
	UpdatedOn        string `json:"_updatedOn"`
	UpdatedBy        string `json:"_updatedBy"`
	Deleted          bool   `json:"_deleted,omitempty"`
}

// shown is the conversation alone.
func (t *thread) shown() *shownConversation {
	return &shownConversation{
		ID: t.ID, document: t.document, Scope: cmp.Or(t.scope, scope), Deleted: !t.deleted.IsZero(),
		CreatedOn: at(t.created.At), CreatedBy: t.created.By, UpdatedOn: at(t.updated.At), UpdatedBy: t.updated.By,
	}
}

// listed is the conversation as one of a list.
func (t *thread) listed() *shownConversation {
	c, n := t.shown(), len(t.members)
	c.ParticipantCount, c.ETag = &n, t.tag()
	if k := len(t.said); k > 0 {
		c.LatestSent = &t.said[k-1].log[0].Event
	}
	return c
}

// listThreads is GET …/conversations?scope=&profileId=&includeDeleted=, in the order of
// IDs. Without a scope, an app's user gets those they are in, and a server all.
func (s *Sandbox) listThreads(w http.ResponseWriter, r *http.Request, c caller) {
	query := r.URL.Query()
	within, profile := query.Get("scope"), cmp.Or(c.profile, query.Get("profileId"))
	var f failures
	f.add(within != "" && within != "public" && within != "participant", "scope", "want public or participant")
	f.add(within == "participant" && profile == "", "profileId", "is required")
	f.add(!c.is(cmp.Or(query.Get("profileId"), c.profile)), "profileId", "is not that of the session")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	s.mu.Lock()
	found := []*shownConversation{}
	for _, t := range s.shelf.conversations {
		if t.announced && (t.deleted.IsZero() || query.Get("includeDeleted") == "true") && t.within(within, profile) {
			found = append(found, t.listed())
		}
	}
	s.mu.Unlock()
	slices.SortFunc(found, func(a, b *shownConversation) int { return cmp.Compare(a.ID, b.ID) })
	answerJSON(w, http.StatusOK, found)
}

// within reports whether a conversation is of a scope, for somebody.
func (t *thread) within(scope, profile string) bool {
	if scope == "public" {
		return t.IsPublic
	}
	return profile == "" || t.member(profile) != nil
}

// lockThread finds the conversation of a request and leaves the sandbox locked; or it
// answers why the caller does not get it, with the sandbox unlocked. An app's user gets
// those they are in, and public ones.
func (s *Sandbox) lockThread(w http.ResponseWriter, r *http.Request, c caller) *thread {
	s.mu.Lock()
	t := s.shelf.conversations[r.PathValue("id")]
	switch {
	case t == nil || !t.announced || !t.deleted.IsZero() && r.URL.Query().Get("includeDeleted") != "true":
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "there is no such conversation")
		return nil
	case c.profile != "" && !t.IsPublic && t.member(c.profile) == nil:
		s.mu.Unlock()
		answerError(w, http.StatusForbidden, c.profile+" is no participant of the conversation")
		return nil
	}
	return t
}

// rights are what a caller may do in a conversation.
func (t *thread) rights(c caller) rights {
	if c.profile == "" {
		return rights{true, true, true}
	}
	m := t.member(c.profile)
	if m == nil {
		return rights{}
	}
	if m.Role == roleOwner {
		return t.Roles.Owner
	}
	return t.Roles.Participant
}

// showThread is GET …/conversations/{id}.
func (s *Sandbox) showThread(w http.ResponseWriter, r *http.Request, c caller) {
	if t := s.lockThread(w, r, c); t != nil {
		s.answerThread(w, http.StatusOK, t)
	}
}

// answerThread unlocks the sandbox and answers with a conversation.
func (s *Sandbox) answerThread(w http.ResponseWriter, status int, t *thread) {
	shown, tag, updated := t.shown(), t.tag(), t.updated.At
	s.mu.Unlock()
	tagged(w, tag, updated)
	answerJSON(w, status, shown)
}

// tagged gives an answer the entity tag and time of what it shows.
func tagged(w http.ResponseWriter, tag string, updated time.Time) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", updated.UTC().Format(http.TimeFormat))
}

// matches reports whether a request is for what has the entity tag, or it answers that
// it is not.
func matches(w http.ResponseWriter, r *http.Request, tag string) bool {
	want := r.Header.Get("If-Match")
	if want == "" || want == "*" || want == tag {
		return true
	}
	answerError(w, http.StatusPreconditionFailed, "The specified 'if-match' header was not valid, refresh and retry")
	return false
}

// conversationRequest is a conversation as it is created or changed.
type conversationRequest struct {
	ID           string               `json:"id"`
	Name         string               `json:"name"`
	Description  string               `json:"description"`
	Roles        *rolesRequest        `json:"roles"`
	IsPublic     *bool                `json:"isPublic"`
	Participants []participantRequest `json:"participants"`
	Scope        string               `json:"messageScope"`
}

type (
	rolesRequest struct {
		Owner       *rightsRequest `json:"owner"`
		Participant *rightsRequest `json:"participant"`
	}
	rightsRequest struct {
		CanSend               *bool `json:"canSend"`
		CanAddParticipants    *bool `json:"canAddParticipants"`
		CanRemoveParticipants *bool `json:"canRemoveParticipants"`
	}
)

// check is what is wrong with a conversation; new is one that is to be created.
func (q *conversationRequest) check(isNew bool) failures {
	var f failures
	f.add(isNew && q.ID == "", "id", "is required")
	f.add(q.Name == "", "name", "is required")
	f.add(isNew && q.IsPublic == nil, "isPublic", "is required")
	f.add(q.Scope != "" && q.Scope != "a2p" && q.Scope != "p2p", "messageScope", "want a2p or p2p")
	f.add(q.Roles == nil, "roles", "is required")
	if q.Roles != nil {
		q.Roles.Owner.check(&f, "roles.owner")
		q.Roles.Participant.check(&f, "roles.participant")
	}
	checkParticipants(&f, "participants", q.Participants)
	return f
}

func (q *rightsRequest) check(f *failures, name string) {
	if q == nil {
		f.add(true, name, "is required")
		return
	}
	f.add(q.CanSend == nil, name+".canSend", "is required")
	f.add(q.CanAddParticipants == nil, name+".canAddParticipants", "is required")
	f.add(q.CanRemoveParticipants == nil, name+".canRemoveParticipants", "is required")
}

// rights are those of a request that was checked.
func (q *rightsRequest) rights() rights {
	return rights{*q.CanSend, *q.CanAddParticipants, *q.CanRemoveParticipants}
}

// document is that of a request that was checked; where it says nothing, the old one.
func (q *conversationRequest) document(old document) document {
	d := document{q.Name, q.Description, roles{q.Roles.Owner.rights(), q.Roles.Participant.rights()}, old.IsPublic}
	if q.IsPublic != nil {
		d.IsPublic = *q.IsPublic
	}
	return d
}

// createThread is POST …/conversations. A deleted one is there again, with what it had.
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
	t := s.shelf.conversations[q.ID]
	switch {
	case t != nil && t.announced && t.deleted.IsZero():
		s.mu.Unlock()
		answerError(w, http.StatusConflict, "there is a conversation with this id already")
		return
	case t == nil && len(s.shelf.conversations) >= MaxConversations:
		s.mu.Unlock()
		answerError(w, http.StatusServiceUnavailable, fmt.Sprintf("there are %d conversations, which is the limit", MaxConversations))
		return
	}
	about := conversationCreate
	switch {
	case t == nil:
		t = &thread{Conversation: Conversation{ID: q.ID, Updated: now}, created: stamp{now, c.actor()}}
		s.shelf.conversations[q.ID] = t
	case t.announced:
		about = conversationUndelete
	}
	t.join(c.profile)
	for _, p := range q.Participants {
		t.enrol(p)
	}
	t.announced, t.made, t.deleted, t.scope = true, true, time.Time{}, q.Scope
	t.change(q.document(t.document), stamp{now, c.actor()})
	s.spread(t, s.done(about, t, c), Fault{})
	s.answerThread(w, http.StatusCreated, t)
}

// change gives a conversation another document.
func (t *thread) change(d document, by stamp) {
	t.document, t.updated = d, by
	t.revision++
}

// done is the event that a caller did something to a conversation.
func (s *Sandbox) done(about topic, t *thread, c caller) *event {
	return &event{
		topic: about, of: &record{Message: Message{Conversation: t.ID, Profile: c.profile}, space: t.space(c)},
		actedBy: c.actor(), at: s.config.Clock.Now(),
	}
}

// space is the API space whose webhooks hear of what a caller does in a conversation: that
// of its newest message, else the caller's.
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

// deleteThread is DELETE …/conversations/{id}. Its messages stay, and so does what has
// become of them: a message that is sent to it, or its creation, has it there again.
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
