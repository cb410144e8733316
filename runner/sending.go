package runner

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"nudge/channels"
	"nudge/engine"
)

// dispatcherOf returns the dispatcher of an account, whose outcomes come back as inputs.
func (r *Runner) dispatcherOf(a Account) *dispatcher {
	d := newDispatcher(a, r.config.Links)
	d.taken = r.nudge
	d.traced = func(ctx context.Context, posts []engine.Post) (context.Context, func([]channels.Result)) {
		return r.traced(ctx, a, posts)
	}
	d.ended = func(by []*driver, posts []engine.Post, results []channels.Result, took time.Duration) {
		r.metrics.request(a.Name, results, took)
		r.ended(a, by, posts, results)
	}
	return d
}

// nudge wakes all loops: there is room for messages.
func (r *Runner) nudge() {
	for d := range r.own() {
		d.queue.nudge()
	}
}

// ended hands the outcomes of a request to the loops that claimed its messages. One is dropped only after its loop has failed;
// the next start settles the messages then.
func (r *Runner) ended(a Account, by []*driver, posts []engine.Post, results []channels.Result) {
	if same(by) {
		by[0].hear(outcomes(a, posts, func(i int, s *engine.SendResult) { s.Result = results[i] }))
		return
	}
	told := map[*driver]bool{}
	for _, d := range by {
		if told[d] {
			continue
		}
		told[d] = true
		var own []engine.Post
		var of []channels.Result
		for i := range posts {
			if by[i] == d {
				own, of = append(own, posts[i]), append(of, results[i])
			}
		}
		d.hear(outcomes(a, own, func(i int, s *engine.SendResult) { s.Result = of[i] }))
	}
}

// same reports whether one loop has claimed all messages.
func same(by []*driver) bool {
	return !slices.ContainsFunc(by, func(d *driver) bool { return d != by[0] })
}

// notPosted returns that messages were not posted, as inputs that free their places. If another process may have the partition next, each input
// has an ID: it may come twice, and by then its message may be on its way again, as the same attempt.
func (d *driver) notPosted(a Account, posts []engine.Post, why string) *waiting {
	w := outcomes(a, posts, func(_ int, s *engine.SendResult) { s.Returned, s.Reason = true, why })
	if d.r.elsewhere != nil {
		for _, in := range w.Inputs {
			in.ID = rand.Text()
		}
	}
	return w
}

// outcomes returns how posts of an account ended, as inputs that free their places.
func outcomes(a Account, posts []engine.Post, fill func(int, *engine.SendResult)) *waiting {
	w := &waiting{done: make(chan error, 1), arrived: time.Now()}
	w.Frees, w.Account = len(posts), a.Name
	w.Inputs = make([]*engine.Input, len(posts))
	for i, p := range posts {
		result := &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt}
		fill(i, result)
		w.Inputs[i] = &engine.Input{Payload: result}
	}
	return w
}

// dispatch gives claimed messages to the senders of their accounts. If an account takes
// nothing at present, the messages that no sender has taken go back to the loop.
func (d *driver) dispatch(posts []engine.Post) {
	d.flying += len(posts)
	for _, p := range posts {
		d.r.dispatcherFor(p.Account).put(claimed{p, d})
	}
	for n, x := range d.r.dispatchers {
		x.wake()
		d.pause(x)
		held := d.loop.Held(x.account.Name)
		if held != d.held[n] && !d.closing() { // that a loop which ends claims nothing is no news
			d.held[n] = held
			d.r.note(x, held)
		}
		if !held {
			continue
		}
		if posts := x.recall(d); len(posts) > 0 {
			d.returned = append(d.returned, d.notPosted(x.account, posts, "nothing goes to its account at present"))
			d.queue.nudge()
		}
	}
}

// pause shows the other partitions until when the provider wants no messages.
func (d *driver) pause(x *dispatcher) {
	limit, known := &d.loop.queueOf(x.account.Name).limit, x.pause.Load()
	if d.r.commands == nil || limit.heldUntil <= d.loop.now || known != nil && known.until >= limit.heldUntil {
		return
	}
	x.pause.Store(&hold{limit.heldSince, limit.heldUntil, limit.why})
	d.r.nudge()
}

// note logs when an account stops taking messages, for the first partition, and when it takes those of all again.
func (r *Runner) note(d *dispatcher, held bool) {
	switch {
	case held && d.held.Add(1) == 1:
		r.metrics.held(d.account.Name, true)
		r.config.Log.Warn("nothing goes to the account for now", "account", d.account.Name)
	case !held && d.held.Add(-1) == 0:
		r.metrics.held(d.account.Name, false)
		r.config.Log.Info("messages go to the account again", "account", d.account.Name)
	}
}

// dispatcherFor returns the dispatcher of the account that a message names: the first one
// if it names none.
func (r *Runner) dispatcherFor(account string) *dispatcher {
	for _, d := range r.dispatchers {
		if d.account.Name == account {
			return d
		}
	}
	return r.dispatchers[0]
}
