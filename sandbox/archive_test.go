package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/sandbox"
	"nudge/sandbox/people"
)

// TestRestart closes a service and starts another one on its file.
func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "sandbox.db")
	kept := func(c *sandbox.Config) {
		c.File, c.Keep = file, 4
		c.People = script(t, `reads after 1h, replies "yes" after 2h`)
	}
	w := newWorld(t, kept)
	e := newEndpoint(t)
	hook := w.register(e, `,"subscriptions":[{"type":"conversationMessage.read"}]`)
	gone := w.register(e, "")
	w.call("DELETE", webhooks+"/"+gone.ID, "")
	for _, person := range []string{"old", "ann", "bob", "cid", "dee"} {
		w.send(message(person))
	}
	w.pass(time.Minute)
	deleted, redacted := w.Messages()[1].ID, w.Messages()[2].ID
	w.call("DELETE", messages+"/"+deleted, "")
	w.call("PATCH", messages+"/"+redacted, `{"redact":true,"redactSource":"message"}`)
	want, conversations := w.Messages(), w.Conversations()
	w.Close()

	again := newWorld(t, func(c *sandbox.Config) {
		kept(c)
		c.Seed = 2
		c.People = func(sandbox.Message) people.Script { panic("the scripts are known") }
	})
	again.clock.now = w.clock.now.Add(90 * time.Minute)
	if diff := cmp.Diff(want, again.Messages()); diff != "" {
		t.Errorf("messages (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(conversations, again.Conversations()); diff != "" {
		t.Errorf("conversations (-before +after):\n%s", diff)
	}
	if status, body := again.call("GET", webhooks, ""); status != http.StatusOK || !strings.Contains(body, hook.ID) ||
		strings.Contains(body, gone.ID) {
		t.Errorf("webhooks: got %s, want the one that was not deleted", body)
	}
	// Three have yet to read, which they do at once, and to reply, half an hour later.
	again.pass(0)
	if diff := cmp.Diff([]string{"read", "read", "read"}, again.receiver.statuses()); diff != "" {
		t.Errorf("what was overdue (-want +got):\n%s", diff)
	}
	again.pass(30 * time.Minute)
	if n := len(again.receiver.inbound().Replies); n != 3 || len(e.names()) != 3 {
		t.Errorf("got %d replies and %v, want 3 and a registered webhook for each read", n, e.names())
	}
	if !strings.Contains(e.bodies[0], `"conversationEventId":2`) {
		t.Errorf("got %s, want the events of the conversation to be counted on", e.bodies[0])
	}
}

// TestCrash reads the file of a service as a crash would leave it: what is older than
// the last save is there.
func TestCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, filepath.Join(dir, "a.db"))
		send := func() {
			t.Helper()
			r := httptest.NewRequest("POST", "/cpaas/messages", strings.NewReader(smallest))
			r.Header.Set("Authorization", "Bearer x")
			if w := httptest.NewRecorder(); true {
				if s.Handler().ServeHTTP(w, r); w.Code != http.StatusCreated {
					t.Fatalf("got %d %s", w.Code, w.Body)
				}
			}
		}
		send()
		time.Sleep(5 * time.Second) // of the bubble's clock
		synctest.Wait()
		want := s.Messages()
		send()
		raw, err := os.ReadFile(filepath.Join(dir, "a.db"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "b.db"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		after := open(t, filepath.Join(dir, "b.db"))
		got := after.Messages()
		if len(got) != 1 || got[0].Status != "read" || got[0].ID != want[0].ID {
			t.Errorf("got %+v, want the message that was saved, read", got)
		}
		if _, err := sandbox.New(sandbox.Config{File: filepath.Join(dir, "a.db")}); err == nil ||
			!strings.Contains(err.Error(), "another process has it open") {
			t.Errorf("a file in use: got %v", err)
		}
	})
}

// open starts a service on a file.
func open(t *testing.T, file string) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestStrangeFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{text, dir} {
		if _, err := sandbox.New(sandbox.Config{File: file}); err == nil || !strings.HasPrefix(err.Error(), "sandbox: File "+file) {
			t.Errorf("got %v, want an error about %s", err, file)
		}
	}
}

// TestFileIsBounded sends more than is kept, and finds no more in the file.
func TestFileIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.db")
	for range 3 {
		w := newWorld(t, func(c *sandbox.Config) { c.File, c.Keep = file, 10 })
		for i := range 25 {
			w.send(message(fmt.Sprint(i)))
		}
		w.Close()
	}
	w := newWorld(t, func(c *sandbox.Config) { c.File = file })
	if n := len(w.Messages()); n != 10 {
		t.Errorf("got %d messages, want the newest 10", n)
	}
}
