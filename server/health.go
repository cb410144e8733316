package server

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"nudge/engine"
	"nudge/runner"
)

const (
	// maxOverdue is how many timers that are due are counted; beyond it, more is true.
	maxOverdue = 1000
	// maxMissedLooks is how many campaigns are looked at for missed times, the newest; older ones
	// are not looked at.
	maxMissedLooks = 50
	// missedWithin is how long a missed time of a schedule is shown; then it is only in the list of
	// campaigns.
	missedWithin = 24 * time.Hour

	heldLong    = 5 * time.Minute  // an account that is held longer needs somebody
	lateTimer   = time.Minute      // a timer that is due longer needs somebody
	silenceLong = 15 * time.Minute // webhooks that are silent longer after a message was accepted need somebody
)

// ProcessHealth is what the process around a server knows.
type ProcessHealth struct {
	Started   engine.Instant // of the machine's clock, as all here
	FileBytes int64          // of the store's file
	FreeBytes int64          // of the file, in which nothing is
	DiskBytes int64          // that may still be written to its disk; -1: the system does not say
	DiskLeast int64          // with less, nothing new is taken
	Reload    engine.Instant // when the project was last read; 0 for never
	ReloadErr string         // why it could not be used
	Migrating engine.Instant // since when runs are being moved to new versions; 0: none are
	Offered   int            // runs that were offered to their new version since then
	Damage    int            // problems that the last whole check of the store found
	ClockOff  time.Duration  // how far the machine's clock was set while the server ran, which does not follow it; 0: it does
}

// Health says what stops messages, and what the process is doing.
type Health struct {
	At         engine.Instant    `json:"at"`               // of the engine's clock
	Started    engine.Instant    `json:"started,omitzero"` // when the process began
	Needs      []HealthNeed      `json:"needs"`            // what needs somebody; empty: nothing does
	Outbound   HealthOutbound    `json:"outbound"`
	Accounts   []HealthAccount   `json:"accounts"` // since the start
	Webhooks   []HealthWebhook   `json:"webhooks"` // the channels that take them, since the start
	Queues     HealthQueues      `json:"queues"`
	Timers     HealthTimers      `json:"timers"`
	Store      HealthStore       `json:"store"`
	Missed     []HealthMissed    `json:"missed"`              // times of schedules within 24 hours at which nothing started, newest first
	Migrations *HealthMigrations `json:"migrations,omitzero"` // runs that are being moved to new versions; absent: none are
	Reload     HealthReload      `json:"reload"`
}

// HealthNeed is something that needs somebody.
type HealthNeed struct {
	What   string         `json:"what"` // killed, hold, account, webhooks, timers, engine, clock, disk, store, schedule or reload
	Detail string         `json:"detail"`
	Since  engine.Instant `json:"since,omitzero"`
}

// HealthOutbound is what may go out.
type HealthOutbound struct {
	Mode   string `json:"mode"`           // live, hold or only
	Only   int    `json:"only,omitempty"` // how many people the mode only lets through
	Killed bool   `json:"killed"`
}

// HealthAccount is how an account of the provider stands.
type HealthAccount struct {
	Account string         `json:"account"` // empty for the only one
	Held    bool           `json:"held"`    // nothing goes to it, because of its provider
	Since   engine.Instant `json:"since,omitzero"`
	Why     string         `json:"why,omitempty"`
	Next    engine.Instant `json:"next,omitzero"`    // when the next message may go to it
	Waiting int            `json:"waiting"`          // planned messages that are not yet handed to it
	Posted  engine.Instant `json:"posted,omitzero"`  // when it last accepted a message
	Heard   engine.Instant `json:"heard,omitzero"`   // when a webhook last had news of one of its messages
	Unheard engine.Instant `json:"unheard,omitzero"` // when it accepted the first message after that
}

// HealthWebhook is when webhooks of a channel last came, whatever they had.
type HealthWebhook struct {
	Channel string         `json:"channel"`
	Heard   engine.Instant `json:"heard,omitzero"` // of the machine's clock
}

