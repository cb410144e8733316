package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// optIns are the channels to which people without a choice of their own have opted in. The
// sandbox's lock guards it.
type optIns map[string]bool

// optedIn returns the channels to which a profile has opted in; nil is a person without a
// profile.
func (s *Sandbox) optedIn(p *person) []string {
	var channels []string
	if p != nil && p.deleted.IsZero() && json.Unmarshal(p.properties["optin"], &channels) == nil && channels != nil {
		return channels
	}
	for channel, in := range s.optIns {
		if in {
			channels = append(channels, channel)
		}
	}
	return channels
}

// defaultOptIns is GET …/profiles/optin, and PUT, which changes the default of the channels
// that it names.
func (s *Sandbox) defaultOptIns(w http.ResponseWriter, r *http.Request, c caller) {
	if c.profile != "" {
		answerError(w, http.StatusForbidden, "only a server can use the defaults of opt-in")
		return
	}
	var given optIns
	if r.Method == http.MethodPut && !readJSON(w, r, &given) {
		return
	}
	s.mu.Lock()
	maps.Copy(s.optIns, given)
	shown := maps.Clone(s.optIns)
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, shown)
}

// setOptIn is PUT …/profiles/{profile}/optin, which opts somebody in to channels, and DELETE
// …?channel=, which opts them out.
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
	leaving := r.URL.Query()["channel"]
	now := slices.DeleteFunc(append(s.optedIn(p), q.Channels...), func(name string) bool { return slices.Contains(leaving, name) })
	slices.Sort(now)
	raw, err := json.Marshal(append([]string{}, slices.Compact(now)...))
	if err != nil {
		panic(fmt.Sprintf("sandbox: the channels %v do not encode: %v", now, err))
	}
	s.alter(p, profileUpdate, c, r.PathValue("space"), p.patched(map[string]json.RawMessage{"optin": raw}, nil))
	s.answerPerson(w, http.StatusOK, p)
}
