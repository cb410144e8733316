package sandbox

import (
	"context"
	"slices"
	"time"
)

// hook is a webhook with its queue: the one of the configuration, or one that was
// registered by the API. Topics and document are guarded by the sandbox's lock.
type hook struct {
	Webhook
	space   string // API space it was registered in; only its events are posted
	every   bool   // it gets the events of every space
	topics  topics
	outbox  *outbox
	cut     context.CancelFunc // ends its requests
	deleted time.Time          // zero: it is at work
}

// wants reports whether an event is for this webhook.
func (h *hook) wants(e *event) bool {
	return h.topics.has(e.topic) && h.deleted.IsZero() && (h.every || h.space == e.of.space)
}

// hooks are all webhooks. The sandbox's lock guards them.
type hooks struct {
	main       *hook // the configured one, which gets events of messages only
	registered []*hook
	topics     topics // that somebody wants
	revision   int    // counts changes of the registered ones
}

// changed recomputes which topics are wanted.
func (h *hooks) changed() {
	h.revision++
	h.topics = h.main.topics
	for _, x := range h.registered {
		if x.deleted.IsZero() {
			h.topics |= x.topics
		}
	}
}

// find is a registered webhook by its ID, or nil.
func (h *hooks) find(space, id string) *hook {
	i := slices.IndexFunc(h.registered, func(x *hook) bool {
		return x.ID == id && x.space == space && x.deleted.IsZero()
	})
	if i < 0 {
		return nil
	}
	return h.registered[i]
}

// close ends all deliveries.
func (h *hooks) close() {
	for _, x := range append([]*hook{h.main}, h.registered...) {
		x.cut()
		x.outbox.close()
	}
}

// newMain is the webhook of the configuration. Without a URL it wants nothing.
func (s *Sandbox) newMain() *hook {
	ctx, cut := context.WithCancel(s.closing)
	c := s.config
	h := &hook{every: true, outbox: newOutbox("configured", c, s.agenda, &s.counts, 0), cut: cut}
	if c.WebhookURL == "" {
		return h
	}
	h.topics = messageTopics
	h.outbox.aim(&receiver{
		ctx: ctx, url: c.WebhookURL, secret: []byte(c.Secret), batch: c.Batch, array: c.Batch > 1,
		client: h.outbox.client,
	})
	h.outbox.start()
	return h
}

// newHook is a registered webhook, at work. The caller holds the lock.
func (s *Sandbox) newHook(space string, w Webhook) *hook {
	ctx, cut := context.WithCancel(s.closing)
	h := &hook{space: space, outbox: newOutbox(w.Name, s.config, s.agenda, &s.counts, MaxQueued), cut: cut}
	h.set(ctx, w)
	h.outbox.start()
	return h
}

// set gives a webhook a new document. The caller holds the lock.
func (h *hook) set(ctx context.Context, w Webhook) {
	h.Webhook, h.topics = w, w.topics()
	to := &receiver{ctx: ctx, url: w.URL, secret: []byte(w.Secret), batch: 1, client: h.outbox.client}
	if w.Batch {
		to.array, to.batch, to.linger = true, w.MaxBatchSize, time.Duration(w.BatchTimeout)*time.Second
	}
	h.outbox.aim(to)
}

// post hands an event to the webhooks that want it, at once or after the delay of its fault.
// The caller holds the lock, so events of one person arrive in the order in which they
// happened.
func (s *Sandbox) post(e *event, f Fault) {
	if !s.hooks.topics.has(e.topic) {
		e.wasAttempted()
		return
	}
	f = s.faulty(f)
	e.id, e.duplicate, e.bare = s.newID(), f.Duplicate, f.OmitMetadata
	lane := e.of.Profile
	if f.Unordered {
		lane = "event " + e.id // of its own
	}
	if f.LoseWebhooks {
		e.wasAttempted()
		return
	}
	if f.Withhold <= 0 {
		s.hand(lane, e)
		return
	}
	s.planned.Add(1)
	if !s.agenda.at(s.config.Clock.Now().Add(f.Withhold), func() {
		defer s.planned.Add(-1)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hand("event "+e.id, e)
	}) {
		s.planned.Add(-1)
		e.wasAttempted()
	}
}

// hand queues an event at the webhooks that want it. A request that waits for an attempt waits
// for the configured webhook. The caller holds the lock.
func (s *Sandbox) hand(lane string, e *event) {
	for _, h := range s.hooks.registered {
		if h.wants(e) {
			same := *e
			same.attempted = nil
			h.outbox.add(lane, &same)
		}
	}
	if !s.hooks.main.wants(e) || !s.hooks.main.outbox.add(lane, e) {
		e.wasAttempted()
	}
}
