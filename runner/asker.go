package runner

import (
	"context"
	"sync"
	"time"

	"nudge/channels"
	"nudge/engine"
)

const (
	maxAskers  = 8                // questions to one account at the same time; more wait for their turn
	maxAsks    = 4096             // questions to one account that wait for their turn; one more is asked again 15 s later
	askTimeout = 30 * time.Second // how long the provider may take to answer a question; then there is no answer, and the timer that caused it fires
	askRest    = time.Second      // after a question that could not be put
)

// asker asks the provider of one account for the status of messages.
type asker struct {
	account  string
	channel  channels.Asker
	asks     chan engine.StatusQuery
	answered func(*engine.StatusAnswer)
}

// start starts the goroutines that ask. They end when asks is closed.
func (k *asker) start(ctx context.Context, all *sync.WaitGroup) {
	for range maxAskers {
		all.Go(func() {
			for q := range k.asks {
				k.ask(ctx, q)
			}
		})
	}
}

// ask sends one query. If the process stops meanwhile there is no answer, and the next
// process asks again.
func (k *asker) ask(ctx context.Context, q engine.StatusQuery) {
	limited, cancel := context.WithTimeout(ctx, askTimeout)
	receipt, err := k.channel.Ask(limited, q.ProviderID)
	cancel()
	if ctx.Err() != nil {
		return
	}
	in := &engine.StatusAnswer{Run: q.Run, Message: q.Message, Receipt: receipt}
	if err != nil {
		in.Receipt, in.Failed = channels.Receipt{}, err.Error()
	}
	k.answered(in)
	if err != nil {
		rest := time.NewTimer(askRest)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
	}
}

// askerOf returns the asker of an account; nil if its channel cannot be asked.
func (r *Runner) askerOf(a Account) *asker {
	channel, ok := a.Channel.(channels.Asker)
	if !ok {
		return nil
	}
	return &asker{account: a.Name, channel: channel, asks: make(chan engine.StatusQuery, maxAsks), answered: func(in *engine.StatusAnswer) {
		r.metrics.asked(a.Name, in)
		if d := r.driverOf(in.Run); d != nil { // else the process that has the run asks again
			d.queue.wait(answerOf(in), d.gone())
		}
	}}
}

func answerOf(in *engine.StatusAnswer) *waiting {
	w := &waiting{done: make(chan error, 1), arrived: time.Now()}
	w.Inputs = []*engine.Input{{Payload: in}}
	return w
}

// handOnAsks gives status queries to the askers. A query that finds no place or no asker
// is answered at once.
func (d *driver) handOnAsks(asks []engine.StatusQuery) {
	for _, q := range asks {
		if in := d.r.enqueue(q); in != nil {
			d.returned = append(d.returned, answerOf(in))
			d.queue.nudge()
		}
	}
}

// enqueue adds a query to its queue, or returns why it cannot.
func (r *Runner) enqueue(q engine.StatusQuery) *engine.StatusAnswer {
	k := r.askerFor(q.Account)
	if k == nil {
		return &engine.StatusAnswer{Run: q.Run, Message: q.Message, Failed: "its account is not one that can be asked"}
	}
	select {
	case k.asks <- q:
		return nil
	default:
		return &engine.StatusAnswer{Run: q.Run, Message: q.Message, Busy: true}
	}
}

// askerFor returns the asker for the messages of an account: the first one if they name
// none.
func (r *Runner) askerFor(account string) *asker {
	for i, a := range r.config.Accounts {
		if a.Name == account || account == "" && i == 0 {
			return r.askers[i]
		}
	}
	return nil
}
