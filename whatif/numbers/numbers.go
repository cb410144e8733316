package numbers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// Flow is what the runs of one version did that started in a span. Everybody is somewhere:
// Started and MovedIn together are Here, Ended, MovedOut and LeftOut together.
type Flow struct {
	Started  int64     `json:"started"`
	MovedIn  int64     `json:"moved_in,omitempty"`  // runs that came from other versions
	MovedOut int64     `json:"moved_out,omitempty"` // runs that went on under other versions
	LeftOut  int64     `json:"left_out,omitempty"`  // runs of campaigns that were dropped before they began
	Here     int64     `json:"here"`                // live runs
	Ended    int64     `json:"ended"`
	Goal     int64     `json:"goal"`                // runs that reached the goal
	NotBegun int64     `json:"not_begun,omitempty"` // of those here: they wait for their person's own time
	Outcomes []Outcome `json:"outcomes,omitempty"`  // of the ended runs, the most frequent first
	Steps    []Step    `json:"steps"`               // in the order of the flow
	Exits    []Exit    `json:"exits,omitempty"`     // in the order of the flow
	Splits   []Split   `json:"splits,omitempty"`
}

// Outcome is how some runs ended.
type Outcome struct {
	Name string `json:"name"`
	Runs int64  `json:"runs"`
}

// Step is what happened at one step. Came, Skipped and what Lines, Ends and Arms count are ways:
// a run in a loop takes them again and again.
type Step struct {
	Step    string `json:"step"`
	Verb    string `json:"verb"`
	Came    int64  `json:"came"`              // how often runs came to it
	Skipped int64  `json:"skipped,omitempty"` // how often its condition was false
	Here    int64  `json:"here"`              // live runs that stand at it
	Lines   []Line `json:"lines,omitempty"`   // of a wait, repeat or collect, in the order of the flow
	Ends    []Line `json:"ends,omitempty"`    // ways that no line leads: past, failed, completed, error, or how a called run ended
	Arms    []Line `json:"arms,omitempty"`    // of a branch or a split
	Send    *Send  `json:"send,omitempty"`
}

// Line is how often a way was taken.
type Line struct {
	On    string `json:"on,omitempty"` // the signal of a line
	As    string `json:"as,omitempty"` // the outcome; empty for no arm
	Taken int64  `json:"taken"`
}

// Exit is how often runs left by an exit, and from where.
type Exit struct {
	On    string `json:"on"`
	As    string `json:"as"`
	Goal  bool   `json:"goal,omitempty"`
	Taken int64  `json:"taken"`
	From  []From `json:"from,omitempty"`
}

// From is how many runs left from one step; an empty step is before the first.
type From struct {
	Step  string `json:"step"`
	Taken int64  `json:"taken"`
}

// Send is what became of the messages of one step. It counts each run once, by the best that its
// messages of the step came to; only Messages counts messages.
type Send struct {
	Step      string           `json:"step"`
	Runs      int64            `json:"runs"`      // with a message of the step, sent or not
	Messages  int64            `json:"messages"`  // handed over
	Sent      int64            `json:"sent"`      // the provider has taken it: accepted, sent, delivered or read
	Delivered int64            `json:"delivered"` // delivered or read
	Read      int64            `json:"read"`
	Replied   int64            `json:"replied"`          // a step has taken a reply to it
	Goal      int64            `json:"goal"`             // the run reached the goal afterwards
	Status    map[string]int64 `json:"status"`           // every status
	Unsent    map[string]int64 `json:"unsent,omitempty"` // of those that are unsent, by the reason
	ReadIn    []ReadIn         `json:"read_in,omitempty"`
}

// ReadIn is how many runs read within a time that did not read within the one before.
type ReadIn struct {
	Within string `json:"within"` // for example 15m; empty for longer
	Runs   int64  `json:"runs"`
}

