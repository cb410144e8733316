package sandbox

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// outbox delivers events to one webhook. Every person has a lane, and the head of a lane is
// delivered before the rest of it moves. This keeps a person's events in order. Each webhook
// has an outbox of its own, so a dead one does not delay another.
//
//	add ─▶ lane ─▶ ready ─▶ worker ─┬─▶ answered: the lane is ready again, or gone
//	                  again ─▶ ─┘   └─▶ failed: the agenda puts it into again
type outbox struct {
	name    string // of the webhook, for the log
	agenda  *agenda
	clock   Clock
	retries []time.Duration
	workers int
	client  *http.Client
	limit   int // events added and not yet delivered or given up; 0: its owner sees to it
	counts  *counts
	log     *slog.Logger
	group   sync.WaitGroup // the workers

	mu        sync.Mutex // guards the rest
	to        *receiver  // nil: there is no receiver, and add drops events
	work      *sync.Cond // ready or again has more, or closed: workers wait
	rest      *sync.Cond // nothing is due or flying, or closed: settle waits
	lanes     map[string]*lane
	ready     queue[*lane]     // those with events, none of them on its way
	waiting   int              // events in the lanes of ready
	again     queue[*delivery] // those whose pause is over
	flying    int              // deliveries that workers have in hand, and holds
	events    int64            // added and not yet delivered or given up
	lingering bool             // a timer will set due
	due       bool             // ready events go out even when they do not fill a batch
	closed    bool
}

// lane holds the events of one person that are not on their way, in order.
type lane struct {
	key    string
	events []*event
	state  laneState
}

// laneState is where a lane is.
type laneState uint8

const (
	laneIdle   laneState = iota // it has no events
	laneReady                   // it is in ready
	laneFlying                  // its head is on its way
)

// delivery is one webhook, from its first attempt to its last.
type delivery struct {
	lanes    []*lane // held until it ends
	events   []*event
	attempts int
}

// newOutbox is an outbox whose retries, workers and clock are those of a config.
func newOutbox(name string, c Config, a *agenda, n *counts, limit int) *outbox {
	o := &outbox{
		name: name, agenda: a, clock: c.Clock, retries: c.Retries, workers: c.Workers, client: newClient(c),
		limit: limit, counts: n, log: c.Log, lanes: map[string]*lane{},
	}
	o.work, o.rest = sync.NewCond(&o.mu), sync.NewCond(&o.mu)
	return o
}

// start starts the workers, which close ends.
func (o *outbox) start() {
	for range o.workers {
		o.group.Go(o.run)
	}
}

// aim says where everything goes from here on.
func (o *outbox) aim(to *receiver) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = to
	o.work.Broadcast() // the new batch may be full already
}

// close stops the workers and drops the remaining events. Requests on their way end with the
// receiver's context.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.work.Broadcast()
	o.rest.Broadcast()
	o.mu.Unlock()
	o.group.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lanes, o.ready, o.again, o.waiting, o.events = nil, queue[*lane]{}, queue[*delivery]{}, 0, 0
	if o.to != nil {
		o.to.client.CloseIdleConnections()
	}
}

// add queues an event behind the others of its lane. It drops the event and returns false when
// there is no receiver, after close, and above the limit.
func (o *outbox) add(key string, e *event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.to == nil || o.closed {
		return false
	}
	if o.limit > 0 && o.events >= int64(o.limit) {
		o.counts.lost.Add(1)
		return false
	}
	l := o.lanes[key]
	if l == nil {
		l = &lane{key: key}
		o.lanes[key] = l
	}
	l.events = append(l.events, e)
	o.events++
	switch l.state {
	case laneIdle:
		o.queue(l)
	case laneReady:
		o.waiting++
		o.linger()
	case laneFlying: // it is queued when that has landed
	}
	return true
}

// queue makes a lane with events ready. The caller holds the lock.
func (o *outbox) queue(l *lane) {
	l.state = laneReady
	o.waiting += len(l.events)
	o.ready.push(l)
	o.linger()
}

// linger wakes a worker when there is enough for a webhook. Otherwise it makes sure that a
// smaller webhook goes out in time. The caller holds the lock.
func (o *outbox) linger() {
	if o.ripe() {
		o.work.Signal()
		return
	}
	if o.lingering {
		return
	}
	o.lingering = true
	o.agenda.at(o.clock.Now().Add(o.to.linger), func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.lingering, o.due = false, o.ready.len() > 0
		o.work.Broadcast()
	})
}

// ripe reports that a worker should take from ready. The caller holds the lock.
func (o *outbox) ripe() bool {
	return o.ready.len() > 0 && (o.to.linger == 0 || o.due || o.waiting >= o.to.batch)
}

// hold keeps settle waiting until release, for events that are about to be added.
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
func (o *outbox) resting() bool { return !o.ripe() && o.again.len()+o.flying == 0 }
