package sandbox

import (
	"fmt"
	"math"
	"net/url"
	"time"
)

// Limits of registered webhooks. The provider documents three of them: a secret of 16
// characters, and 500 events and 60 seconds for a batch (Dotdigital, webhook API).
const (
	MaxWebhooks     = 32      // webhooks registered at a time; one more is answered 409
	maxDeleted      = 100     // deleted webhooks that are remembered, the newest; older ones are forgotten
	MaxQueued       = 100_000 // events waiting for one registered webhook; further ones are lost, and counted
	maxWebhookBatch = 500     // the largest `maxBatchSize` of a registered webhook; a larger one is answered 400
	maxBatchTimeout = 60      // the largest `batchTimeout` of a registered webhook, in seconds; a larger one is answered 400
	MinSecret       = 16      // characters of the secret of a registered webhook; a shorter one is answered 400
)

// Defaults of a batched webhook.
const (
	defaultWebhookBatch = 100 // events in one webhook, or `maxBatchSize`; further ones go into the next
	defaultBatchTimeout = 1   // seconds until an incomplete batch is sent, or `batchTimeout`; then it goes out as it is
)

// Webhook is a webhook as the API shows it.
type Webhook struct {
	ID            string         `json:"id"`
	Name          string         `json:"name"`
	URL           string         `json:"url"`
	Secret        string         `json:"secret,omitempty"`
	Subscriptions []Subscription `json:"subscriptions,omitempty"` // none: to everything
	Batch         bool           `json:"batch"`
	MaxBatchSize  int            `json:"maxBatchSize,omitempty"` // events, when batched
	BatchTimeout  int            `json:"batchTimeout,omitempty"` // seconds, when batched
	Deleted       bool           `json:"isDeleted,omitempty"`

	revision int
	updated  time.Time
}

// Subscription is a kind of event that a webhook wants.
type Subscription struct {
	Type    string   `json:"type"`
	Filters []Filter `json:"filters,omitempty"` // all of them must hold
}

// Filter keeps the events that have a value. The one filter there is is channel.
type Filter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// unset is a number that a document did not give.
const unset = math.MinInt

// parseWebhook reads a webhook and everything that is wrong with it.
func parseWebhook(raw []byte) (Webhook, failures) {
	w := Webhook{MaxBatchSize: unset, BatchTimeout: unset}
	if f := decode(raw, &w); len(f) > 0 {
		return Webhook{}, f
	}
	w.ID, w.Deleted = "", false
	var f failures
	w.MaxBatchSize = f.number("maxBatchSize", w.MaxBatchSize, maxWebhookBatch, w.Batch, defaultWebhookBatch)
	w.BatchTimeout = f.number("batchTimeout", w.BatchTimeout, maxBatchTimeout, w.Batch, defaultBatchTimeout)
	f.add(w.Name == "", "name", "is required")
	u, err := url.Parse(w.URL)
	f.add(w.URL == "", "url", "is required")
	f.add(w.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == ""), "url",
		"is not an http or https address")
	f.add(w.Secret != "" && len(w.Secret) < MinSecret, "secret", fmt.Sprintf("has fewer than %d characters", MinSecret))
	for i, s := range w.Subscriptions {
		at := fmt.Sprintf("subscriptions[%d]", i)
		about, known := topicOf(s.Type)
		f.add(!known, at+".type", "is not an event of this service; see availableevents")
		for j, x := range s.Filters {
			f.add(!known || x.Name != "channel" || !about.ofMessage(), fmt.Sprintf("%s.filters[%d].name", at, j),
				"is not a filter of this event; see availableevents")
		}
	}
	return w, f
}

// number checks a number from 1 to most. One that was not given is the usual one where
// it is needed.
func (f *failures) number(name string, given, most int, needed bool, usual int) int {
	switch {
	case given == unset && needed:
		return usual
	case given == unset:
		return 0
	}
	f.add(given < 1 || given > most, name, fmt.Sprintf("want 1 to %d", most))
	return given
}

// topics are the topics of the subscriptions. A filter for another channel matches nothing,
// because there is only one channel.
func (w Webhook) topics() topics {
	if len(w.Subscriptions) == 0 {
		return allTopics
	}
	var all topics
	for _, s := range w.Subscriptions {
		about, ok := topicOf(s.Type)
		for _, f := range s.Filters {
			ok = ok && f.Value == channelID
		}
		if ok {
			all |= 1 << about
		}
	}
	return all
}

// etag is an entity tag as the provider's look: quoted, of a revision and an ID.
func etag(revision int, id string) string {
	return fmt.Sprintf(`"%x-%s"`, revision, id[:min(8, len(id))])
}
