package sandbox

import (
	"cmp"
	"net/http"
	"slices"
)

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
	for _, t := range s.store.conversations {
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

// lockThread finds the conversation of a request and keeps the sandbox locked. An app's user
// gets public conversations and those they take part in. Otherwise it unlocks, answers with
// the reason and returns nil.
func (s *Sandbox) lockThread(w http.ResponseWriter, r *http.Request, c caller) *thread {
	s.mu.Lock()
	t := s.store.conversations[r.PathValue("id")]
	switch {
	case t == nil || !t.announced || !t.deleted.IsZero() && r.URL.Query().Get("includeDeleted") != "true":
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "conversation not found")
		return nil
	case c.profile != "" && !t.IsPublic && t.member(c.profile) == nil:
		s.mu.Unlock()
		answerError(w, http.StatusForbidden, c.profile+" is not a participant of the conversation")
		return nil
	}
	return t
}

// rights are the rights of a caller in a conversation.
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
