package backtest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/replay"
)

// Assumption says what people do with messages that were never sent in reality.
type Assumption string

const (
	// Unread assumes that they were accepted and that nobody ever read or answered them.
	Unread Assumption = "unread"
	// LikeOthers takes what came back for another person's message of the same template,
	// chosen by a hash of the person. A template that nobody got stays unread.
	LikeOthers Assumption = "like-others"
)

// Options say what to compare.
type Options struct {
	Since    time.Time         // begin of the window
	Zone     *time.Location    // in which the hours of the day are counted; nil for UTC
	Assume   Assumption        // empty for Unread
	OneByOne bool              // play the two worlds one after the other, which takes one core and twice the time
	Progress func(done uint64) // called now and then with the inputs worked on so far, from two goroutines; nil for nobody
}

// ErrNothing is returned when no input lies in the window.
var ErrNothing = errors.New("the journal has no input in this time")

// Run compares what the deployed flows and the edited ones would do with the inputs of a
// window of a journal. A divided installation has a journal for each partition; they are given in the order of their numbers.
func Run(ctx context.Context, journals []replay.Source, edited []flows.Bundle, o Options) (*Report, error) {
	b, err := begin(ctx, journals, o)
	if err != nil {
		return nil, err
	}
	before, after, err := b.both(ctx, b.deployed(), &engine.Deploy{Flows: edited})
	if err != nil {
		return nil, err
	}
	return b.report(before, after), nil
}

// backtest is one comparison.
type backtest struct {
	parts   []*part
	options Options
	rec     *recording
	begin   *beginning
	until   engine.Instant // the end of the window
	seed    maphash.Seed
	done    atomic.Uint64
}

// part is the journal of a partition. An installation that is not divided has one.
type part struct {
	number, of int
	src        replay.Source
	replay     *past
	from       uint64 // the first input of the window
}

// begin records what a journal says, for worlds to play it again.
func begin(ctx context.Context, journals []replay.Source, o Options) (*backtest, error) {
	b := &backtest{options: o, seed: maphash.MakeSeed()}
	for n, src := range journals {
		state, err := src.State()
		if err != nil {
			return nil, err
		}
		p := &part{number: n, of: len(journals), src: src}
		if p.replay, err = newPast(state); err != nil {
			return nil, err
		}
		b.parts, b.until = append(b.parts, p), max(b.until, state.Stamp)
	}
	return b, b.record(ctx)
}

// record replays the journal, and takes down what happened in the window.
func (b *backtest) record(ctx context.Context) (err error) {
	since := engine.InstantOf(b.options.Since)
	for _, p := range b.parts {
		if p.from, err = p.replay.until(ctx, p.src, 1, since, nil, b.tick); err != nil {
			return err
		}
	}
	if b.begin, err = beginningOf(b.parts); err != nil {
		return err
	}
	b.rec = newRecording(since)
	stores := make([]*store.Store, 0, len(b.parts))
	for _, p := range b.parts {
		if _, err = p.replay.until(ctx, p.src, p.from, 0, b.rec.noteOf(p), b.tick); err != nil {
			return err
		}
		stores = append(stores, p.replay.Store)
	}
	if b.rec.outside == 0 && len(b.rec.campaigns) == 0 {
		return ErrNothing
	}
	return b.rec.finish(store.Join(stores))
}

// skipped is how many inputs were skipped.
func (b *backtest) skipped() (n int) {
	for _, p := range b.parts {
		n += p.replay.Skipped
	}
	return n
}

// deployed are the flows that are active at the end of the journal.
func (b *backtest) deployed() *engine.Deploy {
	d := &engine.Deploy{}
	for _, f := range b.parts[0].replay.Core.Active() {
		d.Flows = append(d.Flows, f.Bundle)
	}
	return d
}

// both plays the window twice, side by side.
func (b *backtest) both(ctx context.Context, deployed, edited *engine.Deploy) (before, after *world, err error) {
	pool := b.rec.pool()
	var beforeErr, afterErr error
	var worlds sync.WaitGroup
	worlds.Go(func() { before, beforeErr = b.world(ctx, pool, deployed) })
	if b.options.OneByOne {
		worlds.Wait()
	}
	worlds.Go(func() { after, afterErr = b.world(ctx, pool, edited) })
	worlds.Wait()
	if beforeErr != nil {
		beforeErr = fmt.Errorf("with the deployed flows: %w", beforeErr)
	}
	if afterErr != nil {
		afterErr = fmt.Errorf("with the edited flows: %w", afterErr)
	}
	return before, after, errors.Join(beforeErr, afterErr)
}

func (b *backtest) world(ctx context.Context, pool map[string][]*behaviour, d *engine.Deploy) (*world, error) {
	w, err := newWorld(b, pool)
	if err != nil {
		return nil, err
	}
	if err := w.begin(d); err != nil {
		return nil, err
	}
	return w, w.live(ctx, newFeed(b.parts), b.until, b.tick)
}

// tick counts an input that was replayed, or played in one of the worlds.
func (b *backtest) tick() {
	if n := b.done.Add(1); b.options.Progress != nil && n%tickEvery == 0 {
		b.options.Progress(n)
	}
}

// tickEvery is how many inputs are worked on between two calls of Progress.
const tickEvery = 1024

// fingerprint is a hash of which message of whom one is.
func fingerprint(r *engine.Run, key messageKey) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%q %q %q %q %d", r.Flow, r.Profile, r.Key, key.template, key.nth)
	return h.Sum64()
}
