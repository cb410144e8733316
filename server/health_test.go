package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// known is a runner that stands as it says.
type known struct {
	stopped
	health runner.Health
}

func (k known) Health() runner.Health { return k.health }

// healthOf asks a server how it stands.
func healthOf(t *testing.T, s *server.Server) (got server.Health) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/v1/health", nil)
	r.RemoteAddr = "127.0.0.1:1234"
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &got))
	return got
}

// TestHealthNeeds: each thing that stops messages needs somebody once it lasts, and says so.
func TestHealthNeeds(t *testing.T) {
	now := time.Date(2027, 3, 9, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) engine.Instant { return engine.InstantOf(now.Add(-d)) }
	for name, c := range map[string]struct {
		account  runner.AccountHealth
		standing time.Duration
		process  server.ProcessHealth
		full     bool
		state    func(*engine.State)
		want     string // what needs somebody; empty: nothing
	}{
		"well":            {account: runner.AccountHealth{Posted: ago(time.Hour), Heard: ago(time.Hour)}},
		"held shortly":    {account: runner.AccountHealth{Held: true, Since: ago(4 * time.Minute), Why: "w"}},
		"held":            {account: runner.AccountHealth{Held: true, Since: ago(6 * time.Minute), Why: "requests fail", Waiting: 7}, want: "account"},
		"unheard shortly": {account: runner.AccountHealth{Unheard: ago(14 * time.Minute)}},
		"unheard":         {account: runner.AccountHealth{Unheard: ago(16 * time.Minute)}, want: "webhooks"},
		"standing":        {standing: 2 * time.Second, want: "engine"},
		"full":            {full: true, want: "disk"},
		"damaged":         {process: server.ProcessHealth{Damage: 2}, want: "store"},
		"reload":          {process: server.ProcessHealth{ReloadErr: "flows/a.yaml:3:1: wrong"}, want: "reload"},
		"killed":          {state: func(s *engine.State) { s.Killed = true }, want: "killed"},
		"hold, nobody":    {state: func(s *engine.State) { s.Outbound = engine.OutboundHold }},
		"hold":            {account: runner.AccountHealth{Waiting: 3}, state: func(s *engine.State) { s.Outbound = engine.OutboundHold }, want: "hold"},
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := store.Open(new(memory.KV))
			must(t, err)
			state, err := kept.State()
			must(t, err)
			if c.state != nil {
				c.state(&state)
				must(t, kept.Commit(&engine.Batch{State: state}))
			}
			s, err := server.New(server.Config{
				Store: kept, Runner: known{health: runner.Health{Now: now, Accounts: []runner.AccountHealth{c.account}, Standing: c.standing}},
				Process: func() server.ProcessHealth { return c.process }, Full: func() bool { return c.full }, Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}},
			})
			must(t, err)
			got := healthOf(t, s)
			var needs []string
			for _, n := range got.Needs {
				needs = append(needs, n.What)
			}
			if strings.Join(needs, " ") != c.want {
				t.Errorf("needs %v, want %q: %+v", needs, c.want, got)
			}
		})
	}
}

// TestHealthOfTheStore: timers that nobody takes and missed times of schedules are found in the store.
func TestHealthOfTheStore(t *testing.T) {
	s := start(t, with(shop, "flows/later.yaml", "flow: later\ntrigger: { event: later }\nsteps: [ { wait: 1h } ]\n"))
	s.event(`{"type": "later", "profile": "ann"}`).is(200)
	s.event(`{"type": "later", "profile": "bob"}`).is(200)
	later, err := server.New(server.Config{Store: s.store, Runner: known{health: runner.Health{Now: time.Now().Add(2 * time.Hour)}}})
	must(t, err)
	got := healthOf(t, later)
	if got.Timers.Overdue != 2 || got.Timers.More || got.Timers.Oldest == 0 || !slices.ContainsFunc(got.Needs, func(n server.HealthNeed) bool { return n.What == "timers" && n.Since == got.Timers.Oldest }) {
		t.Errorf("got %+v", got)
	}
	s.do("GET", "/v1/health", "").is(200, `"needs":[]`, `"accounts":[{"account":"","held":false,"waiting":0`, `"webhooks":[{"channel":"comapi"}]`, `"timers":{"overdue":0}`)
}
