package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Faults are what goes wrong by chance. Rates are from 0 to 1. What happens to the n-th
// request to the API and to the n-th event since the faults were set follows from the
// seed and n alone.
type Faults struct {
	Seed uint64

	// Requests to the API: how long an answer takes, how many are answered with one of
	// the statuses and not looked at, and how many are carried out and then not answered.
	Latency  Span
	Errors   float64
	Statuses []int // none: 500, 502 and 503
	Drop     float64

	// Webhooks: how many events are posted twice, overtaken by later ones, kept for a
	// while, never posted, and posted without the metadata of the message.
	Duplicate   float64
	Reorder     float64
	Withhold    float64
	WithholdFor Span // zero: 30 s to 5 min
	Lose        float64
	Omit        float64
}

// ReorderWithin is how long an event is kept at most so that others overtake it.
const ReorderWithin = 10 * time.Second

// chance is Faults at work.
type chance struct {
	Faults
	statuses         []int
	withholdFor      Span
	requests, events atomic.Uint64 // so far
}

func newChance(f Faults) *chance {
	c := &chance{Faults: f, statuses: f.Statuses, withholdFor: f.WithholdFor}
	if len(c.statuses) == 0 {
		c.statuses = []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable}
	}
	if c.withholdFor == (Span{}) {
		c.withholdFor = Span{30 * time.Second, 5 * time.Minute}
	}
	return c
}

// SetFaults replaces what goes wrong by chance, and begins to count anew.
func (s *Sandbox) SetFaults(f Faults) { s.chance.Store(newChance(f)) }

// Faults are what goes wrong by chance now.
func (s *Sandbox) Faults() Faults { return s.chance.Load().Faults }

// request is what happens to the next request to the API.
func (c *chance) request() (latency time.Duration, f Fault) {
	if c.Latency == (Span{}) && c.Errors == 0 && c.Drop == 0 {
		return 0, Fault{}
	}
	d := diceAt(c.Seed, c.requests.Add(1))
	latency = d.within(c.Latency)
	fails, which, drops := d.happens(c.Errors), d.next(), d.happens(c.Drop)
	switch {
	case fails:
		f.Status = c.statuses[which%uint64(len(c.statuses))]
		if f.Status == http.StatusTooManyRequests {
			f.RetryAfter = 1
		}
	case drops:
		f.DropResponse = true
	}
	return latency, f
}

// faulty is what happens to the next event, over what its message's fault says.
func (s *Sandbox) faulty(f Fault) Fault {
	c := s.chance.Load()
	if c.Duplicate == 0 && c.Reorder == 0 && c.Withhold == 0 && c.Lose == 0 && c.Omit == 0 {
		return f
	}
	d := diceAt(c.Seed+1, c.events.Add(1))
	f.Duplicate = d.happens(c.Duplicate) || f.Duplicate
	if d.happens(c.Reorder) {
		f.Withhold = max(f.Withhold, d.within(Span{To: ReorderWithin}))
	}
	if d.happens(c.Withhold) {
		f.Withhold = max(f.Withhold, d.within(c.withholdFor))
	}
	f.LoseWebhooks = d.happens(c.Lose) || f.LoseWebhooks
	f.OmitMetadata = d.happens(c.Omit) || f.OmitMetadata
	return f
}

// misbehaving passes on requests to which nothing happens, or something only after
// they were carried out.
func (s *Sandbox) misbehaving(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		latency, f := s.chance.Load().request()
		if latency > 0 && !s.pause(r, latency) {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		switch {
		case f.Status != 0:
			s.counts.faulted.Add(1)
			answerFault(w, f)
		case f.DropResponse:
			s.counts.faulted.Add(1)
			next(&unanswered{header: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		default:
			next(w, r)
		}
	}
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
	answerError(w, f.Status, "this failure was asked for")
}

// unanswered is a response that nobody gets.
type unanswered struct{ header http.Header }

func (u *unanswered) Header() http.Header         { return u.header }
func (u *unanswered) Write(p []byte) (int, error) { return len(p), nil }
func (u *unanswered) WriteHeader(int)             {}

// valid reports whether all rates are rates, and all statuses errors.
func (f Faults) valid() bool {
	for _, rate := range []float64{f.Errors, f.Drop, f.Duplicate, f.Reorder, f.Withhold, f.Lose, f.Omit} {
		if rate < 0 || rate > 1 || rate != rate {
			return false
		}
	}
	return !slices.ContainsFunc(f.Statuses, func(n int) bool { return n < 400 || n > 599 })
}
