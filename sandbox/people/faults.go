package people

import (
	"net/http"
	"slices"
	"time"
)

// Faults are the faults that happen by chance. Rates are from 0 to 1. The seed and n alone
// decide what happens to the n-th request and to the n-th event since the faults were set.
type Faults struct {
	Seed uint64

	// Requests to the API: the time an answer takes, the share answered with one of the
	// statuses without being carried out, and the share carried out and not answered.
	Latency  Span
	Errors   float64
	Statuses []int // none: 500, 502 and 503
	Drop     float64

	// Webhooks: the shares of events that are posted twice, overtaken by later ones,
	// delayed, never posted, and posted without the metadata of the message.
	Duplicate   float64
	Reorder     float64
	Withhold    float64
	WithholdFor Span // zero: 30 s to 5 min
	Lose        float64
	Omit        float64
}

// ReorderWithin is the longest delay of an event that others overtake.
const ReorderWithin = 10 * time.Second

// RequestFault is what happens to one request to the API.
type RequestFault struct {
	Latency time.Duration
	Status  int  // answer with this status and do not carry the request out; 0: none
	Drop    bool // carry the request out, then close the connection without an answer
}

// EventFault is what happens to one event.
type EventFault struct {
	Duplicate, Lose, Omit bool
	Withhold              time.Duration
}

// Request returns what happens to the n-th request, from 1.
func (f *Faults) Request(n uint64) RequestFault {
	d := diceAt(f.Seed, n)
	r := RequestFault{Latency: d.within(f.Latency)}
	fails, which, drops := d.happens(f.Errors), d.next(), d.happens(f.Drop)
	if fails {
		statuses := f.statuses()
		r.Status = statuses[which%uint64(len(statuses))]
	}
	r.Drop = drops && !fails
	return r
}

// Event returns what happens to the n-th event, from 1.
func (f *Faults) Event(n uint64) EventFault {
	d := diceAt(f.Seed+1, n)
	e := EventFault{Duplicate: d.happens(f.Duplicate)}
	if d.happens(f.Reorder) {
		e.Withhold = d.within(Span{To: ReorderWithin})
	}
	if d.happens(f.Withhold) {
		e.Withhold = max(e.Withhold, d.within(f.withholdFor()))
	}
	e.Lose, e.Omit = d.happens(f.Lose), d.happens(f.Omit)
	return e
}

// OfRequests reports whether anything can happen to a request.
func (f *Faults) OfRequests() bool { return f.Latency != (Span{}) || f.Errors != 0 || f.Drop != 0 }

// OfEvents reports whether anything can happen to an event.
func (f *Faults) OfEvents() bool {
	return f.Duplicate != 0 || f.Reorder != 0 || f.Withhold != 0 || f.Lose != 0 || f.Omit != 0
}

var usualStatuses = []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable}

func (f *Faults) statuses() []int {
	if len(f.Statuses) == 0 {
		return usualStatuses
	}
	return f.Statuses
}

func (f *Faults) withholdFor() Span {
	if f.WithholdFor == (Span{}) {
		return Span{30 * time.Second, 5 * time.Minute}
	}
	return f.WithholdFor
}

// Valid reports whether all rates are from 0 to 1 and all statuses from 400 to 599.
func (f *Faults) Valid() bool {
	for _, rate := range []float64{f.Errors, f.Drop, f.Duplicate, f.Reorder, f.Withhold, f.Lose, f.Omit} {
		if rate < 0 || rate > 1 || rate != rate {
			return false
		}
	}
	return !slices.ContainsFunc(f.Statuses, func(n int) bool { return n < 400 || n > 599 })
}
