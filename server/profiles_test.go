package server_test

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
)

// profileShop is the shop with a shape for what is known of a person.
var profileShop = with(shop, "nudge.yaml", shop["nudge.yaml"]+`categories: { news: {}, offers: {} }
profile: { name: optional string, plan: optional free | pro, seats: optional number }
`)

// with is a project with one file changed.
func with(project map[string]string, name, text string) map[string]string {
	changed := maps.Clone(project)
	changed[name] = text
	return changed
}

func TestProfile(t *testing.T) {
	s := start(t, profileShop)
	s.do("GET", "/v1/profiles/ann", "").is(404, "nothing is known of ann")

	const full = `{"id":"ann","name":"Ann","opt_outs":["news"],"plan":"pro","timezone":"Europe/Paris"}`
	s.do("PUT", "/v1/profiles/ann", `{"name": "Ann", "plan": "pro", "timezone": "Europe/Paris", "opt_outs": ["news"]}`).is(200, full)
	s.do("GET", "/v1/profiles/ann", "").is(200, full)

	s.do("PATCH", "/v1/profiles/ann", `{"id": "ann", "plan": null, "seats": 3}`).
		is(200, `{"id":"ann","name":"Ann","opt_outs":["news"],"seats":3,"timezone":"Europe/Paris"}`)
	s.do("PUT", "/v1/profiles/ann", `{"name": "Anna"}`).is(200, `{"id":"ann","name":"Anna","opt_outs":[]}`)
	s.do("PATCH", "/v1/profiles/ann", `{"last_order": {"id": 12345678901234567, "price": 1.50}}`).
		is(200, `"last_order":{"id":12345678901234567,"price":1.50}`)
}

func TestOptOuts(t *testing.T) {
	s := start(t, profileShop)
	for _, step := range []struct{ given, want string }{
		{`["offers", "news", "news"]`, `["news","offers"]`},
		{`["offers"]`, `["offers"]`},
		{`["all"]`, `["all"]`},
		{`["news"]`, `["news"]`},
		{`["all", "news"]`, `["all","news"]`},
		{`null`, `[]`},
	} {
		s.do("PATCH", "/v1/profiles/ann", `{"opt_outs": `+step.given+`}`).is(200, `"opt_outs":`+step.want)
	}
}

func TestProfileIDsAreAnyText(t *testing.T) {
	s := start(t, profileShop)
	for _, id := range []string{`acme\ann`, "ann@example.com", "a b", "a/b", "...", "a%2Fb", "añ+&?#", "a//b"} {
		path := "/v1/profiles/" + strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
		s.do("PUT", path, `{"name": "x"}`).is(200)
		var got struct{ ID string }
		s.do("GET", path, "").is(200).decode(&got)
		if got.ID != id {
			t.Errorf("the id is %q, want %q", got.ID, id)
		}
	}
	s.do("PUT", "/v1/profiles/%2E%2E", `{"name": "x"}`).is(400, "means a folder")
}

func TestProfileIsRefusedWithItsField(t *testing.T) {
	s := start(t, profileShop)
	for _, test := range []struct {
		name, path, body string
		status           int
		texts            []string
	}{
		{"shape", "ann", `{"plan": "gold"}`, 422, []string{"plan must be one of free, pro"}},
		{"time zone", "ann", `{"timezone": "Mars/Base"}`, 422, []string{"there is no time zone Mars/Base"}},
		{"list", "ann", `[]`, 400, []string{"the JSON is wrong: it must be an object, got a list"}},
		{"twice", "ann", `{"a": 1, "a": 2}`, 400, []string{"a must be there once"}},
		{"another id", "ann", `{"id": "bob"}`, 400, []string{`"field":"id"`}},
		{"opt-outs as text", "ann", `{"opt_outs": "news"}`, 400, []string{`"field":"opt_outs"`}},
		{"bad category", "ann", `{"opt_outs": ["No!"]}`, 400, []string{`\"No!\" is not the name of a category`}},
		{"long id", strings.Repeat("x", 257), `{}`, 400, []string{"must be 1 to 256 bytes, has 257"}},
		{"control character", "a%0Ab", `{}`, 400, []string{"must not have a control character, has U+000A"}},
		{"space at the end", "ann%20", `{}`, 400, []string{`"field":"id"`, "a person's id must not end with a space"}},
		{"Latin-1 in the path", "Zo%EB", `{}`, 400, []string{"must be UTF-8 text and is not UTF-8: byte 3 is 0xEB"}},
		{"Latin-1 in the body", "ann", "{\"name\": \"Zo\xeb\"}", 400, []string{"the JSON is not UTF-8: byte 13 is 0xEB, so it is probably Latin-1 or Windows-1252"}},
		{"large", "ann", `{"a": "` + strings.Repeat("x", 70_000) + `"}`, 413, []string{"larger than"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := s.do("PATCH", "/v1/profiles/"+test.path, test.body)
			a.t = t
			a.is(test.status, test.texts...)
		})
	}
	s.do("PUT", "/v1/profiles/ann", "x", "Content-Type", "text/csv").is(415, "not text/csv")
	s.do("POST", "/v1/profiles", "{}", "Content-Type", "application/json").is(415, "x-ndjson")
	s.do("GET", "/v1/profiles/ann", "").is(404)
}