// HealthQueues are the inputs that wait to be applied.
type HealthQueues struct {
	Commands int   `json:"commands"`
	Results  int   `json:"results"`
	Inbound  int   `json:"inbound"` // receipts and replies
	Events   int   `json:"events"`
	WaitedMS int64 `json:"waited_ms"` // how long the oldest input of the newest step had waited
	StepMS   int64 `json:"step_ms"`   // how long the step under way has taken by now
}

// HealthTimers are the timers that are due and not taken.
type HealthTimers struct {
	Overdue int            `json:"overdue"`        // by more than a minute
	More    bool           `json:"more,omitempty"` // there are more than were counted
	Oldest  engine.Instant `json:"oldest,omitzero"`
}

// HealthStore is the file of the store and the disk below it.
type HealthStore struct {
	FileBytes int64  `json:"file_bytes"`
	FreeBytes int64  `json:"free_bytes"`           // of the file, in which nothing is
	DiskBytes *int64 `json:"disk_bytes,omitempty"` // that may still be written to the disk; absent: the system does not say
	DiskLeast int64  `json:"disk_least"`           // with less, nothing new is taken
	Full      bool   `json:"full"`                 // nothing new is taken
	Damage    int    `json:"damage"`               // problems that the last whole check found
}

// HealthMissed are times of a schedule at which nothing started.
type HealthMissed struct {
	Campaign string         `json:"campaign"`
	Flow     string         `json:"flow"`
	Times    int            `json:"times"`
	First    engine.Instant `json:"first"`
	Last     engine.Instant `json:"last"`
	Reason   string         `json:"reason"`
}

// HealthMigrations are runs that are being moved to new versions.
type HealthMigrations struct {
	Since   engine.Instant `json:"since"`
	Offered int            `json:"offered"` // runs that were offered to their new version
}

// HealthReload is the last time that the project was read.
type HealthReload struct {
	At    engine.Instant `json:"at,omitzero"`
	Error string         `json:"error,omitempty"` // why it could not be used: the flows of before are active
}

// healthRoutes are about what stops messages.
func (s *Server) healthRoutes() []route {
	return []route{{"GET /v1/health", ScopeRead, s.getHealth, operation{
		id: "showHealth", topic: "Operations", does: "Say what stops messages", more: "And whether something needs somebody. It reads what the engine knows anyway, and scans nothing.",
		gives: ok(Health{}, "how the server stands"),
	}}}
}

func (s *Server) getHealth(w http.ResponseWriter, r *http.Request) {
	h, err := s.health()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, h)
}

// health gathers how the server stands.
func (s *Server) health() (*Health, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	running, process := s.config.Runner.Health(), ProcessHealth{DiskBytes: -1}
	if s.config.Process != nil {
		process = s.config.Process()
	}
	h := &Health{
		At: engine.InstantOf(running.Now), Started: process.Started, Needs: []HealthNeed{},
		Outbound: HealthOutbound{state.Outbound.String(), len(state.Only), state.Killed},
		Accounts: []HealthAccount{}, Webhooks: s.heard.all(), Missed: []HealthMissed{},
		Queues: queuesOf(&running), Reload: HealthReload{process.Reload, process.ReloadErr},
		Store: HealthStore{FileBytes: process.FileBytes, FreeBytes: process.FreeBytes, DiskLeast: process.DiskLeast, Damage: process.Damage,
			Full: s.config.Full != nil && s.config.Full()},
	}
	if process.DiskBytes >= 0 {
		h.Store.DiskBytes = &process.DiskBytes
	}
	if process.Migrating != 0 {
		h.Migrations = &HealthMigrations{process.Migrating, process.Offered}
	}
	for _, a := range running.Accounts {
		h.Accounts = append(h.Accounts, HealthAccount(a))
	}
	if err := s.overdue(h); err != nil {
		return nil, err
	}
	if err := s.missed(h); err != nil {
		return nil, err
	}
	h.judge(running.Standing, process.ClockOff)
	return h, nil
}

func queuesOf(h *runner.Health) HealthQueues {
	groups := map[string]int{}
	for _, q := range h.Queues {
		groups[q.Class] = q.Groups
	}
	return HealthQueues{groups["commands"], groups["results"], groups["inbound"], groups["events"], h.Waited.Milliseconds(), h.Standing.Milliseconds()}
}

