package sandbox

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"nudge/channels/sandbox/session"
)

// MaxListed is how many profiles are answered at once.
const MaxListed = 1000

// listPeople is GET …/profiles?$limit=&$skip=&$fields=&$includeDeleted=&$includeDevices=
// &$includeSessions=, in the order of IDs. Every other parameter is a property that must
// have this text.
func (s *Sandbox) listPeople(w http.ResponseWriter, r *http.Request, _ caller) {
	query := r.URL.Query()
	limit, skip := MaxListed, 0
	var f failures
	if query.Get("$limit") != "" {
		limit = number(&f, r, "$limit", 1, MaxListed)
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

// fits reports whether a profile has what a query asks for.
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

// view is a profile with what is asked for beside it. The caller holds the lock.
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
		all["_sessions"] = s.desk.Of(p.id, s.config.Clock.Now())
	}
	return all
}

// lockPerson finds the profile of a request and leaves the sandbox locked; or it answers
// that there is none, with the sandbox unlocked.
func (s *Sandbox) lockPerson(w http.ResponseWriter, r *http.Request) *person {
	s.mu.Lock()
	p := s.people[r.PathValue("profile")]
	if p != nil && p.deleted.IsZero() {
		return p
	}
	s.mu.Unlock()
	answerError(w, http.StatusNotFound, "there is no such profile")
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
		answerError(w, http.StatusConflict, "there is a profile with this id already")
		return
	}
	if p := s.addTo(w, id); p != nil {
		s.alter(p, profileCreate, c, r.PathValue("space"), properties)
		s.answerPerson(w, http.StatusCreated, p)
	}
}

// addTo makes a profile without properties; or it answers that there are too many, and
// unlocks the sandbox.
func (s *Sandbox) addTo(w http.ResponseWriter, id string) *person {
	if len(s.people) >= MaxProfiles {
		s.mu.Unlock()
		answerError(w, http.StatusServiceUnavailable, "there are "+strconv.Itoa(MaxProfiles)+" profiles, which is the limit")
		return nil
	}
	s.people[id] = &person{id: id}
	return s.people[id]
}

