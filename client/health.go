package client

import "context"

// Health says what stops messages, and what the process is doing.
type Health struct {
	At         Time              `json:"at"`               // of the engine's clock
	Started    Time              `json:"started,omitzero"` // when the process began
	Needs      []HealthNeed      `json:"needs"`            // what needs somebody; empty: nothing does
	Outbound   HealthOutbound    `json:"outbound"`
	Accounts   []HealthAccount   `json:"accounts"` // since the start
	Webhooks   []HealthWebhook   `json:"webhooks"` // the channels that take them, since the start
	Queues     HealthQueues      `json:"queues"`
	Timers     HealthTimers      `json:"timers"`
	Store      HealthStore       `json:"store"`
	Missed     []HealthMissed    `json:"missed"`               // times of schedules within 24 hours at which nothing started, newest first
	Migrations *HealthMigrations `json:"migrations,omitempty"` // runs that are being moved to new versions; nil: none are
	Reload     HealthReload      `json:"reload"`
}

// HealthNeed is something that needs somebody.
type HealthNeed struct {
	What   string `json:"what"` // killed, hold, account, webhooks, timers, engine, disk, store, schedule or reload
	Detail string `json:"detail"`
	Since  Time   `json:"since,omitzero"`
}

// HealthOutbound is what may go out.
type HealthOutbound struct {
	Mode   string `json:"mode"`           // live, hold or only
	Only   int    `json:"only,omitempty"` // how many people the mode only lets through
	Killed bool   `json:"killed"`
}

// HealthAccount is how an account of the provider stands.
type HealthAccount struct {
	Account string `json:"account"` // empty for the only one
	Held    bool   `json:"held"`    // nothing goes to it, because of its provider
	Since   Time   `json:"since,omitzero"`
	Why     string `json:"why,omitempty"`
	Next    Time   `json:"next,omitzero"`    // when the next message may go to it
	Waiting int    `json:"waiting"`          // planned messages that are not yet handed to it
	Posted  Time   `json:"posted,omitzero"`  // when it last accepted a message
	Heard   Time   `json:"heard,omitzero"`   // when a webhook last had news of one of its messages
	Unheard Time   `json:"unheard,omitzero"` // when it accepted the first message after that
}

// HealthWebhook is when webhooks of a channel last came, whatever they had.
type HealthWebhook struct {
	Channel string `json:"channel"`
	Heard   Time   `json:"heard,omitzero"` // of the machine's clock
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
	Overdue int  `json:"overdue"`        // by more than a minute
	More    bool `json:"more,omitempty"` // there are more than were counted
	Oldest  Time `json:"oldest,omitzero"`
}

// HealthStore is the file of the store and the disk below it.
type HealthStore struct {
	FileBytes int64  `json:"file_bytes"`
	FreeBytes int64  `json:"free_bytes"`           // of the file, in which nothing is
	DiskBytes *int64 `json:"disk_bytes,omitempty"` // that may still be written to the disk; nil: the system does not say
	DiskLeast int64  `json:"disk_least"`           // with less, nothing new is taken
	Full      bool   `json:"full"`                 // nothing new is taken
	Damage    int    `json:"damage"`               // problems that the last whole check found
}

// HealthMissed are times of a schedule at which nothing started.
type HealthMissed struct {
	Campaign string `json:"campaign"`
	Flow     string `json:"flow"`
	Times    int    `json:"times"`
	First    Time   `json:"first"`
	Last     Time   `json:"last"`
	Reason   string `json:"reason"`
}

// HealthMigrations are runs that are being moved to new versions.
type HealthMigrations struct {
	Since   Time `json:"since"`
	Offered int  `json:"offered"` // runs that were offered to their new version
}

// HealthReload is the last time that the project was read.
type HealthReload struct {
	At    Time   `json:"at,omitzero"`
	Error string `json:"error,omitempty"` // why it could not be used: the flows of before are active
}

// Health returns what stops messages, and whether something needs somebody.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	h := &Health{}
	return h, c.get(ctx, "/v1/health", nil, h)
}
