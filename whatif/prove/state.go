package prove

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nudge/flows"
)

// phase is what a run is parked on.
type phase uint8

const (
	beginning phase = iota
	held            // its newest message waits for its window
	sending         // its newest message is out, without an outcome
	waiting         // at a wait or a collect
	pacing          // at a repeat, for the rest of a round
	turning         // at a repeat, in the middle of an input: a round is over in which the run did not park
	fetching
	calling // at a start step that waits for the run it started
	ended
)

// status is where a message stands, as far as flows can tell.
type status uint8

const (
	none      status = iota // no message
	unsent                  // we held it back
	open                    // it is out, and nothing more is known
	lost                    // failed or expired
	delivered               // it reached the person's device
	read
)

// isLost reports whether the message is known not to have reached the person.
func (s status) isLost() bool { return s == unsent || s == lost }

// sent is the newest message of one send step.
type sent struct {
	status status
	posted bool // one of the step's messages has been out
	older  bool // and one before the newest
}

// older counts messages that no line or condition asks for by their step; only lines
// with any do.
type older struct {
	open, delivered uint8 // up to manyOlder, which stands for as many or more
	read, lost      bool
	posted          bool
}

const manyOlder = 2

// seen is what is asked of the older messages.
func (o older) seen(n need) older {
	if n == 0 {
		return older{}
	}
	if n&needDelivered == 0 {
		o.open, o.delivered = min(o.open+o.delivered, manyOlder), 0
	}
	if n&(needRead|needDelivered) == 0 && o.read {
		o.open, o.read = min(o.open+1, manyOlder), false
	}
	if n&needLost == 0 {
		o.lost = false
	}
	return o
}

// state is everything about a run that can make a difference to what happens next. Two
// runs in one state are the same to us.
type state struct {
	phase   phase
	at      int
	loops   []loop
	sends   map[int]sent // by step: messages that are asked for later
	older   older
	facts   map[string]bool // how conditions on what never changes came out
	values  map[string]any  // what is known by path: vars.tier, asked.outcome
	boxed   bool            // the run was held at times: something may lie in its mailbox
	counted bool            // the period is over
	items   int             // of the collect it is in, up to manyItems
	zone    zone

	during *meanwhile // the wait that it is in, if lines of it have a do; nil for none

	ifs bool // of a turning run: the conditions that stand by themselves have been looked at

	leaving int    // number of the exit whose steps it takes, from 1; 0 for none
	outcome string // how it ended
	goal    bool
	passing map[string]bool // facts that hold only for the input in hand
}

const manyItems = 3

func (s *state) clone() *state {
	c := *s
	c.loops, c.during = slices.Clone(s.loops), s.during.clone()
	c.sends = maps.Clone(s.sends)
	c.facts = maps.Clone(s.facts)
	c.values = maps.Clone(s.values)
	c.zone = s.zone.clone()
	c.passing = map[string]bool{}
	if s.phase == turning {
		c.passing = maps.Clone(s.passing)
	}
	return &c
}

// bytes is about how much room a state takes.
func (s *state) bytes() int64 {
	return int64(500 + 24*len(s.loops) + 60*(len(s.sends)+len(s.facts)+len(s.values)+len(s.passing)) + 8*len(s.zone.bounds))
}

// key is equal for states that are the same.
func (s *state) key() string { return string(s.zone.key(s.keyBeforeZone())) }

// keyBeforeZone is equal for states that differ at most in what is known of their instants.
func (s *state) keyBeforeZone() []byte {
	b := make([]byte, 0, 256)
	b = append(b, byte(s.phase), s.older.open, s.older.delivered, bit(s.older.read)|bit(s.older.lost)<<1|bit(s.older.posted)<<2|bit(s.boxed)<<3|bit(s.goal)<<4|bit(s.counted)<<5|bit(s.during != nil)<<6, byte(s.items))
	b = binary.AppendVarint(binary.AppendVarint(b, int64(s.at)), int64(s.leaving))
	b = s.during.key(append(appendLoops(b, s.loops), 0xff))
	for _, step := range slices.Sorted(maps.Keys(s.sends)) {
		b = append(binary.AppendVarint(b, int64(step)), byte(s.sends[step].status), bit(s.sends[step].posted)|bit(s.sends[step].older)<<1)
	}
	b = append(b, 0xff)
	for _, text := range slices.Sorted(maps.Keys(s.facts)) {
		b = append(append(b, text...), bit(s.facts[text]), 0)
	}
	b = append(b, 0xff)
	for _, text := range slices.Sorted(maps.Keys(s.passing)) {
		b = append(append(b, text...), bit(s.passing[text]), 0)
	}
	b = append(b, bit(s.ifs), 0xff)
	for _, path := range slices.Sorted(maps.Keys(s.values)) {
		b = append(append(append(b, path...), '='), literal(s.values[path])...)
	}
	return append(append(b, 0xff), s.outcome...)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// literal is a known value as text.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return "nil"
}

// round is the number of the innermost round; 0 outside of loops.
func (s *state) round() int {
	if n := len(s.loops); n > 0 {
		return s.loops[n-1].round
	}
	return 0
}

// satisfies reports whether a message of this status satisfies a signal.
func (s status) satisfies(signal flows.Signal) bool {
	switch signal {
	case flows.SignalRead:
		return s == read
	case flows.SignalDelivered:
		return s >= delivered
	case flows.SignalFailed:
		return s.isLost()
	}
	return false
}

// reached reports whether a message that the line names is where the line waits for.
func (s *state) reached(line *flows.Line) bool {
	if line.Step != flows.AnyStep {
		return s.sends[line.Step].status.satisfies(line.Signal)
	}
	for _, m := range s.sends {
		if m.status.satisfies(line.Signal) {
			return true
		}
	}
	switch line.Signal {
	case flows.SignalRead:
		return s.older.read
	case flows.SignalDelivered:
		return s.older.read || s.older.delivered > 0
	}
	return s.older.lost
}

// answerable reports whether a reply can be to a message that the line names.
func (s *state) answerable(line *flows.Line) bool {
	if line.Step != flows.AnyStep {
		return s.sends[line.Step].posted
	}
	for _, m := range s.sends {
		if m.posted {
			return true
		}
	}
	return s.older.posted
}

// lostCause reports whether the lines name messages, all of them are known not to have
// reached the person, and no line asked to hear of it.
func (s *state) lostCause(lines []flows.Line) bool {
	found := false
	for i := range lines {
		line := &lines[i]
		switch line.Signal {
		case flows.SignalFailed:
			return false
		case flows.SignalRead, flows.SignalDelivered, flows.SignalReply:
		default:
			continue
		}
		for step, m := range s.sends {
			if line.Step != flows.AnyStep && line.Step != step || m.status == none {
				continue
			}
			if !m.status.isLost() {
				return false
			}
			found = true
		}
		if line.Step == flows.AnyStep {
			if s.older.open > 0 || s.older.delivered > 0 || s.older.read {
				return false
			}
			found = found || s.older.lost
		}
	}
	return found
}

// pathRoot is the first name of a path.
func pathRoot(path string) string {
	root, _, _ := strings.Cut(path, ".")
	return root
}
