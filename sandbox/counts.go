package sandbox

import "sync/atomic"

// Stats counts what a sandbox has done since it was made.
type Stats struct {
	Requests  int64 `json:"requests"`  // to send, one by one or in batches
	Accepted  int64 `json:"accepted"`  // messages taken, in all; see Kept
	Refused   int64 `json:"refused"`   // requests to send that were answered with an error
	Faulted   int64 `json:"faulted"`   // requests to the API that Faults answered, or left unanswered
	Delivered int64 `json:"delivered"` // times a message was said to be delivered
	Read      int64 `json:"read"`      // times a message was said to be read
	Failed    int64 `json:"failed"`    // times a message was said to have failed
	Expired   int64 `json:"expired"`   // times a message was said to have expired
	Replies   int64 `json:"replies"`   // messages of people
	Kept      int64 `json:"kept"`      // messages that can be looked at, replies included
	Posted    int64 `json:"posted"`    // events delivered by webhook, once per webhook
	Retried   int64 `json:"retried"`   // attempts to post that will be followed by another
	Lost      int64 `json:"lost"`      // events given up: answered 400, the last attempt failed, or a queue was full
	Pending   int64 `json:"pending"`   // acts still to come and events still to be delivered
}

// counts are the counters behind Stats.
type counts struct {
	requests, accepted, refused, faulted      atomic.Int64
	delivered, read, failed, expired, replies atomic.Int64
	posted, retried, lost                     atomic.Int64
}

// status counts a status of a message.
func (c *counts) status(status string) {
	switch status {
	case "delivered":
		c.delivered.Add(1)
	case "read":
		c.read.Add(1)
	case "failed":
		c.failed.Add(1)
	case "expired":
		c.expired.Add(1)
	}
}

// Stats returns the counters so far. Its numbers are read one by one.
func (s *Sandbox) Stats() Stats {
	s.mu.Lock()
	kept := int64(len(s.store.all()))
	pending := s.planned.Load() + s.hooks.main.outbox.length()
	for _, h := range s.hooks.registered {
		pending += h.outbox.length()
	}
	s.mu.Unlock()
	c := &s.counts
	return Stats{
		Requests: c.requests.Load(), Accepted: c.accepted.Load(), Refused: c.refused.Load(), Faulted: c.faulted.Load(),
		Delivered: c.delivered.Load(), Read: c.read.Load(), Failed: c.failed.Load(), Expired: c.expired.Load(),
		Replies: c.replies.Load(), Kept: kept,
		Posted: c.posted.Load(), Retried: c.retried.Load(), Lost: c.lost.Load(), Pending: pending,
	}
}

// pending is the number of acts and events still to happen; above [Config].Pending sends are
// answered 503. Registered webhooks do not count: a dead one must not stop sends, and its
// queue has a limit of its own.
func (s *Sandbox) pending() int64 { return s.planned.Load() + s.hooks.main.outbox.length() }
