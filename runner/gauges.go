package runner

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
)

// registerGauges registers the metrics that are read when somebody asks for them, so that they also
// show a loop that stands still.
func (r *Runner) registerGauges(reg prometheus.Registerer) error {
	gauge := func(name, help string, labels prometheus.Labels, read func() float64) error {
		return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
	}
	errs := []error{
		gauge("nudge_step_standing_seconds", "How long the step of the loop under way has taken by now; 0 between steps.", nil,
			func() float64 { return r.Standing().Seconds() }),
		gauge("nudge_timers_late_seconds", "How long ago the first timer was due that is not taken yet, by the engine's clock; 0 while none is due.", nil,
			func() float64 { return r.late().Seconds() }),
	}
	for c, name := range r.classes() {
		errs = append(errs, gauge("nudge_queue_length", "Groups of inputs that wait to be applied, by class.", prometheus.Labels{"class": name},
			func() float64 { return float64(r.queued(c)) }))
	}
	if r.commands != nil {
		errs = append(errs, r.registerHandovers(gauge))
	}
	return errors.Join(errs...)
}

// registerHandovers registers the metrics of what partitions owe each other.
func (r *Runner) registerHandovers(gauge func(name, help string, labels prometheus.Labels, read func() float64) error) error {
	var errs []error
	for _, p := range r.places {
		errs = append(errs, gauge("nudge_owed_inputs", "Inputs that a partition owes others, and that they have not taken, by the partition that owes them; 0 for one that another node has.",
			prometheus.Labels{"partition": strconv.Itoa(p.number)}, func() float64 {
				if d := p.driver.Load(); d != nil {
					return float64(d.handing.owed.Load())
				}
				return 0
			}))
	}
	return errors.Join(errs...)
}

// late returns how long ago the first timer was due that no loop has taken yet.
func (r *Runner) late() time.Duration {
	due := r.nextDue()
	if due == 0 {
		return 0
	}
	return max(r.config.Clock.Now().Sub(due.Time()), 0)
}

// nextDue returns when the first timer is or was due that is not taken; 0 for none.
func (r *Runner) nextDue() (next engine.Instant) {
	for d := range r.own() {
		if due := engine.Instant(d.due.Load()); due > 1 { // at 1 the loop has still to look
			next = earlier(next, due)
		}
	}
	return next
}

// queued returns how many groups of a class wait.
func (r *Runner) queued(c class) (groups int) {
	for d := range r.own() {
		groups += d.queue.length(c)
	}
	return groups
}

// show notes how the loop stands after a step.
func (d *driver) show() {
	d.due.Store(int64(d.loop.next))
	for _, x := range d.r.dispatchers {
		d.r.metrics.health[x.account.Name].note(d.number, d.loop.heldBack(x.account.Name))
	}
	d.r.metrics.holding.Set(flag(d.loop.core.State.Holding()))
}

// countOutbox counts the planned messages in the store: at the start, and after damaged runs were set
// apart. Otherwise the changes of runs keep the numbers up to date.
func (d *driver) countOutbox() error {
	planned := map[string]int{}
	for after := (engine.OutboxRef{}); ; {
		found, err := d.loop.store.Outbox(after, maxBacklog)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		for _, e := range found {
			if !e.Claimed {
				planned[e.Account]++
			}
		}
		after = found[len(found)-1].OutboxRef
	}
	d.r.metrics.recount(d.number, planned)
	return nil
}

// timedStore measures how long commits take.
type timedStore struct {
	Store
	took prometheus.Observer
}

// Commit makes a batch durable.
func (s timedStore) Commit(b *engine.Batch) error {
	began := time.Now()
	err := s.Store.Commit(b)
	s.took.Observe(time.Since(began).Seconds())
	return err
}
