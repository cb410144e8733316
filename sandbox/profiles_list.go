package sandbox

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxListed is how many profiles one answer may have, by `$limit`; a larger one is answered 400.
const maxListed = 1000

// listPeople is GET …/profiles?$limit=&$skip=&$fields=&$includeDeleted=&$includeDevices=
// &$includeSessions=, in the order of IDs. Every other parameter is a property that must
// have this text.
func (s *Sandbox) listPeople(w http.ResponseWriter, r *http.Request, _ caller) {
	query := r.URL.Query()
	limit, skip := maxListed, 0
	var f failures
	if query.Get("$limit") != "" {
		limit = number(&f, r, "$limit", 1, maxListed)
	}
	if text := query.Get("$skip"); text != "" {
		skip = number(&f, r, "$skip", 0, maxEvent)
	}
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	s.mu.Lock()
	var found []*person
	for _, p := range s.people {
		if (p.deleted.IsZero() || query.Get("$includeDeleted") == "true") && p.fits(query) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *person) int { return cmp.Compare(a.id, b.id) })
	all := []map[string]any{}
	for _, p := range found[min(skip, len(found)):min(skip+limit, len(found))] {
		all = append(all, s.view(p, query.Get("$fields"), query.Get("$includeDevices") == "true",
			query.Get("$includeSessions") == "true"))
	}
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, all)
}

// fits reports whether a profile has the properties of a query.
func (p *person) fits(query map[string][]string) bool {
	for name, values := range query {
		if strings.HasPrefix(name, "$") {
			continue
		}
		has := p.text(name)
		if name == "id" {
			has = p.id
		}
		if !slices.Contains(values, has) {
			return false
		}
	}
	return true
}

// view is a profile with the requested extras. The caller holds the lock.
func (s *Sandbox) view(p *person, fields string, devices, sessions bool) map[string]any {
	all := p.shown()
	if fields != "" {
		wanted := strings.Split(fields, ",")
		maps.DeleteFunc(all, func(name string, _ any) bool { return name != "id" && !slices.Contains(wanted, name) })
	}
	if devices {
		all["_devices"] = s.devices(p.id)
	}
	if sessions {
		all["_sessions"] = s.sessions.Of(p.id, s.config.Clock.Now())
	}
	return all
}
