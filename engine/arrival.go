package engine

// Verdict says what became of an event that arrived: a closed list. Stores keep its number, so the number never
// changes.
type Verdict uint8

// The verdicts, in the order in which counts have them.
const (
	VerdictStarted   Verdict = iota // it started a run or a campaign
	VerdictMatched                  // a run went on by it, left by it or keeps it, or a start waits in a queue
	VerdictNothing                  // it was taken, and nothing followed
	VerdictDuplicate                // its id was known
	VerdictRefused                  // it was not taken
	VerdictEmitted                  // no verdict: a flow emitted it, so it arrived from nowhere

	// Verdicts is how many there are.
	Verdicts = iota
)

var verdictNames = [Verdicts]string{"started", "matched", "nothing", "duplicate", "refused", "emitted"}

// String is the word for a verdict in the API and in metrics.
func (v Verdict) String() string {
	if v >= Verdicts {
		return "unknown verdict"
	}
	return verdictNames[v]
}

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// VerdictOf returns what became of an event that arrived, by its answer.
func VerdictOf(a *Answer) Verdict {
	switch {
	case a.Refused != nil:
		return VerdictRefused
	case a.Repeated:
		return VerdictDuplicate
	}
	verdict := VerdictNothing
	for i := range a.Decisions {
		switch a.Decisions[i].Action {
		case DidStart, DidFire:
			return VerdictStarted
		case DidSkip, DidPass:
		default:
			verdict = VerdictMatched
		}
	}
	return verdict
}

// VerdictCounts counts events by their verdict.
type VerdictCounts [Verdicts]uint64

// Add adds other counts.
func (c *VerdictCounts) Add(more *VerdictCounts) {
	for v := range c {
		c[v] += more[v]
	}
}

// Arrived is how many events arrived from outside.
func (c *VerdictCounts) Arrived() (n uint64) {
	for v := range VerdictEmitted {
		n += c[v]
	}
	return n
}

// Arrivals are the events of one type that arrived within the same hour. They are knowledge for readers: nothing is
// decided by them, and a replay of the journal makes none, since it has neither duplicates nor refusals.
type Arrivals struct {
	Type    string // empty: it is not known
	First   Instant
	Last    Instant // of those from outside; 0: none
	From    string  // who sent the last one
	Emitted Instant // the last one that a flow emitted; 0: none
	Counts  VerdictCounts

	Taken   *Event // the last one from outside that was taken; nil: none
	TakenAt Instant
	Verdict Verdict // of Taken
}

// hourMillis is an hour, as instants are counted.
const hourMillis = 60 * 60 * 1000

// HourOf returns in which hour since 1970 an instant is, in UTC.
func HourOf(i Instant) int64 { return int64(i) / hourMillis }

// Note adds an event at an instant of the same hour.
func (a *Arrivals) Note(at Instant, from string, v Verdict) {
	a.Counts[v]++
	if v == VerdictEmitted {
		a.Emitted = at
		return
	}
	if a.First == 0 {
		a.First = at
	}
	a.Last, a.From = at, from
}