// putPerson is PUT …/profiles/{profile}?undelete=, which replaces all properties, and
// PATCH …?allowcreate=&deletes=, which changes some and removes those named.
func (s *Sandbox) putPerson(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	id := r.PathValue("profile")
	given, f := checkProperties(body, id)
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
		answerError(w, http.StatusNotFound, "there is no such profile")
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

// patched are the properties with others over them, and without those named.
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

// deletePerson is DELETE …/profiles/{profile}?forget=, which with forget leaves nothing.
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

// changePeople is PATCH …/profiles/bulk, a list of profiles of which properties change,
// and DELETE, a list of IDs or of profiles. Whom it does not know it leaves out.
func (s *Sandbox) changePeople(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	if c.profile != "" {
		answerError(w, http.StatusForbidden, "only a server changes profiles of others")
		return
	}
	items, f := parseBulk(body)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range items {
		p := s.people[item.id]
		switch {
		case p == nil || !p.deleted.IsZero():
		case r.Method == http.MethodDelete:
			s.drop(p, c, r)
		default:
			s.alter(p, profileUpdate, c, r.PathValue("space"), p.patched(item.properties, nil))
		}
	}
	w.WriteHeader(http.StatusOK)
}

// bulkItem is one profile of a bulk request.
type bulkItem struct {
	id         string
	properties map[string]json.RawMessage
}

func parseBulk(body []byte) (items []bulkItem, f failures) {
	var raws []json.RawMessage
	if err := json.Unmarshal(body, &raws); err != nil {
		return nil, failures{notAsWanted("", err)}
	}
	f.add(len(raws) == 0 || len(raws) > MaxBatch, "request", "want 1 to "+strconv.Itoa(MaxBatch)+" profiles")
	for i, raw := range raws {
		within := "[" + strconv.Itoa(i) + "]"
		if id, ok := asText(raw); ok {
			items = append(items, bulkItem{id: id})
			continue
		}
		properties, wrong := checkProperties(raw, "")
		for _, x := range wrong {
			f.add(true, within+"."+x.ParamName, x.Message)
		}
		var named struct {
			ID string `json:"id"`
		}
		f.add(json.Unmarshal(raw, &named) != nil || named.ID == "", within+".id", "is required")
		items = append(items, bulkItem{named.ID, properties})
	}
	return items, f
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
	_ = json.Unmarshal(p.properties["optin"], &now) // what is no list counts as none
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

// device is one of a person's devices, as the API shows it.
type device struct {
	ID          string        `json:"id"`
	Platform    string        `json:"platform"`
	SDKType     string        `json:"sdkType"`
	SDKVersion  string        `json:"sdkVersion"`
	Push        *session.Push `json:"push,omitempty"`
	LastStarted string        `json:"lastSessionStartedOn"`
}

// devices are those of the sessions of somebody, the newest session of each.
func (s *Sandbox) devices(profile string) []device {
	all := []device{}
	for _, x := range s.desk.Of(profile, s.config.Clock.Now()) {
		all = slices.DeleteFunc(all, func(d device) bool { return d.ID == x.DeviceID })
		all = append(all, device{x.DeviceID, x.Platform, x.SDKType, x.SDKVersion, x.Push, x.StartedOn})
	}
	return all
}

// tellDevices tells that the devices of somebody have changed.
func (s *Sandbox) tellDevices(profile, space string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.people[profile]; p != nil {
		s.tellOf(p, profileDevices, caller{profile: profile}, space, struct {
			ID      string   `json:"id"`
			Devices []device `json:"devices"`
		}{profile, s.devices(profile)})
	}
}

// deleteDevice is DELETE …/profiles/{profile}/devices/{device}: its sessions end.
func (s *Sandbox) deleteDevice(w http.ResponseWriter, r *http.Request, c caller) {
	profile := r.PathValue("profile")
	ended := false
	for _, x := range s.desk.Of(profile, s.config.Clock.Now()) {
		if c.is(profile) && x.DeviceID == r.PathValue("device") {
			ended = s.desk.End(x.ID) || ended
		}
	}
	if !ended {
		answerError(w, http.StatusNotFound, "there is no such device")
		return
	}
	s.sockets.Drop(profile) // its other devices connect again
	s.tellDevices(profile, r.PathValue("space"))
	w.WriteHeader(http.StatusNoContent)
}

// pushValidation is what can be pushed to somebody.
type pushValidation struct {
	ID    string          `json:"id"`
	Count int             `json:"pushDevicesCount"`
	FCM   []*session.FCM  `json:"fcm"`
	APNS  []*session.APNS `json:"apns"`
}

// validatePush is POST …/profiles/devices/push/validation.
func (s *Sandbox) validatePush(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		IDs []string `json:"ids"`
	}
	if !readJSON(w, r, &q) {
		return
	}
	if len(q.IDs) == 0 || len(q.IDs) > MaxBatch {
		answerInvalid(w, failures{{"ids", "want 1 to " + strconv.Itoa(MaxBatch) + " profile IDs"}})
		return
	}
	all := []pushValidation{}
	for _, id := range q.IDs {
		v := pushValidation{ID: id, FCM: []*session.FCM{}, APNS: []*session.APNS{}}
		for _, d := range s.devices(id) {
			switch {
			case d.Push == nil:
			case d.Push.FCM != nil:
				v.Count, v.FCM = v.Count+1, append(v.FCM, d.Push.FCM)
			case d.Push.APNS != nil:
				v.Count, v.APNS = v.Count+1, append(v.APNS, d.Push.APNS)
			}
		}
		all = append(all, v)
	}
	answerJSON(w, http.StatusOK, all)
}
