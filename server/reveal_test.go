package server_test

import (
	"strings"
	"testing"
)

// TestReveal holds that a reveal shows what is private of a person, and leaves an entry that says who saw which fields and why, and
// none of the values. Forgetting the person reaches the entry.
func TestReveal(t *testing.T) {
	s, _ := startPrivate(t)
	reader, operator := []string{"Authorization", "Bearer the token of read"}, []string{"Authorization", "Bearer the token of operate"}
	s.do("POST", "/v1/profiles/ann/reveal", "", reader...).is(403, "the scope operate")
	s.do("GET", "/v1/audit?did=reveal+person", "", operator...).is(200, `"entries":[]`)
	names := `["called: data.note","order: data.items[].code","order: data.note","profile.address.street","profile.email","sale: data.code","unheard: event.note"]`
	s.do("POST", "/v1/profiles/ann/reveal", `{"reason": "ann called"}`, append(operator, "Nudge-Private", "mask")...).
		is(200, `"private":`+names, `"email":"`+hush+`"`, `"street":"`+hush+` 2"`, `"city":"Paris"`)
	entry := s.do("GET", "/v1/audit?did=reveal+person&profile=ann", "", operator...).is(200, `"name":"operator"`, `"on":"ann"`, `"reason":"ann called"`, `"after":{"private":`+names+`}`)
	if strings.Contains(entry.body, hush) {
		t.Errorf("the entry has a value: %s", entry.body)
	}
	s.do("POST", "/v1/profiles/nobody/reveal", "", operator...).is(200, `"private":[]`, `"profile":{"id":"nobody","opt_outs":[]}`)
	s.do("POST", "/v1/profiles/ann/reveal", `{"reason": "`+strings.Repeat("x", 2000)+`"}`, operator...).is(400, `"field":"reason"`)
	s.do("GET", "/v1/audit?did=reveal+person&profile=nobody", "", reader...).is(200, `"on":"nobody"`)

	s.do("DELETE", "/v1/profiles/ann", "", operator...).is(200)
	for more := true; more; {
		var err error
		more, err = s.store.Erase()
		must(t, err)
	}
	forgotten := s.do("GET", "/v1/audit?did=reveal+person&profile=ann", "", operator...).is(200, `"erased":"`)
	journal := s.do("GET", "/v1/journal", "", operator...).is(200, `"did":"reveal person"`)
	for _, left := range []string{forgotten.body, journal.body} {
		if strings.Contains(left, "ann called") || strings.Contains(left, `"ann"`) {
			t.Errorf("forgetting left:\n%s", left)
		}
	}
}

// TestMaskedFinds: who may see what is private, and asks for it masked, finds people by an exact value, which they know, and by no condition.
func TestMaskedFinds(t *testing.T) {
	s, _ := startPrivate(t)
	masked := []string{"Authorization", "Bearer the token of operate", "Nudge-Private", "mask"}
	s.do("GET", "/v1/profiles?field=email%3D"+hush, "", masked...).is(200, `"id":"ann"`, `"email":"•••"`)
	if a := s.do("GET", "/v1/profiles?if=profile.email+%3D%3D+%22"+hush+"%22", "", masked...).is(200); strings.Contains(a.body, "ann") {
		t.Errorf("a condition guesses a private value: %s", a.body)
	}
}
