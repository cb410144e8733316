package story_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/story"
)

// TestEventAudience plays stories of an event that is for an audience: the people of the file
// are the profiles, those of whom nothing is known too. A story whose name says that it fails
// must.
func TestEventAudience(t *testing.T) {
	files := fstest.MapFS{
		"nudge.yaml": {Data: []byte("timezone: UTC\nprofile: { services: [string] }\nevents: { incident.opened: { id: string, service: string }, incident.closed: { id: string } }\n")},
		"flows/incident.yaml": {Data: []byte(`flow: incident
trigger: { event: incident.opened, key: event.id, audience: { if: 'event.service in profile.services or event.service == "all"' }, rate: 1/s }
exit: { event: incident.closed, key: event.id, as: closed }
steps:
  - send: { body: "{{ data.service }} is down" }
  - wait: 1d
`)},
		"tests/incident.yaml": {Data: []byte(`flow: incident
people: { ann: { services: [db, web] }, bob: { services: [web] }, cid: {}, dee: { services: [db] } }
tests:
  - name: to whom it concerns, one a second
    start: 2026-03-02 10:00 UTC
    story:
      - { event: incident.opened, id: e1, by: nobody, data: { id: I1, service: db } }
      - expect: { message: send_1, to: ann, at: "10:00:00" }
      - { event: incident.opened, id: e1, by: nobody, data: { id: I1, service: db } }
      - after: 1s
      - expect: { message: send_1, to: dee, at: "10:00:01" }
      - { event: incident.closed, by: nobody, data: { id: I1 } }
      - expect: { end: closed, of: ann }
      - expect: { end: closed, of: dee }
  - name: everybody is a profile
    start: 2026-03-02 10:00 UTC
    story:
      - { event: incident.opened, by: ann, data: { id: I1, service: all } }
      - after: 10s
      - expect:
          - { message: send_1, to: ann }
          - { message: send_1, to: bob }
          - { message: send_1, to: cid }
          - { message: send_1, to: dee }
  - name: what is over is told to nobody else
    start: 2026-03-02 10:00 UTC
    story:
      - { event: incident.opened, by: nobody, data: { id: I1, service: all } }
      - expect: { message: send_1, to: ann }
      - { event: incident.closed, by: nobody, data: { id: I1 } }
      - expect: { end: closed, of: ann }
      - after: 1h
      - expect: nothing
  - name: "fails: bob hears of the data base"
    start: 2026-03-02 10:00 UTC
    story:
      - { event: incident.opened, by: nobody, data: { id: I1, service: db } }
      - after: 1h
      - expect: { message: send_1, to: bob }
`)},
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	file, list := story.Parse(p, "tests/incident.yaml", files["tests/incident.yaml"].Data)
	if list.HasErrors() {
		t.Fatal(list)
	}
	for _, test := range file.Tests {
		result, err := story.Play(test, story.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if fails := strings.HasPrefix(test.Name, "fails"); (result.Failure != nil) != fails {
			t.Errorf("%s: %v", test.Name, result.Failure)
		}
	}
}
