package server

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"

	"nudge/engine"
)

// maxProfileBody is how many bytes a request with one profile may have; a larger one is refused
// with 413.
const maxProfileBody = engine.MaxProfileData + 4096

// profileOf is a person as the API shows them: what is known, as far as v lets it be seen, beside id and opt_outs.
func profileOf(p *engine.Person, v *view) map[string]json.RawMessage {
	shown := map[string]json.RawMessage{}
	if attributes := v.profile(p.Attributes); len(attributes) > 0 && json.Unmarshal(attributes, &shown) != nil {
		panic("server: stored attributes that do not decode")
	}
	shown["id"] = encoded(p.ID)
	shown["opt_outs"] = encoded(append([]string{}, p.OptOuts...))
	return shown
}

// encoded is the JSON of a text, or of a list of them.
func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("server: a text that does not encode: " + err.Error())
	}
	return raw
}

// getProfile shows what is known of a person, by any id that is stored.
func (s *Server) getProfile(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p, err := s.config.Store.Person(id)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case p == nil:
		s.fail(w, r, problemOf(http.StatusNotFound, "not-found", "nothing is known of "+id))
	default:
		reply(w, http.StatusOK, profileOf(p, v))
	}
}

// putProfile replaces what is known of a person.
func (s *Server) putProfile(w http.ResponseWriter, r *http.Request) {
	s.changeProfile(w, r, replaceAll)
}

// patchProfile merges into what is known of a person; a null removes.
func (s *Server) patchProfile(w http.ResponseWriter, r *http.Request) { s.changeProfile(w, r, merge) }

// profileMode says what a change does with the fields that it does not name.
type profileMode bool

const (
	merge      profileMode = false // they stay
	replaceAll profileMode = true  // they are removed
)

func (s *Server) changeProfile(w http.ResponseWriter, r *http.Request, mode profileMode) {
	body, err := s.readBody(w, r, maxProfileBody)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	inputs, err := s.changes(r.PathValue("id"), body, mode)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if _, err := s.submit(w, r, inputs...); err != nil {
		s.fail(w, r, err)
		return
	}
	p, err := s.config.Store.Person(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if p == nil { // nothing is left to keep
		p = &engine.Person{ID: r.PathValue("id")}
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, profileOf(p, v))
}

// forgetProfile ends the person's runs and forgets all that is known. It takes any id, so
// that it reaches everything that is stored.
func (s *Server) forgetProfile(w http.ResponseWriter, r *http.Request) {
	if note := s.config.Forgetting; note != nil {
		if err := note(r.PathValue("id")); err != nil { // a restore would bring them back
			s.config.Log.Error("nobody can be forgotten", "error", err)
			s.fail(w, r, problemOf(http.StatusServiceUnavailable, "no-list", "the list of people who are forgotten cannot be written; nobody was forgotten"))
			return
		}
	}
	s.command(w, r, &engine.Input{Payload: &engine.ProfileChange{Profile: r.PathValue("id"), Forget: true}})
}

// postProfiles takes profiles line by line; each is merged, as PATCH does.
func (s *Server) postProfiles(w http.ResponseWriter, r *http.Request) {
	if err := refuseKey(r, "NDJSON takes no Idempotency-Key; profiles are merged, so send the lines again without it"); err != nil {
		s.fail(w, r, err)
		return
	}
	by, came := actorOf(w, r), imported{}
	if err := s.note(r.Context(), by, "import people", nil); err != nil {
		s.fail(w, r, err)
		return
	}
	defer func() { // also of a stream that broke off
		// Its context may have ended with the request.
		if err := s.note(context.WithoutCancel(r.Context()), by, "end import of people", came); err != nil {
			s.config.Log.Error("the end of an import is not in the audit trail", "error", err)
		}
	}()
	s.postLines(w, r, s.parseProfile, func(a *lineAnswer, _ *pendingLine) {
		if came.Lines++; a.Error != nil {
			came.Refused++
		}
	})
}

func (s *Server) parseProfile(line []byte) ([]*engine.Input, error) {
	fields, err := objectOf(line)
	if err != nil {
		return nil, err
	}
	var id string
	if err := textOf(fields["id"], &id); err != nil || id == "" {
		return nil, wrongField("id", "a profile needs its id, a text")
	}
	return s.changes(id, line, merge)
}

// changes returns the inputs that apply the JSON of a profile.
func (s *Server) changes(id string, raw json.RawMessage, mode profileMode) ([]*engine.Input, error) {
	if err := checkProfileID(id); err != nil {
		return nil, err
	}
	fields, err := objectOf(raw)
	if err != nil {
		return nil, err
	}
	if given, ok := fields["id"]; ok {
		var text string
		if textOf(given, &text) != nil || text != id {
			return nil, wrongField("id", "id names another person than the path; an id cannot be changed")
		}
		delete(fields, "id")
	}
	change := &engine.ProfileChange{Profile: id, Replace: mode == replaceAll}
	wanted, given := fields["opt_outs"]
	delete(fields, "opt_outs")
	change.Set = encodedFields(fields)
	if given || mode == replaceAll {
		optOuts, err := categoriesOf(wanted)
		if err != nil {
			return nil, err
		}
		change.OptOuts = &optOuts
	}
	return []*engine.Input{{Payload: change}}, nil
}

func encodedFields(fields map[string]json.RawMessage) json.RawMessage {
	for name := range maps.Keys(fields) {
		fields[name] = compact(fields[name])
		if fields[name] == nil {
			fields[name] = json.RawMessage("null")
		}
	}
	return encoded(fields)
}
