package sandbox

import "time"

// Fault is what goes wrong with one message, for tests of a client. With the zero Fault
// nothing does. [people.Faults] are faults by chance.
type Fault struct {
	Status        int           // answer with this status and do not take the message; 0 takes it
	RetryAfter    int           // seconds, sent as Retry-After beside Status; 0 sends none
	DropResponse  bool          // take the message, then close the connection without an answer
	WebhooksFirst bool          // answer only after message.sent was posted and answered
	Duplicate     bool          // post every webhook about it twice
	Unordered     bool          // do not keep its webhooks in order with each other or the person's others
	LoseWebhooks  bool          // post no webhook about it
	OmitMetadata  bool          // leave its metadata out of its webhooks
	Withhold      time.Duration // keep every webhook about it for this long, which others overtake
}

// FailNext answers the next n requests to send with status, whatever they contain. It replaces
// the failures that are left of an earlier call.
func (s *Sandbox) FailNext(n, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures, s.failWith = n, status
}

// takeFailure uses up one failure of FailNext. It returns 0 when none is left.
func (s *Sandbox) takeFailure() (status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures <= 0 {
		return 0
	}
	s.failures--
	return s.failWith
}
