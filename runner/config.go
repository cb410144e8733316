package runner

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/lang/trace"
)

const (
	// defaultQueue is how many requests of one class may wait: events (an array counts once),
	// receipts and replies, or commands; one more is refused with 429, a webhook with 503.
	defaultQueue  = 4096
	maxQueue      = 1 << 20          // the largest Config.Queue; a larger one is an error of New
	defaultCommit = 1024             // inputs in one commit; more go into the next one, except that a request is never divided
	maxCommit     = 1 << 16          // the largest Config.Batch; a larger one is an error of New
	defaultGrace  = 10 * time.Second // how long posts under way may still take when the server stops; then their outcomes are unknown
)

// Config says how a runner works. The zero value of each field has the meaning that
// its comment gives.
type Config struct {
	Channel   channels.Channel      // carries the messages of a single account; or Accounts
	Accounts  []Account             // the first carries the messages that name none
	Fetcher   Fetcher               // asks HTTP services for fetch steps; nil: every fetch fails
	Audiences Audiences             // of campaigns; nil: every campaign fails
	Links     Links                 // of messages to people's preferences; nil: a message that has one is refused
	Clock     Clock                 // nil: the real clock
	Senders   int                   // of the single account, as Account has it
	Queue     int                   // inputs of each class that may wait; 0: 4096
	Batch     int                   // inputs in one commit, a group more or less; 0: 1024
	Endpoints []Endpoint            // other systems that get notices of what happens; none: nothing is kept for any
	Noticed   func()                // called after a commit with something to tell them; must not block; nil: nobody wants to know
	Retention Retention             // how long what is over is kept; zero: for good
	Grace     time.Duration         // how long posts under way may take at shutdown; 0: 10 s of real time
	Log       *slog.Logger          // nil: nothing is logged
	Registry  prometheus.Registerer // nil: metrics are kept but not registered
	Tracer    trace.Tracer          // records posts and fetches; nil: nothing is recorded, and traces are passed on
}

func (c Config) withDefaults() (Config, error) {
	if err := c.accounts(); err != nil {
		return c, err
	}
	for _, n := range []struct {
		name  string
		value *int
		usual int
		most  int
	}{
		{"Queue", &c.Queue, defaultQueue, maxQueue},
		{"Batch", &c.Batch, defaultCommit, maxCommit},
	} {
		if *n.value == 0 {
			*n.value = n.usual
		}
		if *n.value < 1 || *n.value > n.most {
			return c, fmt.Errorf("runner: Config.%s is %d, must be 1 to %d", n.name, *n.value, n.most)
		}
	}
	if c.Clock == nil {
		c.Clock = RealClock()
	}
	if c.Grace == 0 {
		c.Grace = defaultGrace
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	return c, nil
}

// accounts gives every account its defaults.
func (c *Config) accounts() error {
	if len(c.Accounts) == 0 {
		c.Accounts = []Account{{Channel: c.Channel, Senders: c.Senders}}
	} else if c.Channel != nil || c.Senders != 0 {
		return errors.New("runner: Config.Channel and Config.Senders are for a single account, and there are Config.Accounts")
	}
	all := make([]Account, len(c.Accounts))
	for i, a := range c.Accounts {
		if slices.ContainsFunc(all[:i], func(b Account) bool { return a.Name == b.Name }) {
			return fmt.Errorf("runner: there are two accounts %q", a.Name)
		}
		var err error
		if all[i], err = a.withDefaults(); err != nil {
			return err
		}
	}
	c.Accounts = all
	return nil
}
