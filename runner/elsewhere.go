package runner

import (
	"context"
	"errors"
	"time"

	"nudge/engine"
)

// Elsewhere reaches the partitions that other processes have, and knows which ones this process has. Its methods are safe
// for concurrent use.
type Elsewhere interface {
	// Submit has groups of inputs applied by the process that has their partition, in their order, and returns what became of
	// each. It fails with ErrElsewhere if certainly none was taken, and with any other error if nobody can say.
	Submit(ctx context.Context, partition int, groups [][]*engine.Input) ([]Outcome, error)
	// HandOver brings a handover to the process that has a partition. It may be repeated.
	HandOver(ctx context.Context, to int, h *Handover) (*Taken, error)
	// Has reports whether this process has a partition at this moment. Once it has said no, another process may have it.
	Has(partition int) bool
	// Ordered tells the other processes that there is a new common command. It does not wait for them, and may fail: they
	// look for themselves, too.
	Ordered()
	// Lost takes that the loop of a partition has ended, with the error that ended it. Nothing more comes from it.
	Lost(partition int, err error)
}

// Outcome is what became of a group of inputs.
type Outcome struct {
	Answers []engine.Answer
	Err     error // as of [Runner.Submit]
}

// Taken is what a partition answers to a handover.
type Taken struct {
	UpTo    uint64 // number of the last input that it has taken of the sender
	Answers []TakenAnswer
}

// TakenAnswer is the answer to one input of a handover.
type TakenAnswer struct {
	Number uint64
	Answer engine.Answer
}

var (
	// ErrElsewhere is returned when the partition of an input is on its way from one process to another. Nothing was taken; it
	// may be tried again in a moment.
	ErrElsewhere = errors.New("what it concerns moves to another node; try again in a moment")
	// ErrUnsure is returned when a partition was lost before the answer. Nobody can say whether the input was taken, so it
	// must be sent again with its ID.
	ErrUnsure = errors.New("nobody can say whether it was taken, since another node takes over; send it again, with the same id")
)

const (
	maxForward   = 256                    // groups of inputs in one request to another process; more go into the next one
	forwardTime  = 10 * time.Second       // how long another process may take to answer one; then nobody can say whether it was taken
	forwardAgain = 100 * time.Millisecond // before something is brought to another process again
	forwardTries = 40                     // attempts for what was certainly not taken; then it is refused
	watchEvery   = 250 * time.Millisecond // how often common commands of other processes are looked for
)

// remote brings what is for a partition to the process that has it: in its order, one request after the other.
type remote struct {
	r     *Runner
	place *place
	queue *queue
}

func (r *Runner) newRemote(p *place) *remote {
	return &remote{r: r, place: p, queue: newQueue(r.config.Queue, r.config.Queue)}
}

// push adds what is to be brought there, or reports ErrBusy.
func (x *remote) push(w *waiting) error { return x.queue.push(w) }

// run brings what comes until ctx ends, and refuses the rest.
func (x *remote) run(ctx context.Context) {
	for ctx.Err() == nil {
		if batch := x.queue.take(nil, maxForward); len(batch) > 0 {
			x.bring(ctx, batch)
			continue
		}
		select {
		case <-x.queue.wake:
		case <-ctx.Done():
		}
	}
	x.refuse(x.queue.take(nil, 1<<30))
}

// bring brings a batch. If a part of it fails, the rest and all that waits is refused: nothing overtakes what was sent before it.
func (x *remote) bring(ctx context.Context, batch []*waiting) {
	for len(batch) > 0 {
		n, err := 1, error(nil)
		if batch[0].handover != nil {
			err = x.handOver(ctx, batch[0])
		} else {
			for n < len(batch) && batch[n].handover == nil {
				n++
			}
			err = x.submit(ctx, batch[:n])
		}
		batch = batch[n:]
		if err != nil {
			x.refuse(append(batch, x.queue.take(nil, 1<<30)...))
			return
		}
	}
}

func (x *remote) refuse(all []*waiting) {
	for _, w := range all {
		w.end(ErrElsewhere)
	}
}

