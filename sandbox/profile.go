package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits of profiles.
const (
	maxProfiles     = 100_000  // profiles, deleted ones included; one more is answered 503
	maxProfileBytes = 64 << 10 // bytes of the JSON of one profile; a larger one is answered 400
)

// person is a profile.
type person struct {
	id         string
	properties map[string]json.RawMessage // as they were given; never changed in place
	revision   int
	created    stamp
	updated    stamp
	deleted    time.Time // zero: it is there
}

// isSystem reports whether the service itself sets a property of this name.
func isSystem(name string) bool { return name == "id" || strings.HasPrefix(name, "_") }

// tag is the entity tag of the profile.
func (p *person) tag() string { return etag(p.revision, guidOf(p.id)) }

// shown is the profile as the API shows it.
func (p *person) shown() map[string]any {
	all := map[string]any{
		"id": p.id, "_createdOn": at(p.created.At), "_createdBy": p.created.By,
		"_updatedOn": at(p.updated.At), "_updatedBy": p.updated.By,
	}
	if !p.deleted.IsZero() {
		all["_deleted"] = true
	}
	for name, value := range p.properties {
		all[name] = value
	}
	return all
}

// text is a property as a merge field shows it.
func (p *person) text(name string) string {
	raw := p.properties[name]
	if text, ok := asText(raw); ok {
		return text
	}
	return string(raw)
}

// checkProperties reads the properties of a profile and returns their mistakes.
func checkProperties(body []byte, id string) (map[string]json.RawMessage, failures) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, failures{notAsWanted("", err)}
	}
	var f failures
	f.add(all == nil, "request", "want a JSON object")
	f.add(len(body) > maxProfileBytes, "request", fmt.Sprintf("want %d bytes at most", maxProfileBytes))
	given, text := asText(all["id"])
	f.add(len(all["id"]) > 0 && !text, "id", "want text")
	f.add(text && id != "" && given != id, "id", "is not that of the path")
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool { return isSystem(name) })
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f.add(strings.Contains(name, "_"), name, "a property name cannot contain an underscore")
	}
	return all, f
}

// meet creates a profile for a person without one. The caller does not hold the lock.
func (s *Sandbox) meet(id, space string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.people[id] == nil && len(s.people) < maxProfiles {
		s.people[id] = &person{id: id}
		s.alter(s.people[id], profileCreate, caller{profile: id}, space, nil)
	}
}

// alter replaces the properties of a profile and sends its event. The caller holds the lock.
func (s *Sandbox) alter(p *person, about topic, c caller, space string, properties map[string]json.RawMessage) {
	now := stamp{s.config.Clock.Now(), c.actor()}
	if p.revision == 0 {
		p.created = now
	}
	p.properties, p.updated, p.deleted = properties, now, time.Time{}
	p.revision++
	s.tellOf(p, about, c, space, p.shown())
}

// tellOf sends an event of a profile to the webhooks, and an update to the person's apps. The
// caller holds the lock.
func (s *Sandbox) tellOf(p *person, about topic, c caller, space string, payload any) {
	s.unsaved.people[p.id] = true
	e := &event{
		topic: about, of: &record{Message: Message{Profile: p.id}, space: space}, actedBy: c.actor(),
		revision: p.revision, tag: p.tag(), payload: payload, at: s.config.Clock.Now(),
	}
	s.post(e, Fault{})
	if about == profileUpdate {
		s.push(p.id, &frame{
			EventID: e.id, AccountID: 1, Name: about.String(), Context: frameContext{c.actor()},
			Revision: &p.revision, ETag: e.tag, PublishedOn: at(e.at), Payload: payload,
		})
	}
}
