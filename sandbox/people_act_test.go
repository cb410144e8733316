package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// readPeople reads a people file that has no mistakes.
func readPeople(t testing.TB, text string) (*people.People, people.Faults) {
	t.Helper()
	var list diag.List
	p, f := people.Read(people.File, []byte(text), &list)
	if len(list) > 0 {
		t.Fatal(list)
	}
	return p, f
}

// TestPeopleAct has people of a file in a service.
func TestPeopleAct(t *testing.T) {
	p, faults := readPeople(t, "people: [ { profile: dave, does: 'reads after 2s-1h, replies \"yes\" after 30m-2h' } ]\n"+
		"faults: { duplicate_webhooks: 100% }\n")
	w := newWorld(t, func(c *sandbox.Config) {
		c.People, c.Faults = func(m sandbox.Message) people.Script { return p.Script(m.Profile, m.Text) }, faults
	})
	w.send(message("dave"))
	w.pass(2 * time.Hour)
	want := []string{"sent", "sent", "delivered", "delivered", "read", "read"}
	if diff := cmp.Diff(want, w.receiver.statuses()); diff != "" || len(w.receiver.inbound().Replies) != 2 {
		t.Errorf("got %v (-want +got):\n%s", w.receiver.inbound().Replies, diff)
	}
}

func TestScriptsAreActedOut(t *testing.T) {
	for text, want := range map[string][]string{
		`reads after 3s`:              {"sent", "delivered", "read"},
		`never reads`:                 {"sent", "delivered"},
		`never delivered`:             {"sent"},
		`fails "no device"`:           {"sent", "failed"},
		`delivered, expires after 1h`: {"sent", "delivered", "expired"},
	} {
		w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, text) })
		w.send(message("dave"))
		w.pass(24 * time.Hour)
		if diff := cmp.Diff(want, w.receiver.statuses()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if strings.HasPrefix(text, "fails") {
			if got := w.receiver.inbound().Receipts[1].Reason; got != "no device" {
				t.Errorf("%s: got reason %q", text, got)
			}
		}
	}
}
