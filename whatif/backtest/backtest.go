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
	"nudge/store/memory"
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
// window of a journal.
func Run(ctx context.Context, src replay.Source, edited []flows.Bundle, o Options) (*Report, error) {
	b, err := begin(ctx, src, o)
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
	src     replay.Source
	options Options
	replay  *past
	rec     *recording
	begin   *memory.KV     // the store when the window began
	from    uint64         // the first input of the window
	until   engine.Instant // the end of the window
	seed    maphash.Seed
	done    atomic.Uint64
}

// begin records what a journal says, for worlds to play it again.
func begin(ctx context.Context, src replay.Source, o Options) (*backtest, error) {
	state, err := src.State()
	if err != nil {
		return nil, err
	}
	b := &backtest{src: src, options: o, until: state.Stamp, seed: maphash.MakeSeed()}
	if b.replay, err = newPast(state, engine.InstantOf(o.Since)); err != nil {
		return nil, err
	}
	return b, b.record(ctx)
}

// record replays the journal, and takes down what happened in the window.
func (b *backtest) record(ctx context.Context) (err error) {
	if b.from, err = b.replay.until(ctx, b.src, 1, b.replay.since, nil, b.tick); err != nil {
		return err
	}
	b.begin = b.replay.KV.Clone()
	b.rec = newRecording(b.replay)
	_, err = b.replay.until(ctx, b.src, b.from, 0, b.rec.note, b.tick)
	if err == nil && b.rec.outside == 0 && len(b.rec.campaigns) == 0 {
		err = ErrNothing
	}
	if err != nil {
		return err
	}
	return b.rec.nameCampaigns()
}

// deployed are the flows that are active at the end of the journal.
func (b *backtest) deployed() *engine.Deploy {
	d := &engine.Deploy{}
	for _, f := range b.replay.Core.Active() {
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
	return w, w.live(ctx, b.src, b.from, b.until, b.tick)
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
