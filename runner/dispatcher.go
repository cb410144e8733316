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
	ended   func(by []*driver, posts []engine.Post, results []channels.Result, took time.Duration)
	taken   func() // a sender has taken messages, so there is room for others

	// traced returns ctx with the trace of a request, and what ends its span; nil for no span.
	traced func(ctx context.Context, posts []engine.Post) (context.Context, func([]channels.Result))

	held atomic.Int32 // for how many partitions nothing goes to the account at present

	// pause is what the provider last asked for, whichever partition's message it was.
	pause atomic.Pointer[hold]

	mu     sync.Mutex // guards all below
	come   *sync.Cond // something is ready, or it is closed
	ready  []claimed
	idle   int // senders without messages
	closed bool
}

// claimed is a message and the loop that has claimed it.
type claimed struct {
	engine.Post
	by *driver
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
			for all := d.take(nil); all != nil; all = d.take(all) {
				d.post(ctx, all)
			}
		})
	}
}

// put adds messages that are ready.
func (d *dispatcher) put(p claimed) {
	d.mu.Lock()
	d.ready = append(d.ready, p)
	d.mu.Unlock()
}

// wake lets a sender look for new messages.
func (d *dispatcher) wake() { d.come.Signal() }

// take waits for messages and returns them, or nil once it is closed. The posts that
// the sender had before are used again.
func (d *dispatcher) take(into []claimed) []claimed {
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

// recall returns those of the messages that are ready which a loop has claimed, so that no sender takes them.
func (d *dispatcher) recall(by *driver) (posts []engine.Post) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = slices.DeleteFunc(d.ready, func(c claimed) bool {
		if c.by == by {
			posts = append(posts, c.Post)
		}
		return c.by == by
	})
	return posts
}

func (d *dispatcher) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.come.Broadcast()
}

// post makes one request and hands on its outcome. The messages of a partition that another process may have by now do not
// go out: this is the last look before the request.
func (d *dispatcher) post(ctx context.Context, all []claimed) {
	posts, by := make([]engine.Post, 0, len(all)), make([]*driver, 0, len(all))
	for _, c := range all {
		if c.by.has() {
			posts, by = append(posts, c.Post), append(by, c.by)
		} else {
			c.by.takeBack([]engine.Post{c.Post})
		}
	}
	var results []channels.Result
	began := time.Now()
	if len(posts) > 0 {
		var end func([]channels.Result)
		ctx, end = d.traced(ctx, posts)
		results = d.send(ctx, posts)
		if end != nil {
			end(results)
		}
	}
	took := time.Since(began)
	d.mu.Lock()
	d.idle++ // before the loop hears of it, so that it finds room
	d.mu.Unlock()
	if len(posts) > 0 {
		d.ended(by, posts, results, took)
	}
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
