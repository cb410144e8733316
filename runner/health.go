package runner

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nudge/channels"
	"nudge/engine"
)

// Health is how a runner stands, as far as it knows without reading the store. All instants are
// of the engine's clock.
type Health struct {
	Now      time.Time
	Accounts []AccountHealth // in their order
	Queues   []QueueHealth
	Waited   time.Duration  // how long the oldest input of the newest step had waited in its queue, in real time
	Standing time.Duration  // how long the step under way has taken by now, in real time
	Due      engine.Instant // when the first timer is or was due that is not taken; 0 for none
}

// AccountHealth is how an account stands since the start.
type AccountHealth struct {
	Account string
	Held    bool           // nothing goes to it at present: the provider asked to wait, or requests failed
	Since   engine.Instant // when that began; 0: it takes messages
	Why     string
	Next    engine.Instant // when the next message may go to it
	Waiting int            // planned messages that are not yet handed to it
	Posted  engine.Instant // when it last accepted a message; 0 for never
	Heard   engine.Instant // when a webhook last brought news of one of its messages; 0 for never
	Unheard engine.Instant // when it accepted the first message after that; 0 for none
}

// QueueHealth is how many groups of inputs of a class wait to be applied.
type QueueHealth struct {
	Class  string
	Groups int
}

// classNames are the words for the classes of inputs.
var classNames = [classes]string{commands: "commands", results: "results", inbound: "inbound", events: "events", handovers: "handovers"}

// classes are the classes that inputs can have, in their order, with their names.
func (r *Runner) classes() iter.Seq2[class, string] {
	return func(yield func(class, string) bool) {
		for c, name := range classNames {
			if class(c) == handovers && r.commands == nil {
				continue // there are no other partitions
			}
			if !yield(class(c), name) {
				return
			}
		}
	}
}

// Health returns how the runner stands. It may be called while it runs.
func (r *Runner) Health() Health {
	h := Health{Now: r.config.Clock.Now(), Standing: r.Standing(), Due: r.nextDue()}
	for d := range r.own() {
		h.Waited = max(h.Waited, time.Duration(d.waited.Load()))
	}
	for c, name := range r.classes() {
		h.Queues = append(h.Queues, QueueHealth{name, r.queued(c)})
	}
	waiting := r.metrics.waitingNow()
	for _, d := range r.dispatchers {
		a := r.metrics.health[d.account.Name].read(d.account.Name)
		a.Waiting = waiting[a.Account]
		h.Accounts = append(h.Accounts, a)
	}
	return h
}

// Quiet reports whether no loop has anything to do until an instant that it returns, 0 for never:
// no input waits, no post is under way, and no timer is due. Something may arrive at any moment.
func (r *Runner) Quiet() (quiet bool, next engine.Instant) {
	quiet = true
	for d := range r.own() {
		next = earlier(next, engine.Instant(d.wakesAt.Load()))
		quiet = quiet && d.asleep.Load() && d.inFlight.Load() == 0 && d.queue.empty()
	}
	due := next != 0 && !next.Time().After(r.config.Clock.Now())
	return quiet && !due, next
}

// accountHealth is what is known of an account. The goroutines of the loops write it.
type accountHealth struct {
	holds                  []atomic.Pointer[hold] // by partition; nil: it takes its messages
	posted, heard, unheard atomic.Int64           // instants
}

// hold is why and how long nothing goes to an account.
type hold struct {
	since, until engine.Instant
	why          string
}

func (h *accountHealth) read(account string) AccountHealth {
	a := AccountHealth{Account: account, Posted: engine.Instant(h.posted.Load()), Heard: engine.Instant(h.heard.Load()), Unheard: engine.Instant(h.unheard.Load())}
	for n := range h.holds {
		if held := h.holds[n].Load(); held != nil && held.until >= a.Next {
			a.Held, a.Since, a.Why, a.Next = true, held.since, held.why, held.until
		}
	}
	return a
}

// note notes whether the account is held for a partition; it stores something only where that changed.
func (h *accountHealth) note(partition int, now hold) {
	before := h.holds[partition].Load()
	switch {
	case now.since == 0:
		if before != nil {
			h.holds[partition].Store(nil)
		}
	case before == nil || *before != now:
		h.holds[partition].Store(&now)
	}
}

// accepted notes that the account accepted a message. News of it may have come already.
func (h *accountHealth) accepted(at engine.Instant, known bool) {
	h.posted.Store(int64(at))
	if !known {
		h.unheard.CompareAndSwap(0, int64(at))
	}
}

// news notes that a webhook brought news of a message.
func (h *accountHealth) news(at engine.Instant) {
	h.heard.Store(int64(at))
	h.unheard.Store(0)
}

// observe notes what an entry of a timeline says of the account of its message.
func (m *metrics) observe(run *engine.Run, e *engine.Entry) {
	if e.Kind != engine.KindReceipt && e.Kind != engine.KindAccepted {
		return
	}
	h := m.health[cmp.Or(run.Message(e.Message).Account, m.account)]
	switch {
	case h == nil: // the account is not there any more
	case e.Kind == engine.KindAccepted:
		h.accepted(e.At, run.Message(e.Message).Status > engine.Accepted)
	default:
		h.news(e.At)
	}
}

// heldBack returns why nothing goes to an account; nothing where only the outbound mode, the kill
// switch or a stop holds it.
func (l *Loop) heldBack(account string) hold {
	x := l.queueOf(account)
	if x == nil {
		return hold{}
	}
	return x.limit.hold(l.now)
}

// hold returns since when and why nothing goes out. A breaker that is half open still holds all but
// one message.
func (g *limiter) hold(now engine.Instant) hold {
	switch {
	case now < g.heldUntil && g.heldUntil >= g.openUntil:
		return hold{g.heldSince, g.heldUntil, "the provider asked to wait" + because(g.why)}
	case g.openUntil != 0:
		return hold{g.heldSince, g.openUntil, "requests fail" + because(g.why)}
	}
	return hold{}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// remember keeps since when an account has failed, and why. An answer that is no failure ends it.
func (g *limiter) remember(now engine.Instant, r *engine.SendResult) {
	switch {
	case r.RetryAfter > 0 || r.Outcome == channels.Unknown || r.Outcome == channels.Deferred:
		g.why = r.Reason
		if g.heldSince == 0 {
			g.heldSince = now
		}
	default:
		g.heldSince, g.why = 0, ""
	}
}

// waitingCounts are planned messages by account, beside the metric of the same, which cannot be read.
type waitingCounts struct {
	mu       sync.Mutex
	messages map[string]int
}

func (w *waitingCounts) add(account string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.messages == nil {
		w.messages = map[string]int{}
	}
	w.messages[account] += n
}

// take returns the counts, and begins again.
func (w *waitingCounts) take() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.messages
	w.messages = nil
	return before
}

// addTo adds the counts to others.
func (w *waitingCounts) addTo(all map[string]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for account, n := range w.messages {
		all[account] += n
	}
}

// waitingNow returns how many planned messages wait, by account.
func (m *metrics) waitingNow() map[string]int {
	all := map[string]int{}
	for n := range m.waiting {
		m.waiting[n].addTo(all)
	}
	return all
}

// oldest returns how long the oldest of some groups has waited.
func oldest(batch []*waiting, now time.Time) time.Duration {
	if len(batch) == 0 {
		return 0
	}
	first := slices.MinFunc(batch, func(a, b *waiting) int { return a.arrived.Compare(b.arrived) })
	return now.Sub(first.arrived)
}
