package runner

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nudge/channels"
	"nudge/engine"
)

// ahead is the number of full requests of claimed messages that may wait while all
// senders are busy, for a channel whose requests take several messages. It fills the next
// requests; more would only be more messages that a crash makes unknown.
const ahead = 2

// dispatcher hands the claimed messages of one account to its senders. A free sender takes
// all messages that are ready: one if there is little to do, and under load all that
// gathered while the senders were busy.
type dispatcher struct {
	account Account // with its defaults
	links   Links   // may be nil
	ended   func(posts []engine.Post, results []channels.Result, took time.Duration)
	taken   func() // a sender has taken messages, so there is room for others

	// traced returns ctx with the trace of a request, and what ends its span; nil for no span.
	traced func(ctx context.Context, posts []engine.Post) (context.Context, func([]channels.Result))

	held atomic.Int32 // for how many partitions nothing goes to the account at present

	// pause is what the provider last asked for, whichever partition's message it was.
	pause atomic.Pointer[hold]

	mu     sync.Mutex // guards all below
	come   *sync.Cond // something is ready, or it is closed
	ready  []engine.Post
	idle   int // senders without messages
	closed bool
}

func newDispatcher(account Account, links Links) *dispatcher {
	d := &dispatcher{account: account, links: links, idle: account.Senders}
	d.come = sync.NewCond(&d.mu)
	return d
}

// start starts the senders. They end after close, and messages that are ready then are
// dropped.
func (d *dispatcher) start(ctx context.Context, all *sync.WaitGroup) {
	for range d.account.Senders {
		all.Go(func() {
			for posts := d.take(nil); posts != nil; posts = d.take(posts) {
				d.post(ctx, posts)
			}
		})
	}
}

// put adds messages that are ready.
func (d *dispatcher) put(p engine.Post) {
	d.mu.Lock()
	d.ready = append(d.ready, p)
	d.mu.Unlock()
}

// wake lets a sender look for new messages.
func (d *dispatcher) wake() { d.come.Signal() }

// take waits for messages and returns them, or nil once it is closed. The posts that
// the sender had before are used again.
func (d *dispatcher) take(into []engine.Post) []engine.Post {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.ready) == 0 && !d.closed {
		d.come.Wait()
	}
	if d.closed {
		return nil
	}
	d.idle--
	n := min(len(d.ready), d.account.Batch)
	into = append(into[:0], d.ready[:n]...)
	d.drop(n)
	if len(d.ready) > 0 {
		d.come.Signal()
	}
	d.taken()
	return into
}

// drop removes the first n messages that are ready.
func (d *dispatcher) drop(n int) {
	left := copy(d.ready, d.ready[n:])
	clear(d.ready[left:])
	d.ready = d.ready[:left]
}

// room returns how many more messages may be claimed.
func (d *dispatcher) room() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	room := d.idle*d.account.Batch - len(d.ready)
	if d.account.Batch > 1 {
		room += ahead * d.account.Batch
	}
	return room
}

// recall returns those of the messages that are ready which a partition has, so that no sender takes them.
func (d *dispatcher) recall(has func(*engine.Post) bool) (posts []engine.Post) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = slices.DeleteFunc(d.ready, func(p engine.Post) bool {
		if has(&p) {
			posts = append(posts, p)
		}
		return has(&p)
	})
	return posts
}

func (d *dispatcher) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.come.Broadcast()
}

// post makes one request and hands on its outcome.
func (d *dispatcher) post(ctx context.Context, posts []engine.Post) {
	began := time.Now()
	ctx, end := d.traced(ctx, posts)
	results := d.send(ctx, posts)
	took := time.Since(began)
	if end != nil {
		end(results)
	}
	d.mu.Lock()
	d.idle++ // before the loop hears of it, so that it finds room
	d.mu.Unlock()
	d.ended(posts, results, took)
}

func (d *dispatcher) send(ctx context.Context, posts []engine.Post) []channels.Result {
	messages, results := make([]channels.Message, 0, len(posts)), make([]channels.Result, len(posts))
	places := make([]int, 0, len(posts)) // of the messages among the posts
	for i := range posts {
		m, ok := d.linked(&posts[i])
		if !ok {
			results[i] = channels.Result{Outcome: channels.Refused, Reason: noLinks}
			continue
		}
		messages, places = append(messages, m), append(places, i)
	}
	for i, result := range d.carry(ctx, messages) {
		results[places[i]] = result
	}
	return results
}

// carry gives messages to the channel.
func (d *dispatcher) carry(ctx context.Context, messages []channels.Message) []channels.Result {
	switch len(messages) {
	case 0:
		return nil
	case 1:
		return []channels.Result{d.account.Channel.Send(ctx, messages[0])}
	}
	results := d.account.Channel.(channels.Batcher).SendBatch(ctx, messages)
	if len(results) != len(messages) {
		panic("runner: a channel answered for other messages than it was given")
	}
	return results
}
