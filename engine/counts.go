package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"nudge/flows"
)

// CountsKey says what counts are about: the runs of one version of a flow that started in one hour.
type CountsKey struct {
	FlowVersion
	Start Instant // the beginning of the hour
}

// Counter names one of the counts of a version. Counts are sums over runs, so those of several
// hours, days or stores may be added up.
//
// Two kinds of counters make them. Some count what a run is: where it stands, what became of its
// messages, how it ended. They follow from the run before and after, so they can always be counted
// again. Others count the ways that runs took, and never fall.
type Counter struct {
	Kind  CounterKind
	Step  int    // index of the step it is about; NoStep for none
	At    int    // what else it is about; the kind says what
	Word  string // and what else; the kind says what
	Split int    // of an Arm: the index of its split
	Arm   string // only the runs that have taken this arm, and of messages only later ones; empty: all
}

// CounterKind says what a counter counts.
type CounterKind uint8

// The kinds of counters. What counts ways counts them each time; everything else counts runs.
const (
	CountStarted  CounterKind = iota + 1 // runs that started on the version
	CountLeftOut                         // runs of a campaign that were dropped before they began
	CountMovedIn                         // runs that came from another version
	CountMovedOut                        // runs that went to another version
	CountHere                            // live runs at Step; NoStep: not begun
	CountEnded                           // runs that ended with the outcome Word
	CountGoal                            // runs that reached the goal
	CountArm                             // runs that have taken Arm of Split
	CountSend                            // runs with a message of Step, by the best status At of those; Word: why it is unsent
	CountMessages                        // messages of Step that were handed over
	CountReplied                         // runs with a reply to a message of Step
	CountReached                         // runs that reached the goal after a message of Step
	CountReadIn                          // runs that read a message of Step, by the place At of the time it took in ReadBuckets
	CountCame                            // ways: to Step
	CountSkipped                         // ways: past Step, because its condition was false
	CountLine                            // ways: from the wait, collect or repeat Step by its line At
	CountOver                            // ways: from such a step without a line, by the outcome Word
	CountBranch                          // ways: from the branch or split Step by the arm Word; empty for none
	CountExit                            // ways: from Step out of the flow by the exit At
)

// OfRuns reports whether the counter follows from what runs are now. The others count what they did.
func (k CounterKind) OfRuns() bool { return k >= CountHere && k < CountCame }

// ReadBuckets are the longest times from a message's post to its reading in each bucket; another
// bucket follows for what took longer.
var ReadBuckets = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour}

// CountsHour is the span of starts that are counted together at first.
const CountsHour = time.Hour

// Count is the value of a counter.
type Count struct {
	Counter
	N int64
}

// ArmTaken is an arm that a split dealt to a run.
type ArmTaken struct {
	Step  int    // the split
	Arm   string // its name
	After int    // number of the newest message before; 0 for none
}

// DroppedSends are the messages of one step that a run in a loop without times has let go.
type DroppedSends struct {
	Number int // of one of them
	Sends
}

// Sends is what became of the messages of one step in a run: the best of them.
type Sends struct {
	Step       int
	Status     MessageStatus
	Reason     string // why it is unsent
	HandedOver int
	Replied    bool
	Goal       bool
	ReadIn     int // place in ReadBuckets, from 1; 0: not read

	Out bool // a message went out and is not lost: it counts for the goal
}

// Way is a way that a run took since it was loaded. It never changes, so clones of a run share theirs.
type Way struct {
	Version string // of its flow at that time
	Kind    CounterKind
	Step    int // this, At and Word are of the way's counter
	At      int
	Word    string
	Before  *Way // the one before; nil for none
}

// pass notes a way that the run takes. The commit counts it.
func (r *Run) pass(w Way) {
	w.Version, w.Before = r.Version, r.Ways
	r.Ways = &w
}

// CountsHourOf returns the beginning of the hour in which a run started.
func CountsHourOf(id RunID) Instant {
	at := id.Time()
	return at - at%Instant(CountsHour.Milliseconds())
}

// Counting turns the changes of runs into counts. It is used again and again, to allocate nothing.
type Counting struct {
	before, after []Count
	sends         []Sends
}