// overdue counts the timers that are due longer than a step can take.
func (s *Server) overdue(h *Health) error {
	due, _, err := s.config.Store.Due(h.At.Add(-lateTimer), maxOverdue+1)
	if err != nil || len(due) == 0 {
		return err
	}
	h.Timers = HealthTimers{min(len(due), maxOverdue), len(due) > maxOverdue, due[0].Due}
	return nil
}

// missed finds the newest campaigns that stand for missed times.
func (s *Server) missed(h *Health) error {
	newest, err := s.config.Store.NewestCampaigns(maxMissedLooks)
	for _, f := range newest {
		if f.Missed > 0 && f.Begun > h.At.Add(-missedWithin) {
			h.Missed = append(h.Missed, HealthMissed{f.ID, f.Flow, f.Missed, f.Due, max(f.Until, f.Due), f.Reason})
		}
	}
	return err
}

// judge says what needs somebody.
func (h *Health) judge(standing, clockOff time.Duration) {
	need := func(yes bool, what string, since engine.Instant, detail string, args ...any) {
		if yes {
			h.Needs = append(h.Needs, HealthNeed{what, fmt.Sprintf(detail, args...), since})
		}
	}
	waiting := 0
	for i := range h.Accounts {
		waiting += h.Accounts[i].Waiting
	}
	waits := many(waiting, "message waits", "messages wait")
	need(h.Outbound.Killed, "killed", 0, "the kill switch is on: nothing goes out, and %s", waits)
	need(!h.Outbound.Killed && h.Outbound.Mode == engine.OutboundHold.String() && waiting > 0, "hold", 0, "the outbound mode is hold, and %s", waits)
	for i := range h.Accounts {
		a := &h.Accounts[i]
		need(a.Held && a.Since < h.At.Add(-heldLong), "account", a.Since, "nothing goes to the account %s: %s; %s", a.name(), a.Why, many(a.Waiting, "message waits", "messages wait"))
		need(len(h.Webhooks) > 0 && a.Unheard != 0 && a.Unheard < h.At.Add(-silenceLong), "webhooks", a.Unheard,
			"the account %s accepts messages, and no webhook says what became of them", a.name())
	}
	need(h.Timers.Overdue > 0, "timers", h.Timers.Oldest, "%s due longer than %s", many(h.Timers.Overdue, "timer is", "timers are"), lateTimer)
	need(standing > maxStanding, "engine", 0, "the engine has been busy with one step for %s", standing.Round(time.Second))
	need(clockOff != 0, "clock", 0, "the clock of the machine was set by %s, and time goes on here as if it had not been; set it right, or start Nudge again if it is right now", clockOff.Round(time.Second))
	need(h.Store.Full, "disk", 0, "the disk of the store is nearly full: nothing new is taken")
	need(h.Store.Damage > 0, "store", 0, "the last check of the store found %s", many(h.Store.Damage, "problem", "problems"))
	for _, m := range h.Missed {
		need(true, "schedule", m.Last, "%s did not start: %s", m.Campaign, m.Reason)
	}
	need(h.Reload.Error != "", "reload", h.Reload.At, "the project could not be reloaded: %s", h.Reload.Error)
}

// many is a number of things with the word for one of them, or for several.
func many(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + several
}

// name is the account in a sentence.
func (a *HealthAccount) name() string {
	if a.Account == "" {
		return "of nudge.yaml"
	}
	return a.Account
}

// webhookTimes are when webhooks of each channel last came.
type webhookTimes struct {
	mu    sync.Mutex
	order []string
	last  map[string]engine.Instant
}

// know notes a channel that takes webhooks.
func (t *webhookTimes) know(channel string) {
	t.order = append(t.order, channel)
}

// came notes an authentic webhook.
func (t *webhookTimes) came(channel string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[string]engine.Instant{}
	}
	t.last[channel] = engine.InstantOf(at)
}

func (t *webhookTimes) all() []HealthWebhook {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := []HealthWebhook{}
	for _, channel := range t.order {
		all = append(all, HealthWebhook{channel, t.last[channel]})
	}
	return all
}
