package sandbox

import "time"

// run is a worker, until the outbox is closed.
func (o *outbox) run() {
	for d := o.take(); d != nil; d = o.take() {
		o.deliver(d)
	}
}

// take waits for the next delivery; nil when the outbox is closed.
func (o *outbox) take() *delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.closed && !o.ripe() && o.again.len() == 0 {
		o.work.Wait()
	}
	if o.closed {
		return nil
	}
	o.flying++
	if o.again.len() > 0 {
		return o.again.pop()
	}
	d := &delivery{}
	for len(d.events) < o.to.batch && o.ready.len() > 0 {
		l := o.ready.pop()
		n := min(len(l.events), o.to.batch-len(d.events))
		l.state = laneFlying
		o.waiting -= len(l.events)
		d.lanes = append(d.lanes, l)
		d.events = append(d.events, l.events[:n]...)
		l.events = l.events[n:]
	}
	o.due = o.due && o.ready.len() > 0
	return d
}

// landed is one less that is flying. The caller holds the lock.
func (o *outbox) landed() {
	if o.flying--; o.resting() {
		o.rest.Broadcast()
	}
}

// finish frees the lanes of a delivery that has ended.
func (o *outbox) finish(d *delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range d.lanes {
		if len(l.events) > 0 {
			o.queue(l)
			continue
		}
		delete(o.lanes, l.key)
	}
	o.events -= int64(len(d.events))
	o.landed()
}

// wait keeps the lanes of a failed delivery until it is tried again.
func (o *outbox) wait(d *delivery, pause time.Duration) {
	o.agenda.at(o.clock.Now().Add(pause), func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.again.push(d)
		o.work.Signal()
	})
	o.release()
}

// receiver is where the deliveries of an outbox go at the moment.
func (o *outbox) receiver() *receiver {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to
}