// Take calls add with everything that a change adds to counts or takes from them.
func (x *Counting) Take(c Change, add func(CountsKey, Counter, int64)) {
	key := CountsKey{FlowVersion{c.After.Flow, c.After.Version}, CountsHourOf(c.After.ID)}
	x.before, x.after = x.before[:0], x.of(x.after[:0], c.After)
	was := key
	if c.Before != nil {
		x.before, was.Version = x.of(x.before, c.Before), c.Before.Version
	}
	for i := range max(len(x.before), len(x.after)) {
		if was == key && i < len(x.before) && i < len(x.after) && x.before[i] == x.after[i] {
			continue
		}
		if i < len(x.before) {
			add(was, x.before[i].Counter, -x.before[i].N)
		}
		if i < len(x.after) {
			add(key, x.after[i].Counter, x.after[i].N)
		}
	}
	for w := c.After.Ways; w != nil; w = w.Before {
		at := key
		at.Version = w.Version
		add(at, Counter{Kind: w.Kind, Step: w.Step, At: w.At, Word: w.Word}, 1)
	}
}

// of appends what the run is.
func (x *Counting) of(counts []Count, r *Run) []Count {
	if r.Status == LeftOut {
		return counts
	}
	at := func(c Counter, n int64) { counts = append(counts, Count{c, n}) }
	if r.Live() {
		at(Counter{Kind: CountHere, Step: r.Stands()}, 1)
	}
	counts = x.results(counts, r, ArmTaken{})
	for _, arm := range r.Arms {
		at(Counter{Kind: CountArm, Step: NoStep, Split: arm.Step, Arm: arm.Arm}, 1)
		counts = x.results(counts, r, arm)
	}
	return counts
}

// results appends what the run has come to: everything, or only what counts for one of its arms.
func (x *Counting) results(counts []Count, r *Run, arm ArmTaken) []Count {
	at := func(kind CounterKind, step, at int, word string, n int) {
		if n > 0 {
			counts = append(counts, Count{Counter{Kind: kind, Step: step, At: at, Word: word, Split: arm.Step, Arm: arm.Arm}, int64(n)})
		}
	}
	if r.Status == Ended {
		at(CountEnded, NoStep, 0, r.Outcome, 1)
	}
	at(CountGoal, NoStep, 0, "", one(r.Goal))
	x.sends = r.sendsAfter(x.sends[:0], arm.After)
	for _, s := range x.sends {
		at(CountSend, s.Step, int(s.Status), s.Reason, 1)
		at(CountMessages, s.Step, 0, "", s.HandedOver)
		at(CountReplied, s.Step, 0, "", one(s.Replied))
		at(CountReached, s.Step, 0, "", one(s.Goal))
		at(CountReadIn, s.Step, s.ReadIn-1, "", one(s.ReadIn > 0))
	}
	return counts
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// sendsAfter appends what became of the messages with higher numbers than the given one, by step.
func (r *Run) sendsAfter(sends []Sends, number int) []Sends {
	add := func(s Sends) {
		for i := range sends {
			if sends[i].Step == s.Step {
				sends[i].join(s)
				return
			}
		}
		sends = append(sends, s)
	}
	for i := range r.Dropped.Sends {
		if x := &r.Dropped.Sends[i]; x.Number > number {
			add(x.Sends)
		}
	}
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Number > number && m.Step >= 0 {
			add(m.sends())
		}
	}
	return sends
}

// sends is what became of one message.
func (m *Message) sends() Sends {
	s := Sends{Step: m.Step, Status: m.Status, HandedOver: one(m.Attempt > 0), Replied: m.Replied, Goal: m.Goal,
		Out: m.Posted != 0 && !m.Status.lost()}
	if m.Status == Unsent {
		s.Reason = m.Reason
	}
	if m.ReadAt != 0 {
		s.ReadIn = 1 + readBucket(m.ReadAt.Time().Sub(m.Posted.Time()))
	}
	return s
}

func readBucket(took time.Duration) int {
	i := slices.IndexFunc(ReadBuckets[:], func(most time.Duration) bool { return took <= most })
	if i < 0 {
		return len(ReadBuckets)
	}
	return i
}