// handOver hands over what a partition of this process owes.
func (x *remote) handOver(ctx context.Context, w *waiting) error {
	if d := x.place.driver.Load(); d != nil && !d.closing() && d.push(w) == nil {
		return nil // it has come here
	}
	ctx, cancel := context.WithTimeout(ctx, forwardTime)
	defer cancel()
	taken, err := x.r.elsewhere.HandOver(ctx, x.place.number, w.handover)
	w.told(taken, err)
	return err
}

// submit has groups applied, and answers those who wait for them.
func (x *remote) submit(ctx context.Context, all []*waiting) error {
	for try := 1; ; try++ {
		if d := x.place.driver.Load(); d != nil && !d.closing() {
			return x.submitHere(d, all)
		}
		outcomes, err := x.request(ctx, all)
		if errors.Is(err, ErrElsewhere) && try < forwardTries && pause(ctx, forwardAgain) {
			continue
		}
		for i, w := range all {
			if err != nil {
				w.end(err)
				continue
			}
			w.Answers = outcomes[i].Answers
			w.end(outcomes[i].Err)
		}
		return err
	}
}

func (x *remote) request(ctx context.Context, all []*waiting) ([]Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, forwardTime)
	defer cancel()
	groups := make([][]*engine.Input, len(all))
	for i, w := range all {
		groups[i] = w.Inputs
	}
	outcomes, err := x.r.elsewhere.Submit(ctx, x.place.number, groups)
	if err == nil && len(outcomes) != len(groups) {
		err = ErrUnsure
	}
	return outcomes, err
}

// submitHere gives groups to the loop that has come to this process meanwhile.
func (x *remote) submitHere(d *driver, all []*waiting) error {
	for i, w := range all {
		if err := x.r.take(d, w); err != nil {
			for _, w := range all[i:] {
				w.end(err)
			}
			return err
		}
	}
	return nil
}

// pause waits, and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Apply applies groups of inputs that another process has brought for a partition; see [Elsewhere.Submit].
func (r *Runner) Apply(ctx context.Context, partition int, groups [][]*engine.Input) ([]Outcome, error) {
	d := r.heldBy(partition)
	if d == nil {
		return nil, ErrElsewhere
	}
	all, outcomes := make([]*waiting, len(groups)), make([]Outcome, len(groups))
	for i, inputs := range groups {
		all[i] = &waiting{Group: Group{Inputs: inputs}, done: make(chan error, 1), arrived: time.Now(), follows: true}
		if err := r.take(d, all[i]); err != nil {
			all[i].end(err)
		}
	}
	for i, w := range all {
		outcomes[i].Answers, outcomes[i].Err = w.wait(ctx)
		if outcomes[i].Err != nil && ctx.Err() != nil {
			outcomes[i] = Outcome{Err: ErrUnsure}
		}
	}
	return outcomes, nil
}

// take gives a group to the loop of its partition, or, if it is a common command, to the log of those.
func (r *Runner) take(d *driver, w *waiting) error {
	if len(w.Inputs) == 1 && engine.RouteOf(w.Inputs[0], len(r.places)).Each {
		if err := r.commands.add(w); err != nil {
			return err
		}
		r.nudge()
		return nil
	}
	return d.push(w)
}

// TakeHandover takes a handover that another process has brought for a partition; see [Elsewhere.HandOver].
func (r *Runner) TakeHandover(ctx context.Context, to int, h *Handover) (*Taken, error) {
	d := r.heldBy(to)
	if d == nil || h.From < 0 || h.From >= len(r.places) {
		return nil, ErrElsewhere
	}
	type told struct {
		taken *Taken
		err   error
	}
	answer := make(chan told, 1)
	w := &waiting{handover: h, done: make(chan error, 1), arrived: time.Now(), told: func(t *Taken, err error) { answer <- told{t, err} }}
	if err := d.push(w); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		return a.taken, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// heldBy returns the loop of a partition that this process has; nil if it has not.
func (r *Runner) heldBy(partition int) *driver {
	if partition < 0 || partition >= len(r.places) {
		return nil
	}
	d := r.places[partition].driver.Load()
	if d == nil || !d.has() {
		return nil
	}
	return d
}
