package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/shape"
	"nudge/store"
)

// profilePage is one page of a list of people.
type profilePage struct {
	Profiles   []profileShown `json:"profiles"`
	Next       string         `json:"next,omitempty"`       // after of the next page; absent on the last
	Incomplete bool           `json:"incomplete,omitempty"` // people may be missing: the field was marked lately, and its index is still being made
}

// profileMaps is a profilePage with all fields of the people.
type profileMaps struct {
	profilePage
	Profiles []map[string]json.RawMessage `json:"profiles"`
}

var profileParameters = []string{"prefix", "field", "if", "after", "limit"}

// listProfiles lists people by their IDs, by a field, or by a condition.
func (s *Server) listProfiles(w http.ResponseWriter, r *http.Request) {
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q, err := s.peopleQuery(v, r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page, err := s.config.Store.ListPeople(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := profileMaps{profilePage{Next: page.Next, Incomplete: page.Incomplete}, make([]map[string]json.RawMessage, 0, len(page.People))}
	for _, p := range page.People {
		out.Profiles = append(out.Profiles, profileOf(p, v))
	}
	reply(w, http.StatusOK, out)
}

func (s *Server) peopleQuery(v *view, values url.Values) (q store.PeopleQuery, err error) {
	if err := onlyParameters(values, profileParameters); err != nil {
		return q, err
	}
	q = store.PeopleQuery{Prefix: values.Get("prefix"), After: values.Get("after")}
	if len(q.Prefix) > engine.MaxProfileBytes {
		return q, wrongParameter("prefix", "is longer than an ID can be")
	}
	if q.Limit, err = limitOf(values); err != nil {
		return q, err
	}
	profile, err := s.profileShape()
	if err != nil {
		return q, err
	}
	if text := values.Get("field"); text != "" {
		if q.Field, q.Value, err = s.searched(v, profile.Profile, text); err != nil {
			return q, err
		}
	}
	if text := values.Get("if"); text != "" {
		q.Match, err = s.matcher(v, profile, text)
	}
	return q, err
}

// profileShape is a flow with nothing but what the deployed project says of people.
func (s *Server) profileShape() (*flows.Flow, error) {
	f := &flows.Flow{Zone: time.UTC}
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	for _, active := range state.Active {
		version, err := s.flows.version(active)
		if err != nil {
			return nil, err
		}
		if version == nil {
			continue
		}
		if f.Zone = version.Zone; version.Profile != nil {
			f.Profile = version.Profile
		}
	}
	text, err := s.config.Store.Marks()
	if err != nil {
		return nil, err
	}
	marks, err := s.marks.of(text)
	if err == nil && marks != nil && marks.Profile != nil {
		f.Profile = marks.Profile
	}
	return f, err
}

// searched reads a field and a value.
func (s *Server) searched(v *view, profile *shape.Type, text string) (field, value string, err error) {
	fields, _, err := s.config.Store.Searchable()
	if err != nil {
		return "", "", err
	}
	field, value, both := strings.Cut(text, "=")
	if !both {
		return "", "", wrongParameter("field", "must be a field and its value, such as city=Rome")
	}
	if !slices.Contains(fields, field) {
		return "", "", wrongParameter("field", field+" is not marked search; "+diag.DidYouMean(field, fields, "marked are"))
	}
	if profile == nil || profile.Fields[field] == nil { // the project has just changed
		return field, value, nil
	}
	t := profile.Fields[field]
	if t.Private && !v.all() && !v.knows {
		return "", "", problemOf(http.StatusForbidden, "private", field+" is private: finding people by it needs a token with the scope "+string(ScopeOperate))
	}
	if t.Kind == shape.KindNumber {
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return "", "", wrongParameter("field", field+" is a number, and "+strconv.Quote(value)+" is not")
		}
		value = store.FoundAs(number)
	}
	return field, value, nil
}

// matcher is a condition on people, who are seen as far as v lets them be.
func (s *Server) matcher(v *view, f *flows.Flow, text string) (func(*engine.Person) (bool, error), error) {
	cond, err := flows.ProfileCondition(text, f.Profile, f.Zone)
	if err != nil {
		return nil, wrongParameter("if", "is no condition: "+err.Error())
	}
	now := engine.InstantOf(s.now())
	return func(p *engine.Person) (bool, error) {
		seen := *p
		seen.Attributes = v.withoutPrivate(p.Attributes)
		holds, err := seen.Holds(cond, f, now)
		return holds && err == nil, nil // who cannot be asked does not match
	}, nil
}
