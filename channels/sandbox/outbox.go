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

	mu      sync.Mutex // guards the rest
	changed *sync.Cond // ready, again, flying or closed did
	lanes   map[string]*lane
	ready   queue[*lane]     // those with events, none of them on its way
	again   queue[*delivery] // those whose pause is over
	flying  int              // deliveries that workers have in hand, and holds
	events  int64            // added and not yet delivered or given up
	closed  bool
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
	o.changed = sync.NewCond(&o.mu)
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
		o.group.Go(o.work)
	}
}

// close ends the workers. What they are posting ends with the context.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.changed.Broadcast()
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
		o.changed.Signal()
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
	o.flying--
	o.changed.Broadcast()
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
		o.changed.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.ready.len()+o.again.len()+o.flying > 0 && !o.closed {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		o.changed.Wait()
	}
	return nil
}

func (o *outbox) work() {
	for d := o.take(); d != nil; d = o.take() {
		o.deliver(d)
	}
}

// take waits for the next delivery; nil when the outbox is closed.
func (o *outbox) take() *delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.closed && o.ready.len() == 0 && o.again.len() == 0 {
		o.changed.Wait()
	}
	if o.closed {
		return nil
	}
	o.flying++
	if o.again.len() > 0 {
		return o.again.pop()
	}
	d := &delivery{}
	for len(d.events) < o.batch && o.ready.len() > 0 {
		l := o.ready.pop()
		n := min(len(l.events), o.batch-len(d.events))
		d.lanes = append(d.lanes, l)
		d.events = append(d.events, l.events[:n]...)
		l.events = l.events[n:]
	}
	return d
}

// finish frees the lanes of a delivery that has ended.
func (o *outbox) finish(d *delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range d.lanes {
		if len(l.events) > 0 {
			o.ready.push(l)
			continue
		}
		l.queued = false
		delete(o.lanes, l.key)
	}
	o.events -= int64(len(d.events))
	o.flying--
	o.changed.Broadcast()
}

// wait keeps the lanes of a failed delivery until it is tried again.
func (o *outbox) wait(d *delivery, pause time.Duration) {
	o.agenda.at(o.clock.Now().Add(pause), func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.again.push(d)
		o.changed.Broadcast()
	})
	o.release()
}
