package sandbox

import "sync/atomic"

// Stats is what a sandbox has done since it was made.
type Stats struct {
	Accepted int64 `json:"accepted"` // messages taken
	Refused  int64 `json:"refused"`  // requests to send that were answered with an error
	Posted   int64 `json:"posted"`   // events delivered by webhook
	Retried  int64 `json:"retried"`  // attempts to post that will be followed by another
	Lost     int64 `json:"lost"`     // events given up: answered 400, or the last attempt failed
	Pending  int64 `json:"pending"`  // acts still to come and events still to be delivered
}

// counts are the counters behind Stats.
type counts struct {
	accepted, refused, posted, retried, lost atomic.Int64
}

// Stats is what the sandbox has done so far. Its numbers are read one by one.
func (s *Sandbox) Stats() Stats {
	return Stats{
		Accepted: s.counts.accepted.Load(),
		Refused:  s.counts.refused.Load(),
		Posted:   s.counts.posted.Load(),
		Retried:  s.counts.retried.Load(),
		Lost:     s.counts.lost.Load(),
		Pending:  s.pending(),
	}
}

// pending is everything that is still to happen.
func (s *Sandbox) pending() int64 { return s.planned.Load() + s.outbox.length() }
