package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
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
	var named struct {
		ID string `json:"id"`
	}
	if len(f) == 0 && json.Unmarshal(body, &named) != nil {
		f.add(true, "id", "want a text")
	}
	f.add(len(named.ID) > session.MaxProfileID, "id", "is too long")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	s.mu.Lock()
	id := named.ID
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

// putPerson is PUT …/profiles/{profile}?undelete=, which replaces all properties, and PATCH
// …?allowcreate=&deletes=, which changes some and removes the named ones.
func (s *Sandbox) putPerson(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	id := r.PathValue("profile")
	given, f := checkProperties(body, id)
	f.add(len(id) > session.MaxProfileID, "id", "is too long")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	if !c.is(id) {
		answerError(w, http.StatusForbidden, "the profile is not that of the session")
		return
	}
	query := r.URL.Query()
	patch := r.Method == http.MethodPatch
	s.mu.Lock()
	p, about := s.people[id], profileUpdate
	switch {
	case p == nil && (!patch || query.Get("allowcreate") == "true"):
		about = profileCreate
		if p = s.addTo(w, id); p == nil {
			return
		}
	case p != nil && !p.deleted.IsZero() && !patch && query.Get("undelete") == "true":
		about = profileUndelete
	case p == nil || !p.deleted.IsZero():
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "profile not found")
		return
	}
	if about == profileUpdate && !matches(w, r, p.tag()) {
		s.mu.Unlock()
		return
	}
	if patch {
		given = p.patched(given, query["deletes"])
	}
	s.alter(p, about, c, r.PathValue("space"), given)
	s.answerPerson(w, http.StatusOK, p)
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

// setOptIn is PUT …/profiles/{profile}/optin, and DELETE …?channel=.
func (s *Sandbox) setOptIn(w http.ResponseWriter, r *http.Request, c caller) {
	if !c.is(r.PathValue("profile")) {
		answerError(w, http.StatusForbidden, "the profile is not that of the session")
		return
	}
	var q struct {
		Channels []string `json:"channels"`
	}
	if r.Method == http.MethodPut && !readJSON(w, r, &q) {
		return
	}
	p := s.lockPerson(w, r)
	if p == nil {
		return
	}
	defer s.mu.Unlock()
	var now []string
	_ = json.Unmarshal(p.properties["optin"], &now) // anything but a list counts as none
	leaving := r.URL.Query()["channel"]
	now = slices.DeleteFunc(append(now, q.Channels...), func(name string) bool { return slices.Contains(leaving, name) })
	slices.Sort(now)
	raw, err := json.Marshal(slices.Compact(now))
	if err != nil {
		panic("sandbox: texts do not encode: " + err.Error())
	}
	s.alter(p, profileUpdate, c, r.PathValue("space"), p.patched(map[string]json.RawMessage{"optin": raw}, nil))
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.WriteHeader(http.StatusOK)
}
