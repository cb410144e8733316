package sandbox

import "time"

// Fault is what goes wrong with one message, for tests of a client. The zero
// Fault is that nothing does. For what goes wrong by chance see [Faults].
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

// FailNext answers the next n requests to send with status, whatever they hold.
// It replaces what an earlier call left.
func (s *Sandbox) FailNext(n, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures, s.failWith = n, status
}

// takeFailure uses up one of what FailNext asked for; 0 is none.
func (s *Sandbox) takeFailure() (status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures <= 0 {
		return 0
	}
	s.failures--
	return s.failWith
}