// Split compares the arms of a split. Of the messages it counts only those after the split.
type Split struct {
	Step        string       `json:"step"`
	Arms        []Arm        `json:"arms"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
}

// Arm is what the runs did that were dealt one arm.
type Arm struct {
	Arm      string    `json:"arm"`
	Weight   int       `json:"weight"` // its part of the sum of all weights
	Runs     int64     `json:"runs"`
	Goal     int64     `json:"goal"`
	Outcomes []Outcome `json:"outcomes,omitempty"`
	Sends    []Send    `json:"sends,omitempty"`
}

// Of makes the counts of a version readable.
func Of(f *flows.Flow, counts []engine.Count) *Flow {
	b := &builder{flow: f, all: newTally(), arms: map[[2]string]*tally{}}
	for _, c := range counts {
		b.add(c)
	}
	return b.build()
}

// builder gathers counts by what they are about.
type builder struct {
	flow *flows.Flow
	all  *tally
	arms map[[2]string]*tally // by split and arm
}

// tally has the counts of all runs or of those of one arm.
type tally struct {
	totals   map[engine.CounterKind]int64
	outcomes map[string]int64
	came     map[int]int64
	skipped  map[int]int64
	here     map[int]int64
	lines    map[[2]int]int64
	ends     map[int]map[string]int64
	branches map[int]map[string]int64
	exits    map[int]map[int]int64
	sends    map[int]*Send
}

func newTally() *tally {
	return &tally{totals: map[engine.CounterKind]int64{}, outcomes: map[string]int64{}, came: map[int]int64{}, skipped: map[int]int64{}, here: map[int]int64{},
		lines: map[[2]int]int64{}, ends: map[int]map[string]int64{}, branches: map[int]map[string]int64{}, exits: map[int]map[int]int64{}, sends: map[int]*Send{}}
}

func (b *builder) add(c engine.Count) {
	t := b.all
	if c.Arm != "" {
		key := [2]string{b.step(c.Split), c.Arm}
		if b.arms[key] == nil {
			b.arms[key] = newTally()
		}
		t = b.arms[key]
	}
	switch c.Kind {
	case engine.CountEnded:
		t.outcomes[c.Word] += c.N
		t.totals[c.Kind] += c.N
	case engine.CountHere:
		t.here[c.Step] += c.N
		t.totals[c.Kind] += c.N
	case engine.CountCame:
		t.came[c.Step] += c.N
	case engine.CountSkipped:
		t.skipped[c.Step] += c.N
	case engine.CountLine:
		t.lines[[2]int{c.Step, c.At}] += c.N
	case engine.CountOver:
		inner(t.ends, c.Step)[c.Word] += c.N
	case engine.CountBranch:
		inner(t.branches, c.Step)[c.Word] += c.N
	case engine.CountExit:
		inner(t.exits, c.At)[c.Step] += c.N
	case engine.CountSend, engine.CountMessages, engine.CountReplied, engine.CountReached, engine.CountReadIn:
		t.send(b.step(c.Step), c)
	default:
		t.totals[c.Kind] += c.N
	}
}

func inner[K comparable, L comparable](of map[K]map[L]int64, key K) map[L]int64 {
	if of[key] == nil {
		of[key] = map[L]int64{}
	}
	return of[key]
}

// send adds a count of messages.
func (t *tally) send(step string, c engine.Count) {
	s := t.sends[c.Step]
	if s == nil {
		s = &Send{Step: step, Status: map[string]int64{}}
		t.sends[c.Step] = s
	}
	switch c.Kind {
	case engine.CountMessages:
		s.Messages += c.N
	case engine.CountReplied:
		s.Replied += c.N
	case engine.CountReached:
		s.Goal += c.N
	case engine.CountReadIn:
		s.ReadIn = append(s.ReadIn, ReadIn{readWithin(c.At), c.N}) // counts are ordered
	case engine.CountSend:
		s.status(engine.MessageStatus(c.At), c.Word, c.N)
	}
}

func (s *Send) status(status engine.MessageStatus, reason string, n int64) {
	s.Runs += n
	s.Status[status.String()] += n
	switch status {
	case engine.Unsent:
		if s.Unsent == nil {
			s.Unsent = map[string]int64{}
		}
		s.Unsent[reason] += n
	case engine.Read:
		s.Read += n
		s.Delivered += n
		s.Sent += n
	case engine.Delivered:
		s.Delivered += n
		s.Sent += n
	case engine.Accepted, engine.Sent:
		s.Sent += n
	}
}

func readWithin(bucket int) string {
	if bucket >= len(engine.ReadBuckets) {
		return ""
	}
	switch d := engine.ReadBuckets[bucket]; {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
}

// step names a step; empty for none, or one that the flow does not have.
func (b *builder) step(i int) string {
	if i < 0 || i >= len(b.flow.Steps) {
		return ""
	}
	return b.flow.Steps[i].ID
}

func (b *builder) build() *Flow {
	t := b.all
	f := &Flow{Started: t.totals[engine.CountStarted], MovedIn: t.totals[engine.CountMovedIn], MovedOut: t.totals[engine.CountMovedOut],
		LeftOut: t.totals[engine.CountLeftOut], Here: t.totals[engine.CountHere], Ended: t.totals[engine.CountEnded], Goal: t.totals[engine.CountGoal],
		NotBegun: t.here[engine.NoStep], Outcomes: outcomes(t.outcomes), Steps: []Step{}}
	for i := range b.flow.Steps {
		f.Steps = append(f.Steps, b.stepNumbers(i, &b.flow.Steps[i]))
		if b.flow.Steps[i].Verb == flows.VerbSplit {
			f.Splits = append(f.Splits, b.split(&b.flow.Steps[i]))
		}
	}
	for i := range b.flow.Exits {
		line := &b.flow.Exits[i]
		exit := Exit{On: Signal(line), As: line.As, Goal: line.Goal}
		for _, step := range slices.Sorted(maps.Keys(t.exits[i])) {
			n := t.exits[i][step]
			exit.Taken += n
			exit.From = append(exit.From, From{b.step(step), n})
		}
		f.Exits = append(f.Exits, exit)
	}
	return f
}

func (b *builder) stepNumbers(i int, s *flows.Step) Step {
	t := b.all
	n := Step{Step: s.ID, Verb: s.Verb.String(), Came: t.came[i], Skipped: t.skipped[i], Here: t.here[i], Send: t.sends[i]}
	for place, line := range s.Lines() {
		n.Lines = append(n.Lines, Line{Signal(&line), line.As, t.lines[[2]int{i, place}]})
	}
	for _, word := range slices.Sorted(maps.Keys(t.ends[i])) {
		n.Ends = append(n.Ends, Line{As: word, Taken: t.ends[i][word]})
	}
	for _, arm := range s.Branch {
		n.Arms = append(n.Arms, Line{As: arm.As, Taken: t.branches[i][arm.As]})
	}
	for _, share := range s.Split {
		n.Arms = append(n.Arms, Line{As: share.As, Taken: t.branches[i][share.As]})
	}
	if none := t.branches[i][""]; none != 0 {
		n.Arms = append(n.Arms, Line{Taken: none})
	}
	return n
}

// Signal is what a line waits for, in the word of the language, and the event's type.
func Signal(line *flows.Line) string {
	if line.Event != "" {
		return line.Signal.String() + " " + line.Event
	}
	return line.Signal.String()
}

func outcomes(counts map[string]int64) (all []Outcome) {
	for name, n := range counts {
		all = append(all, Outcome{name, n})
	}
	slices.SortFunc(all, func(a, b Outcome) int { return cmp.Or(cmp.Compare(b.Runs, a.Runs), strings.Compare(a.Name, b.Name)) })
	return all
}

func (b *builder) split(s *flows.Step) Split {
	split := Split{Step: s.ID}
	for _, share := range s.Split {
		arm := Arm{Arm: share.As, Weight: share.Weight}
		if t := b.arms[[2]string{s.ID, share.As}]; t != nil {
			arm.Runs, arm.Goal, arm.Outcomes = t.totals[engine.CountArm], t.totals[engine.CountGoal], outcomes(t.outcomes)
			for _, step := range slices.Sorted(maps.Keys(t.sends)) {
				arm.Sends = append(arm.Sends, *t.sends[step])
			}
		}
		split.Arms = append(split.Arms, arm)
	}
	split.Comparisons = compare(b.flow, split.Arms)
	return split
}