func TestForget(t *testing.T) {
	s := start(t, profileShop)
	id, _ := s.run("7", "ann")
	s.do("PATCH", "/v1/profiles/ann", `{"name": "Ann"}`).is(200)
	s.do("DELETE", "/v1/profiles/ann", "").is(200, `"run":"`+id+`"`, `"did":"cancelled"`)
	s.do("GET", "/v1/profiles/ann", "").is(404)
	if got := s.show(id).Outcome; got != "forgotten" {
		t.Errorf("the run ended with %q", got)
	}
	s.do("DELETE", "/v1/profiles/ann", "").is(200)
	for _, id := range []string{"ann%20", "bob%00", "Zo%EB"} {
		s.do("DELETE", "/v1/profiles/"+id, "").is(200) // whatever is stored can be forgotten
	}
}

func TestProfilesLineByLine(t *testing.T) {
	s := start(t, profileShop)
	var body strings.Builder
	for i := range 600 {
		fmt.Fprintf(&body, `{"id": "p%d", "seats": %d}`+"\n", i, i)
	}
	body.WriteString("\n" + `{"id": "bad", "plan": "gold"}` + "\n" + `{"name": "nobody"}` + "\n" + `{"id": "p7", "name": "Sue", "opt_outs": ["news"]}`)
	a := s.do("POST", "/v1/profiles", body.String(), "Content-Type", "application/x-ndjson").
		is(200, `{"line":600}`, `{"line":602,"error":{`, `plan must be one of free, pro`, `{"line":603,"error":{`, `{"line":604}`)
	if n := strings.Count(a.body, "\n"); n != 603 {
		t.Errorf("%d answers, want 603", n)
	}
	s.do("GET", "/v1/profiles/p7", "").is(200, `{"id":"p7","name":"Sue","opt_outs":["news"],"seats":7}`)
}

func TestEventCarriesProfileData(t *testing.T) {
	s := start(t, profileShop)
	const signUp = `{"id": "e1", "type": "signed.up", "profile": "ann", "profile_data": {"name": "Ann", "opt_outs": ["news"]}}`
	s.event(signUp).is(200, `{"id":"e1","ignored":"no flow uses events of this type"}`)
	s.do("GET", "/v1/profiles/ann", "").is(200, `{"id":"ann","name":"Ann","opt_outs":["news"]}`)

	s.do("PATCH", "/v1/profiles/ann", `{"name": "Anna", "opt_outs": []}`).is(200)
	s.event(signUp).is(200, `"repeated":true`)
	s.do("GET", "/v1/profiles/ann", "").is(200, `{"id":"ann","name":"Anna","opt_outs":[]}`)

	s.event(`{"type": "x", "profile_data": {"name": "Ann"}}`).is(400, `"field":"profile"`)
	s.event(`{"type": "x", "profile": "ann", "profile_data": {"id": "bob"}}`).is(400, `"field":"profile_data.id"`)
	s.event(`[{"type": "x", "profile": "ann", "profile_data": {"name": "A"}}, {"type": "", "profile": "ann"}]`).is(400, "event 1: an event needs a type")
	s.do("GET", "/v1/profiles/ann", "").is(200, `"name":"Anna"`)
	s.event(`[{"type": "x", "profile": "ann", "profile_data": {"name": "A"}}, {"id": "e9", "type": "y", "profile": "ann"}]`).is(200, `{"answers":[{"ignored":`, `{"id":"e9","ignored":`)
	s.do("GET", "/v1/profiles/ann", "").is(200, `"name":"A"`)
}
