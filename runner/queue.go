package runner

import (
	"errors"
	"time"

	"nudge/engine"
)

// ErrBusy is returned when a queue is full. Nothing was changed; it may be tried
// again in a moment.
var ErrBusy = errors.New("too much is waiting already; try again in a second")

// class is a kind of input with a share of every batch of its own, so that a flood
// of one never holds up another.
type class int

const (
	commands class = iota // cancels, deploys, controls
	results               // send results
	inbound               // receipts and replies
	events
	handovers // from other partitions
	classes
)

func classOf(k engine.InputKind) class {
	switch k {
	case engine.InputResult, engine.InputStatusAnswer:
		return results
	case engine.InputReceipt, engine.InputReply:
		return inbound
	case engine.InputEvent, engine.InputFetched:
		return events
	}
	return commands
}

// waiting is a group in the queue, and the ticket that gets its answers.
type waiting struct {
	Group
	handover *Handover           // in place of inputs: what another partition owes this one
	told     func(*Taken, error) // of a handover, in place of done: takes how it went; ErrGap if nothing may be handed over any more
	taken    []*Group            // of the handover, what was not taken before
	gap      error               // of the handover, why nothing of it was taken
	done     chan error          // capacity 1
	arrived  time.Time
	follows  bool // the answer waits a while for what other partitions make of it
}

// end tells those who wait that nothing was applied, or nil: that it was.
func (w *waiting) end(err error) {
	if w.handover != nil {
		w.told(nil, err)
		return
	}
	w.done <- err
}

func (w *waiting) class() class {
	if w.handover != nil {
		return handovers
	}
	return classOf(w.Inputs[0].Kind())
}

// inputs is how many inputs are to be applied.
func (w *waiting) inputs() int {
	if w.handover != nil {
		return len(w.handover.Inputs)
	}
	return len(w.Inputs)
}

// queue holds inputs that have arrived and are not yet applied. Each class has its bound.
type queue struct {
	lines [classes]chan *waiting
	wake  chan struct{} // capacity 1: something has arrived
}

// newQueue returns a queue with the given number of places for each class, and one for the
// result of every sender.
func newQueue(size, senders int) *queue {
	q := &queue{wake: make(chan struct{}, 1)}
	for c := range q.lines {
		n := size
		if class(c) == results {
			n = senders // beyond that they wait
		}
		q.lines[c] = make(chan *waiting, n)
	}
	return q
}

// push adds a group, or reports ErrBusy.
func (q *queue) push(w *waiting) error {
	select {
	case q.lines[w.class()] <- w:
	default:
		return ErrBusy
	}
	q.nudge()
	return nil
}

// wait adds a group as soon as there is a place, or reports that the queue was closed first.
func (q *queue) wait(w *waiting, over <-chan struct{}) bool {
	select {
	case q.lines[w.class()] <- w:
		q.nudge()
		return true
	case <-over:
		return false
	}
}

// nudge wakes the loop.
func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take appends groups, one of each class in turn, until they have n inputs or nothing
// is left.
func (q *queue) take(into []*waiting, n int) []*waiting {
	inputs := 0
	for more := true; more && inputs < n; {
		more = false
		for _, line := range q.lines {
			if inputs >= n {
				break
			}
			select {
			case w := <-line:
				into, more = append(into, w), true
				inputs += w.inputs()
			default:
			}
		}
	}
	return into
}

// length is how many groups of a class wait.
func (q *queue) length(c class) int { return len(q.lines[c]) }

func (q *queue) empty() bool {
	for _, line := range q.lines {
		if len(line) > 0 {
			return false
		}
	}
	return true
}
