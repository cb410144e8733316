package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"nudge/sandbox/session"
)

// lockPerson finds the profile of a request and keeps the sandbox locked. Otherwise it
// unlocks, answers 404 and returns nil.
func (s *Sandbox) lockPerson(w http.ResponseWriter, r *http.Request) *person {
	s.mu.Lock()
	p := s.people[r.PathValue("profile")]
	if p != nil && p.deleted.IsZero() {
		return p
	}
	s.mu.Unlock()
	answerError(w, http.StatusNotFound, "profile not found")
	return nil
}

// answerPerson unlocks the sandbox and answers with a profile.
func (s *Sandbox) answerPerson(w http.ResponseWriter, status int, p *person) {
	shown, tag, updated := p.shown(), p.tag(), p.updated.At
	s.mu.Unlock()
	tagged(w, tag, updated)
	answerJSON(w, status, shown)
}

// showPerson is GET …/profiles/{profile}.
func (s *Sandbox) showPerson(w http.ResponseWriter, r *http.Request, _ caller) {
	if p := s.lockPerson(w, r); p != nil {
		s.answerPerson(w, http.StatusOK, p)
	}
}

// addPerson is POST …/profiles.
func (s *Sandbox) addPerson(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	properties, f := checkProperties(body, "")
	id := field(body, "id")
	f.add(len(id) > session.MaxProfileID, "id", "is too long")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	s.mu.Lock()
	if id == "" {
		id = s.newID()
	}
	if s.people[id] != nil {
		s.mu.Unlock()
		answerError(w, http.StatusConflict, "a profile with this id already exists")
		return
	}
	if p := s.addTo(w, id); p != nil {
		s.alter(p, profileCreate, c, r.PathValue("space"), properties)
		s.answerPerson(w, http.StatusCreated, p)
	}
}

// addTo creates a profile without properties. When there are too many it unlocks, answers 503
// and returns nil.
func (s *Sandbox) addTo(w http.ResponseWriter, id string) *person {
	if len(s.people) >= maxProfiles {
		s.mu.Unlock()
		answerError(w, http.StatusServiceUnavailable, "there are "+strconv.Itoa(maxProfiles)+" profiles, which is the limit")
		return nil
	}
	s.people[id] = &person{id: id}
	return s.people[id]
}

// putPerson is PUT …/profiles/{profile}?undelete=. It replaces all properties. With undelete
// it restores a deleted profile, with its old properties when the request has no body.
func (s *Sandbox) putPerson(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	undelete := r.URL.Query().Get("undelete") == "true"
	var given map[string]json.RawMessage
	if len(body) > 0 || !undelete {
		if given, ok = readProperties(w, r, c, body); !ok {
			return
		}
	}
	s.mu.Lock()
	p, about := s.people[r.PathValue("profile")], profileUpdate
	switch {
	case !c.is(r.PathValue("profile")):
		s.mu.Unlock()
		answerError(w, http.StatusForbidden, "the profile is not that of the session")
		return
	case p == nil || !p.deleted.IsZero() && !undelete:
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "profile not found")
		return
	case !p.deleted.IsZero():
		about = profileUndelete
	case !matches(w, r, p.tag()):
		s.mu.Unlock()
		return
	}
	if given == nil {
		given = p.properties
	}
	s.alter(p, about, c, r.PathValue("space"), given)
	s.answerPerson(w, http.StatusOK, p)
}

// patchPerson is PATCH …/profiles/{profile}?allowcreate=&deletes=. It changes some properties
// and removes the named ones.
func (s *Sandbox) patchPerson(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	given, ok := readProperties(w, r, c, body)
	if !ok {
		return
	}
	query, id := r.URL.Query(), r.PathValue("profile")
	s.mu.Lock()
	p, about := s.people[id], profileUpdate
	switch {
	case p == nil && query.Get("allowcreate") == "true":
		about = profileCreate
		if p = s.addTo(w, id); p == nil {
			return
		}
	case p == nil || !p.deleted.IsZero():
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "profile not found")
		return
	case !matches(w, r, p.tag()):
		s.mu.Unlock()
		return
	}
	s.alter(p, about, c, r.PathValue("space"), p.patched(given, query["deletes"]))
	s.answerPerson(w, http.StatusOK, p)
}

// readProperties reads the properties of the profile of a request, or answers why the caller
// cannot set them.
func readProperties(w http.ResponseWriter, r *http.Request, c caller, body []byte) (map[string]json.RawMessage, bool) {
	id := r.PathValue("profile")
	given, f := checkProperties(body, id)
	f.add(len(id) > session.MaxProfileID, "id", "is too long")
	if len(f) > 0 {
		answerInvalid(w, f)
		return nil, false
	}
	if !c.is(id) {
		answerError(w, http.StatusForbidden, "the profile is not that of the session")
		return nil, false
	}
	return given, true
}

// patched returns the properties with given over them and without the named ones.
func (p *person) patched(given map[string]json.RawMessage, deletes []string) map[string]json.RawMessage {
	all := maps.Clone(p.properties)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, given)
	for _, names := range deletes {
		for name := range strings.SplitSeq(names, ",") {
			delete(all, name)
		}
	}
	return all
}

// deletePerson is DELETE …/profiles/{profile}?forget=. With forget nothing of the profile
// stays.
func (s *Sandbox) deletePerson(w http.ResponseWriter, r *http.Request, c caller) {
	if !c.is(r.PathValue("profile")) {
		answerError(w, http.StatusForbidden, "the profile is not that of the session")
		return
	}
	p := s.lockPerson(w, r)
	if p == nil {
		return
	}
	defer s.mu.Unlock()
	if matches(w, r, p.tag()) {
		s.drop(p, c, r)
		w.WriteHeader(http.StatusNoContent)
	}
}

// drop deletes a profile. The caller holds the lock.
func (s *Sandbox) drop(p *person, c caller, r *http.Request) {
	p.deleted = s.config.Clock.Now()
	if r.URL.Query().Get("forget") == "true" {
		delete(s.people, p.id)
	}
	s.tellOf(p, profileDelete, c, r.PathValue("space"), deletion{at(p.deleted), c.actor(), p.id})
}
