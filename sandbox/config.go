package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"time"

	"nudge/sandbox/people"
	"nudge/sandbox/session"
)

// Limits that a [Config] of zeros has.
const (
	defaultWorkers = 16      // webhooks posted at once; more wait
	DefaultKeep    = 100_000 // messages kept, the newest; older ones are only counted
	DefaultPending = 250_000 // things still to happen; until there are fewer, sends are answered 503
)

// MaxKeptBytes is how many bytes of requests are kept with their messages; the oldest messages
// give way, even before Config.Keep is reached.
const MaxKeptBytes = 256 << 20

// DefaultRetries is the provider's published schedule: the pauses after the
// first, second, … failed attempt to post a webhook, about a day in all
// (Dotdigital, "Webhooks"). The slice is the caller's.
func DefaultRetries() []time.Duration {
	const s, m, h = time.Second, time.Minute, time.Hour
	return []time.Duration{
		5 * s, 5 * s, 30 * s, 30 * s, 1 * m, 2 * m, 5 * m, 10 * m, 15 * m, 30 * m,
		1 * h, 2 * h, 4 * h, 4 * h, 4 * h, 4 * h, 4 * h,
	}
}

// Config configures a sandbox. The zero Config is a service that takes messages from anybody
// and posts no webhooks.
type Config struct {
	// Token is the access token that is accepted, as Bearer or as the password of
	// HTTP Basic. Empty accepts any, but some Authorization is always required.
	Token string

	// User, when not empty, is the one user that is accepted, by HTTP Basic only.
	User string

	// Auth is how apps prove the identity of their user. Empty fields come from
	// [session.DefaultAuth].
	Auth session.Auth

	// WebhookURL receives the webhooks; empty for none. Secret signs them.
	WebhookURL string
	Secret     string

	// Dial connects to where webhooks go; nil is the network of the machine.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Batch is the most events in one webhook. At 0 or 1 each event is posted as one object.
	// Above, ready events are posted together, always as an array.
	Batch int

	// Retries are the pauses between attempts; nil means DefaultRetries, and an
	// empty slice that there is one attempt.
	Retries []time.Duration

	// People returns what a person does with a message, which has no ID yet. Nil gives everybody
	// DefaultScript. It is called once per message, from many goroutines.
	People func(Message) people.Script

	// Fault decides what goes wrong with a message; nil means nothing. It is called once per
	// message, from many goroutines, before the message is accepted.
	Fault func(Message) Fault

	// Faults are the faults by chance at the start; see [Sandbox.SetFaults].
	Faults people.Faults

	// File keeps messages, conversations, profiles, sessions and webhooks over a restart. It is written
	// about once a second. Empty: memory only.
	File string

	// Clock is the time of people and retries; nil is the real one.
	Clock Clock

	// Seed makes the IDs of messages and events repeatable; 0 means random ones.
	Seed uint64

	// Workers, Keep and Pending default to the constants above; see there.
	Workers, Keep, Pending int

	// Log gets webhooks that are retried (debug) and given up (warn); nil is none.
	Log *slog.Logger
}

func (c Config) validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{{"Batch", c.Batch}, {"Workers", c.Workers}, {"Keep", c.Keep}, {"Pending", c.Pending}} {
		if f.value < 0 {
			return fmt.Errorf("sandbox: %s %d is negative; want 0 for the default, or more",
				f.name, f.value)
		}
	}
	if slices.ContainsFunc(c.Retries, func(d time.Duration) bool { return d < 0 }) {
		return fmt.Errorf("sandbox: Retries %v has a negative pause", c.Retries)
	}
	if !c.Faults.Valid() {
		return fmt.Errorf("sandbox: Faults %+v: want rates from 0 to 1 and statuses from 400 to 599", c.Faults)
	}
	if c.WebhookURL == "" {
		return nil
	}
	u, err := url.Parse(c.WebhookURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("sandbox: WebhookURL is not a URL; " +
			"want one like http://localhost:8080/webhooks/comapi")
	}
	if c.Secret == "" {
		return errors.New("sandbox: Secret is empty; webhooks are always signed, so want any text")
	}
	return nil
}

// complete fills in the defaults.
func (c Config) complete() Config {
	c.Batch = max(1, c.Batch)
	c.Workers = cmp.Or(c.Workers, defaultWorkers)
	c.Keep = cmp.Or(c.Keep, DefaultKeep)
	c.Pending = cmp.Or(c.Pending, DefaultPending)
	if c.Retries == nil {
		c.Retries = DefaultRetries()
	}
	if c.Clock == nil {
		c.Clock = realClock{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.People == nil {
		script := people.DefaultScript()
		c.People = func(Message) people.Script { return script }
	}
	if c.Fault == nil {
		c.Fault = func(Message) Fault { return Fault{} }
	}
	return c
}
