package sandbox

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"nudge/sandbox/people"
)

// chance is people.Faults at work.
type chance struct {
	people.Faults
	requests, events atomic.Uint64 // so far
}

// SetFaults replaces the faults by chance and starts counting again.
func (s *Sandbox) SetFaults(f people.Faults) { s.chance.Store(&chance{Faults: f}) }

// Faults returns the current faults by chance.
func (s *Sandbox) Faults() people.Faults { return s.chance.Load().Faults }

// request returns what happens to the next request to the API.
func (c *chance) request() people.RequestFault {
	if !c.OfRequests() {
		return people.RequestFault{}
	}
	return c.Request(c.requests.Add(1))
}

// faulty returns what happens to the next event, added to the fault of its message.
func (s *Sandbox) faulty(f Fault) Fault {
	c := s.chance.Load()
	if !c.OfEvents() {
		return f
	}
	e := c.Event(c.events.Add(1))
	f.Duplicate = e.Duplicate || f.Duplicate
	f.Withhold = max(f.Withhold, e.Withhold)
	f.LoseWebhooks = e.Lose || f.LoseWebhooks
	f.OmitMetadata = e.Omit || f.OmitMetadata
	return f
}

// misbehaving passes requests on, except those to which a fault happens first.
func (s *Sandbox) misbehaving(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := s.chance.Load().request()
		if f.Latency > 0 && !s.pause(r, f.Latency) {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		switch {
		case f.Status != 0:
			s.counts.faulted.Add(1)
			answerFault(w, Fault{Status: f.Status, RetryAfter: retryAfter(f.Status)})
		case f.Drop:
			s.counts.faulted.Add(1)
			next(&unanswered{header: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		default:
			next(w, r)
		}
	}
}

// retryAfter is the Retry-After of a status by chance, in seconds; 0 for none.
func retryAfter(status int) int {
	if status == http.StatusTooManyRequests {
		return 1
	}
	return 0
}

// pause lets time pass on the sandbox's clock; false when the client or the service
// leaves before.
func (s *Sandbox) pause(r *http.Request, d time.Duration) bool {
	over := make(chan struct{})
	stop := s.config.Clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return true
	case <-r.Context().Done():
	case <-s.closing.Done():
	}
	return false
}

func answerFault(w http.ResponseWriter, f Fault) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	answerError(w, f.Status, "a fault on demand")
}

// unanswered is a response that nobody gets.
type unanswered struct{ header http.Header }

func (u *unanswered) Header() http.Header         { return u.header }
func (u *unanswered) Write(p []byte) (int, error) { return len(p), nil }
func (u *unanswered) WriteHeader(int)             {}
