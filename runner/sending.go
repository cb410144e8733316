package runner

import (
	"context"
	"time"

	"nudge/channels"
	"nudge/engine"
)

// dispatcherOf returns the dispatcher of an account, whose outcomes come back as inputs.
func (r *Runner) dispatcherOf(a Account) *dispatcher {
	d := newDispatcher(a, r.config.Links)
	d.taken = func() { r.queue.nudge() }
	d.traced = func(ctx context.Context, posts []engine.Post) (context.Context, func([]channels.Result)) {
		return r.traced(ctx, a, posts)
	}
	d.ended = func(posts []engine.Post, results []channels.Result, took time.Duration) {
		r.metrics.request(a.Name, results, took)
		// It is dropped only after the loop has failed; the next start settles the messages
		// then.
		r.queue.wait(outcomes(a, posts, func(i int, s *engine.SendResult) { s.Result = results[i] }), r.over)
	}
	return d
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
func (r *Runner) dispatch(posts []engine.Post) {
	r.flying += len(posts)
	for _, p := range posts {
		r.dispatcherFor(p.Account).put(p)
	}
	for _, d := range r.dispatchers {
		d.wake()
		held := r.loop.Held(d.account.Name)
		r.note(d, held)
		if !held {
			continue
		}
		if posts := d.recall(); len(posts) > 0 {
			r.returned = append(r.returned, outcomes(d.account, posts, func(_ int, s *engine.SendResult) {
				s.Returned, s.Reason = true, "nothing goes to its account at present"
			}))
			r.queue.nudge()
		}
	}
}

// note logs when an account stops taking messages, and when it takes them again.
func (r *Runner) note(d *dispatcher, held bool) {
	if held == d.held {
		return
	}
	d.held = held
	r.metrics.held(d.account.Name, held)
	if held {
		r.config.Log.Warn("nothing goes to the account for now", "account", d.account.Name)
	} else {
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
