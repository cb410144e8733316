package sandbox

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// outbox delivers events by webhook. Every person has a lane; the head of a lane
// is delivered before the rest of it moves, which is what keeps a person's events
// in order.
//
//	add ─▶ lane ─▶ ready ─▶ worker ─┬─▶ answered: the lane is ready again, or gone
//	                  again ─▶ ─┘   └─▶ failed: the agenda puts it into again
type outbox struct {
	post    *poster
	agenda  *agenda
	clock   Clock
	retries []time.Duration
	batch   int
	workers int
	counts  *counts
	log     *slog.Logger
	group   sync.WaitGroup // the workers

	mu     sync.Mutex // guards the rest
	work   *sync.Cond // ready or again has more, or closed: workers wait
	rest   *sync.Cond // nothing is due or flying, or closed: settle waits
	lanes  map[string]*lane
	ready  queue[*lane]     // those with events, none of them on its way
	again  queue[*delivery] // those whose pause is over
	flying int              // deliveries that workers have in hand, and holds
	events int64            // added and not yet delivered or given up
	closed bool
}

// lane holds the events of one person that are not on their way, in order.
type lane struct {
	key    string
	events []*event
	queued bool // it is ready, or its head is on its way
}

// delivery is one webhook, from its first attempt to its last.
type delivery struct {
	lanes    []*lane // held until it ends
	events   []*event
	body     []byte
	attempts int
}

func newOutbox(ctx context.Context, c Config, a *agenda, n *counts) *outbox {
	o := &outbox{
		agenda: a, clock: c.Clock, retries: c.Retries, batch: c.Batch, workers: c.Workers,
		counts: n, log: c.Log, lanes: map[string]*lane{},
	}
	o.work, o.rest = sync.NewCond(&o.mu), sync.NewCond(&o.mu)
	if c.WebhookURL != "" {
		o.post = newPoster(ctx, c)
	}
	return o
}

// start starts the workers, which close ends.
func (o *outbox) start() {
	if o.post == nil {
		return
	}
	for range o.workers {
		o.group.Go(o.run)
	}
}

// close ends the workers. What they are posting ends with the context.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.work.Broadcast()
	o.rest.Broadcast()
	o.mu.Unlock()
	o.group.Wait()
	if o.post != nil {
		o.post.client.CloseIdleConnections()
	}
}

// add queues an event behind the others of its lane. Without a receiver, and
// after close, it is dropped, which add reports as false.
func (o *outbox) add(key string, e *event) bool {
	if o.post == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	l := o.lanes[key]
	if l == nil {
		l = &lane{key: key}
		o.lanes[key] = l
	}
	l.events = append(l.events, e)
	o.events++
	if !l.queued {
		l.queued = true
		o.ready.push(l)
		o.work.Signal()
	}
	return true
}

// hold keeps settle waiting until release, for what is about to be added.
func (o *outbox) hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flying++
}

func (o *outbox) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.landed()
}

func (o *outbox) length() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.events
}

// settle waits until nothing is due and nothing is on its way.
func (o *outbox) settle(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.rest.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.resting() && !o.closed {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		o.rest.Wait()
	}
	return nil
}

// resting reports that nothing is due and nothing on its way. The caller holds
// the lock.
func (o *outbox) resting() bool { return o.ready.len()+o.again.len()+o.flying == 0 }
