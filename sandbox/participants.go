package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
)

// participantRequest is a participant as the API shows and takes one. Some SDKs say
// profileId for id.
type participantRequest struct {
	ID        string `json:"id"`
	ProfileID string `json:"profileId,omitempty"`
	Role      string `json:"role"`
}

func checkParticipants(f *failures, name string, all []participantRequest) {
	f.add(len(all) > maxParticipants, name, fmt.Sprintf("want %d at most", maxParticipants))
	for i, p := range all {
		at := fmt.Sprintf("%s[%d]", name, i)
		f.add(p.ID == "" && p.ProfileID == "", at+".id", "is required")
		f.add(p.Role != "" && p.Role != roleOwner && p.Role != roleParticipant, at+".role", "want owner or participant")
	}
}

// enrol gives somebody a role in the conversation. It returns the topic of the resulting
// event, and false when nothing changed.
func (t *thread) enrol(p participantRequest) (about topic, changed bool) {
	id, role := cmp.Or(p.ID, p.ProfileID), cmp.Or(p.Role, roleParticipant)
	if m := t.member(id); m != nil {
		changed = p.Role != "" && m.Role != role
		if changed {
			m.Role = role
		}
		return participantUpdated, changed
	}
	if len(t.members) >= maxParticipants {
		return 0, false
	}
	t.members = append(t.members, member{id, role})
	return participantAdded, true
}

// listParticipants is GET …/conversations/{id}/participants.
func (s *Sandbox) listParticipants(w http.ResponseWriter, r *http.Request, c caller) {
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	all := []participantRequest{}
	for _, m := range t.members {
		all = append(all, participantRequest{ID: m.ProfileID, Role: m.Role})
	}
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, all)
}

// addParticipants is POST …/conversations/{id}/participants.
func (s *Sandbox) addParticipants(w http.ResponseWriter, r *http.Request, c caller) {
	var all []participantRequest
	if !readJSON(w, r, &all) {
		return
	}
	var f failures
	f.add(len(all) == 0, "request", "want a list of participants")
	if checkParticipants(&f, "", all); len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	defer s.mu.Unlock()
	joins := len(all) == 1 && t.IsPublic && all[0].ID == c.profile // anybody may join a public conversation
	if !joins && !t.rights(c).CanAddParticipants {
		answerError(w, http.StatusForbidden, c.profile+" may not add participants")
		return
	}
	strangers := 0
	for _, p := range all {
		if t.member(cmp.Or(p.ID, p.ProfileID)) == nil {
			strangers++
		}
	}
	if len(t.members)+strangers > maxParticipants {
		answerInvalid(w, failures{{"request", fmt.Sprintf("a conversation has %d participants at most", maxParticipants)}})
		return
	}
	for _, p := range all {
		if about, changed := t.enrol(p); changed {
			e := s.done(about, t, c)
			e.payload = joined{*t.member(cmp.Or(p.ID, p.ProfileID)), t.ID}
			s.spread(t, e, Fault{})
		}
	}
	w.WriteHeader(http.StatusCreated)
}

// removeParticipants is DELETE …/conversations/{id}/participants?id=&id=.
func (s *Sandbox) removeParticipants(w http.ResponseWriter, r *http.Request, c caller) {
	ids := r.URL.Query()["id"]
	if len(ids) == 0 {
		answerInvalid(w, failures{{"id", "is required"}})
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	defer s.mu.Unlock()
	leaves := len(ids) == 1 && ids[0] == c.profile
	if !leaves && !t.rights(c).CanRemoveParticipants {
		answerError(w, http.StatusForbidden, c.profile+" may not remove participants")
		return
	}
	for _, id := range ids {
		if t.member(id) == nil {
			answerError(w, http.StatusNotFound, id+" is not a participant of the conversation")
			return
		}
	}
	for _, id := range ids {
		m := t.member(id)
		if m == nil {
			continue // it was named twice
		}
		e := s.done(participantRemoved, t, c)
		e.payload = joined{*m, t.ID}
		s.spread(t, e, Fault{}) // before they leave, so they get it too
		t.members = slices.DeleteFunc(t.members, func(m member) bool { return m.ProfileID == id })
	}
	w.WriteHeader(http.StatusNoContent)
}

// typing is POST …/conversations/{id}/typing, and DELETE when it stops.
func (s *Sandbox) typing(w http.ResponseWriter, r *http.Request, c caller) {
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	defer s.mu.Unlock()
	s.broadcast(t, t.typing(c, r.Method == http.MethodPost, s.config.Clock.Now()), c.id())
	w.WriteHeader(http.StatusNoContent)
}