// join adds another message of the step, or several.
func (s *Sends) join(other Sends) {
	if merit := other.Status.merit() - s.Status.merit(); merit > 0 || merit == 0 && other.Reason < s.Reason {
		s.Status, s.Reason = other.Status, other.Reason
	}
	s.HandedOver += other.HandedOver
	s.Replied, s.Goal = s.Replied || other.Replied, s.Goal || other.Goal
	s.Out = s.Out || other.Out
	if s.ReadIn == 0 || other.ReadIn != 0 && other.ReadIn < s.ReadIn {
		s.ReadIn = other.ReadIn
	}
}

// merits order statuses from the worst to the best that a step's messages can have come to.
var merits = [...]int{Unsent: 1, Failed: 2, Expired: 3, Held: 4, Planned: 5, Retrying: 6, Unknown: 7, Claimed: 8, Accepted: 9, Sent: 10, Delivered: 11, Read: 12}

func (s MessageStatus) merit() int { return merits[s] }

// keepSends keeps what became of a message that the run lets go.
func (r *Run) keepSends(m *Message) {
	if m.Step < 0 {
		return
	}
	alike := func(x *DroppedSends) bool {
		return x.Step == m.Step && !slices.ContainsFunc(r.Arms, func(a ArmTaken) bool { return (x.Number > a.After) != (m.Number > a.After) })
	}
	r.Dropped.Sends = slices.Clone(r.Dropped.Sends) // the stored run shares them
	for i := range r.Dropped.Sends {
		if x := &r.Dropped.Sends[i]; alike(x) {
			x.join(m.sends())
			return
		}
	}
	r.Dropped.Sends = append(r.Dropped.Sends, DroppedSends{Number: m.Number, Sends: m.sends()})
}

// reachGoal notes that the run reaches its goal, once, and after which messages.
func (r *Run) reachGoal() {
	if r.Goal {
		return
	}
	r.Goal = true
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Posted != 0 && !m.Status.lost() {
			m.Goal = true
		}
	}
	sends := slices.Clone(r.Dropped.Sends)
	for i := range sends {
		sends[i].Goal = sends[i].Out
	}
	r.Dropped.Sends = sends
}

// loseGoal notes that the run has not reached its goal: it goes on before it.
func (r *Run) loseGoal() {
	r.Goal = false
	for i := range r.Messages {
		r.Messages[i].Goal = false
	}
	sends := slices.Clone(r.Dropped.Sends)
	for i := range sends {
		sends[i].Goal = false
	}
	r.Dropped.Sends = sends
}

// answered notes a reply that a step has taken: it counts for the newest message that it can be
// an answer to.
func (r *Run) answered(h *Signal) {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		m := &r.Messages[i]
		if m.Posted != 0 && m.Posted <= h.At && (h.Conversation == "" || m.Conversation == h.Conversation || m.placeless()) {
			m.Replied = true
			return
		}
	}
}

// dealt notes the arm that a split deals to the run, the first time.
func (r *Run) dealt(split int, arm string) {
	if !slices.ContainsFunc(r.Arms, func(a ArmTaken) bool { return a.Step == split }) {
		r.Arms = append(slices.Clip(r.Arms), ArmTaken{Step: split, Arm: arm, After: r.Newest()})
	}
}

// indexOf returns the place of a line in the list that it belongs to.
func indexOf(lines []flows.Line, line *flows.Line) int {
	for i := range lines {
		if &lines[i] == line {
			return i
		}
	}
	panic("engine: a line of another step")
}

// CountsError is the Counter.Word of CountOver for a fetch that went on by its on_error.
const CountsError = "error"

// Compare orders counters: those of all runs first, then by kind and by what they are about.
func (c Counter) Compare(other Counter) int {
	return cmp.Or(cmp.Compare(c.Split, other.Split), strings.Compare(c.Arm, other.Arm), cmp.Compare(c.Kind, other.Kind),
		cmp.Compare(c.Step, other.Step), cmp.Compare(c.At, other.At), strings.Compare(c.Word, other.Word))
}
