package sandbox

import (
	"net/http"
	"slices"
)

// deliver makes one attempt at a delivery and decides what follows:
//
//	2xx                   delivered
//	400                   given up: the receiver will never take it
//	anything else, none   tried again after the next pause, given up after the last
func (o *outbox) deliver(d *delivery) {
	to := o.receiver()
	body, err := encode(d.events, to.array)
	if err != nil {
		o.giveUp(d, 0, err)
		return
	}
	status, err := to.post(body)
	if err == nil && slices.ContainsFunc(d.events, isDuplicated) {
		status, err = to.post(body)
	}
	if d.attempts++; d.attempts == 1 {
		for _, e := range d.events {
			e.wasAttempted()
		}
	}
	switch {
	case err == nil && status >= 200 && status < 300:
		o.counts.posted.Add(int64(len(d.events)))
		o.finish(d)
	case status == http.StatusBadRequest || d.attempts > len(o.retries):
		o.giveUp(d, status, err)
	default:
		pause := o.retries[d.attempts-1]
		o.counts.retried.Add(1)
		o.log.Debug("retrying webhook", "webhook", o.name, "event", d.events[0].id,
			"events", len(d.events), "status", status, "error", err, "attempt", d.attempts, "pause", pause)
		o.wait(d, pause)
	}
}

func (o *outbox) giveUp(d *delivery, status int, err error) {
	o.counts.lost.Add(int64(len(d.events)))
	o.log.Warn("webhook given up", "webhook", o.name, "event", d.events[0].id,
		"events", len(d.events), "status", status, "error", err, "attempts", d.attempts)
	o.finish(d)
}

func isDuplicated(e *event) bool { return e.duplicate }
