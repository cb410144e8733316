package runner

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// Fetcher asks HTTP services for fetch steps. Implementations are safe for concurrent
// use.
type Fetcher interface {
	// Do makes one request and returns the answer's status and its body, or a nil body if
	// it is not JSON. An error says why there was no answer, and holds no secrets. If the
	// error has a method Final that returns true, asking again cannot help.
	Do(ctx context.Context, request flows.FetchRequest, timeout time.Duration) (status int, body json.RawMessage, err error)
}

// ErrHeld is returned by a fetcher that may ask nobody yet, because the store was restored.
var ErrHeld = errors.New("the store was restored, and nobody has let anything out of it yet")

const (
	maxFetchers = 32   // fetches at the same time; more wait for a place
	maxFetches  = 4096 // fetches that wait for a place; one more is tried again later, and does not count as an attempt
)

// startFetchers starts the goroutines that fetch. They end when fetches is closed.
func (r *Runner) startFetchers(ctx context.Context) *sync.WaitGroup {
	var all sync.WaitGroup
	for range maxFetchers {
		all.Go(func() {
			for p := range r.fetches {
				r.fetched(p, r.fetch(ctx, p))
			}
		})
	}
	return &all
}

func (r *Runner) fetch(ctx context.Context, p engine.FetchPost) *engine.FetchResult {
	if r.config.Fetcher == nil {
		return &engine.FetchResult{Error: "this server fetches nothing"}
	}
	ctx, end := r.tracedFetch(ctx, &p)
	status, body, err := r.config.Fetcher.Do(ctx, p.Request, p.Timeout)
	result := &engine.FetchResult{Status: status, JSON: body}
	if err != nil {
		var final interface{ Final() bool }
		result = &engine.FetchResult{Error: err.Error(), Held: errors.Is(err, ErrHeld), Final: errors.As(err, &final) && final.Final()}
	}
	if end != nil {
		end(result)
	}
	return result
}

// fetched submits the outcome of a fetch as an input. If the queue is full, or another process has the run now, the outcome is
// lost, and the run asks again when its attempt times out.
func (r *Runner) fetched(p engine.FetchPost, result *engine.FetchResult) {
	result.Run, result.Step, result.Attempt = p.Run, p.Step, p.Attempt
	w := &waiting{done: make(chan error, 1), arrived: time.Now()}
	w.Inputs = []*engine.Input{{Payload: result}}
	if d := r.driverOf(p.Run); d != nil {
		_ = d.queue.push(w)
	}
}

// handOnFetches gives fetches to the fetchers. A fetch that finds no place fails.
func (r *Runner) handOnFetches(fetches []engine.FetchPost) {
	for _, p := range fetches {
		select {
		case r.fetches <- p:
		default:
			r.fetched(p, &engine.FetchResult{Busy: true, Error: "too many fetches are under way"})
		}
	}
}
