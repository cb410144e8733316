package sandbox

import (
	"bytes"
	"regexp"
	"strings"
)

// mergeForm is a merge field: {{profile.first_name}}, {{body}}. Nobody documents how one
// could be escaped, so none can.
var mergeForm = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// mergedKeys are the parts of a request in which the provider fills in merge fields
// (Dotdigital, "Sending across channels", "Custom messages"). It says nothing of
// messageParts.
var mergedKeys = []string{"title", "body", "metadata", "customBody", "channelOptions"}

// parseMerged is parse after the merge fields are filled in. A request that cannot be read
// goes to parse as it is.
func (s *Sandbox) parseMerged(raw []byte) (*request, failures) {
	q, failures := parse(raw)
	if len(failures) == 0 && mayMerge(raw) {
		q, failures = parse(merged(raw, q, s.profileOf(q)))
	}
	if len(failures) == 0 && q.TemplateID != "" {
		if raw, failures = s.templated(q); len(failures) == 0 {
			q, failures = parse(raw)
		}
	}
	if len(failures) > 0 || !q.RequireOptIn {
		return q, failures
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return q, q.checkOptIn(s.optedIn(s.people[q.profile()]))
}

// mayMerge reports whether JSON may hold a merge field, perhaps with its braces
// escaped.
func mayMerge(raw []byte) bool {
	return bytes.Contains(raw, []byte("{{")) ||
		bytes.Contains(raw, []byte(`\u007b`)) || bytes.Contains(raw, []byte(`\u007B`))
}

// merged is a request with its merge fields filled in: from the profile everywhere, and
// from the message itself within customBody. Unknown ones become blank.
func merged(raw []byte, q *request, profile map[string]string) []byte {
	var all map[string]any
	if decodeNumbers(raw, &all) != nil {
		return raw
	}
	within := map[string]string{"profileId": q.profile(), "title": q.Title, "body": ""}
	if q.Body != nil {
		within["body"] = *q.Body
	}
	for _, key := range mergedKeys {
		own := map[string]string{}
		if key == "customBody" {
			own = within
		}
		if value, ok := all[key]; ok {
			all[key] = fill(value, profile, own)
		}
	}
	return encoded(all)
}

// fill fills in the merge fields of every text of a value, keys excepted.
func fill(value any, profile, own map[string]string) any {
	switch v := value.(type) {
	case string:
		return mergeForm.ReplaceAllStringFunc(v, func(field string) string {
			name := strings.TrimSpace(field[2 : len(field)-2])
			if property, ok := strings.CutPrefix(name, "profile."); ok {
				return profile[property]
			}
			return own[name]
		})
	case map[string]any:
		for key := range v {
			v[key] = fill(v[key], profile, own)
		}
	case []any:
		for i := range v {
			v[i] = fill(v[i], profile, own)
		}
	}
	return value
}

// profileOf is everything known of the recipient: the properties of the profile, overridden by
// the addresses in the request.
func (s *Sandbox) profileOf(q *request) map[string]string {
	known := map[string]string{}
	s.mu.Lock()
	if p := s.people[q.profile()]; p != nil && p.deleted.IsZero() {
		for name := range p.properties {
			known[name] = p.text(name)
		}
	}
	s.mu.Unlock()
	known["id"] = q.profile()
	for name, raw := range q.To {
		if text, ok := asText(raw); ok {
			known[name] = text
		}
	}
	return known
}
