package runner

import (
	"cmp"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/engine"
)

// metrics count what the loop does. Labels are bounded: kinds, outcomes, accounts and the names
// of deployed flows.
type metrics struct {
	inputs   *prometheus.CounterVec
	ignored  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	busy     *prometheus.CounterVec
	started  *prometheus.CounterVec
	ended    *prometheus.CounterVec
	messages *prometheus.CounterVec
	unsent   *prometheus.CounterVec
	posts    *prometheus.CounterVec
	asks     *prometheus.CounterVec
	lapsed   prometheus.Counter
	requests *prometheus.HistogramVec
	heldNow  *prometheus.GaugeVec
	holding  prometheus.Gauge
	outbox   *prometheus.GaugeVec
	postTime *prometheus.HistogramVec
	stepTime prometheus.Histogram
	commits  prometheus.Histogram
	batch    prometheus.Histogram
	faults   prometheus.Counter
	damaged  prometheus.Counter
	arrivals [engine.Verdicts]prometheus.Counter // of one vector, by verdict
	arrived  *prometheus.CounterVec

	waiting []waitingCounts           // beside outbox, by partition
	health  map[string]*accountHealth // by account

	account string // the default one: it carries the messages that name none
}

// newMetrics returns the metrics of a number of partitions, with the series at zero that alerts compare with.
func newMetrics(accounts []Account, partitions int) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	single := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"account"})
	}
	histogram := func(name, help string, buckets []float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}
	}
	steps := prometheus.ExponentialBuckets(0.0005, 2, 14)
	m := &metrics{account: accounts[0].Name,
		inputs:   counter("nudge_inputs_total", "Inputs applied, by kind.", "kind"),
		ignored:  counter("nudge_inputs_ignored_total", "Inputs that concerned nobody here, by kind and reason.", "kind", "reason"),
		refused:  counter("nudge_inputs_refused_total", "Inputs refused, by kind and reason.", "kind", "reason"),
		busy:     counter("nudge_inputs_busy_total", "Inputs turned away because a queue was full, by kind.", "kind"),
		started:  counter("nudge_runs_started_total", "Runs started, by flow.", "flow"),
		ended:    counter("nudge_runs_ended_total", "Runs ended, by flow and outcome.", "flow", "outcome"),
		messages: counter("nudge_messages_total", "What happened to messages, by flow and kind.", "flow", "what"),
		unsent:   counter("nudge_unsent_total", "Messages that were held back, by flow and reason.", "flow", "reason"),
		posts:    counter("nudge_posts_total", "Messages posted to the provider, by account and outcome.", "account", "outcome"),
		asks:     counter("nudge_asks_total", "Messages about which the provider was asked, by account and what it said: news, nothing, failed.", "account", "answer"),
		lapsed:   single("nudge_receipts_expired_total", "Messages named by the provider's ID alone whose receipts were dropped, because no run turned out to have sent them."),
		requests: prometheus.NewHistogramVec(histogram("nudge_request_messages", "Messages in one request to the provider, by account.", prometheus.ExponentialBuckets(1, 2, 13)), []string{"account"}),
		heldNow:  gauge("nudge_account_held", "1 while nothing goes to an account: it asked to wait, its circuit breaker is open, or nothing may go out at all."),
		holding: prometheus.NewGauge(prometheus.GaugeOpts{Name: "nudge_outbound_held",
			Help: "1 while nothing may go out at all: the outbound mode is hold, or the kill switch is on."}),
		outbox:   gauge("nudge_outbox_messages", "Planned messages that are not yet handed to the provider, by account."),
		postTime: prometheus.NewHistogramVec(histogram("nudge_post_duration_seconds", "How long requests to the provider took, by account.", prometheus.DefBuckets), []string{"account"}),
		stepTime: prometheus.NewHistogram(histogram("nudge_step_duration_seconds", "How long a step of the loop took, from loading to the last commit.", steps)),
		commits:  prometheus.NewHistogram(histogram("nudge_commit_duration_seconds", "How long it took to make a batch of inputs durable.", steps)),
		batch:    prometheus.NewHistogram(histogram("nudge_batch_inputs", "Inputs applied in one step of the loop.", prometheus.ExponentialBuckets(1, 2, 12))),
		faults:   single("nudge_faults_total", "Faults of the engine itself; each quarantined a run."),
		damaged:  single("nudge_runs_damaged_total", "Runs that were quarantined because their records were damaged."),
	}
	m.arrived = counter("nudge_events_total", "Events that arrived, by verdict: started (a run or a campaign), matched (a run went on, ended or keeps it), nothing, duplicate (its id was known), refused; and emitted by flows.", "verdict")
	for v := range m.arrivals {
		m.arrivals[v] = m.arrived.WithLabelValues(engine.Verdict(v).String())
	}
	m.health, m.waiting = map[string]*accountHealth{}, make([]waitingCounts, partitions)
	for _, a := range accounts {
		m.health[a.Name] = &accountHealth{holds: make([]atomic.Pointer[hold], partitions)}
	}
	m.zero(accounts)
	return m
}

// zero makes the series that must be there before they first count something, so that an alert sees
// their first rise.
func (m *metrics) zero(accounts []Account) {
	for _, kind := range []engine.InputKind{engine.InputEvent, engine.InputCall, engine.InputReceipt, engine.InputReply, engine.InputProfile} {
		m.busy.WithLabelValues(kind.String())
	}
	for _, a := range accounts {
		for o := channels.Accepted; o <= channels.Unknown; o++ {
			m.posts.WithLabelValues(a.Name, o.String())
		}
		m.held(a.Name, false)
		m.outbox.WithLabelValues(a.Name)
	}
}

func (m *metrics) register(reg prometheus.Registerer) error {
	var errs []error
	for _, c := range []prometheus.Collector{m.inputs, m.ignored, m.refused, m.busy, m.started, m.ended,
		m.messages, m.unsent, m.posts, m.asks, m.lapsed, m.requests, m.heldNow, m.holding, m.outbox, m.postTime,
		m.stepTime, m.commits, m.batch, m.faults, m.damaged, m.arrived} {
		errs = append(errs, reg.Register(c))
	}
	return errors.Join(errs...)
}

// request counts one request to the provider.
func (m *metrics) request(account string, results []channels.Result, took time.Duration) {
	for _, r := range results {
		m.posts.WithLabelValues(account, r.Outcome.String()).Inc()
	}
	m.requests.WithLabelValues(account).Observe(float64(len(results)))
	m.postTime.WithLabelValues(account).Observe(took.Seconds())
}

// asked counts one answer to a status query.
func (m *metrics) asked(account string, in *engine.StatusAnswer) {
	answer := "nothing"
	switch {
	case in.Failed != "":
		answer = "failed"
	case in.Receipt.Status != 0:
		answer = "news"
	}
	m.asks.WithLabelValues(account, answer).Inc()
}

// held notes whether an account takes nothing at present.
func (m *metrics) held(account string, held bool) { m.heldNow.WithLabelValues(account).Set(flag(held)) }

// flag is 1 for true.
func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// step counts what a step did.
func (m *metrics) step(partition int, s *Step, batch []*waiting, took time.Duration) {
	n := 0
	for kind, inputs := range s.Inputs {
		n += inputs
		m.inputs.WithLabelValues(kind.String()).Add(float64(inputs))
	}
	if n > 0 {
		m.batch.Observe(float64(n))
		m.stepTime.Observe(took.Seconds())
	}
	for _, w := range batch {
		for i, in := range w.Inputs {
			m.answer(in.Kind().String(), &w.Answers[i])
		}
	}
	m.faults.Add(float64(len(s.Panics)))
	m.damaged.Add(float64(len(s.Damaged)))
	m.lapsed.Add(float64(s.Lapsed))
	for i := range s.Changes {
		m.change(partition, &s.Changes[i])
	}
}

// answer counts what became of an input from outside.
func (m *metrics) answer(kind string, a *engine.Answer) {
	if a.Ignored != "" {
		m.ignored.WithLabelValues(kind, a.Ignored).Inc()
	}
	if a.Refused != nil {
		m.refused.WithLabelValues(kind, string(a.Refused.Why)).Inc()
	}
}

// planned adds to the planned messages of an account.
func (m *metrics) planned(partition int, account string, n int) {
	account = cmp.Or(account, m.account)
	m.outbox.WithLabelValues(account).Add(float64(n))
	m.waiting[partition].add(account, n)
}

// recount sets the planned messages of a partition.
func (m *metrics) recount(partition int, planned map[string]int) {
	for account, n := range m.waiting[partition].take() {
		m.outbox.WithLabelValues(account).Sub(float64(n))
	}
	for account, n := range planned {
		m.planned(partition, account, n)
	}
}

// plannedOf adds the planned messages of a run, so many times.
func (m *metrics) plannedOf(partition int, r *engine.Run, times int) {
	for i := range r.Messages {
		if x := &r.Messages[i]; x.Status == engine.Planned {
			m.planned(partition, x.Account, times)
		}
	}
}

func (m *metrics) change(partition int, c *engine.Change) {
	before := 0
	if c.Before == nil {
		m.started.WithLabelValues(c.After.Flow).Inc()
	} else {
		before = c.Before.Logged()
		m.plannedOf(partition, c.Before, -1)
	}
	m.plannedOf(partition, c.After, 1)
	for _, e := range c.After.Since(before) {
		if reason := e.UnsentReason(); reason != "" {
			m.unsent.WithLabelValues(c.After.Flow, reason).Inc()
		}
		m.observe(c.After, &e)
		switch {
		case e.Kind == engine.KindEnded:
			m.ended.WithLabelValues(c.After.Flow, c.After.Outcome).Inc()
		case e.Kind == engine.KindReceipt:
			m.messages.WithLabelValues(c.After.Flow, c.After.Message(e.Message).Status.String()).Inc()
		case e.Message != 0:
			m.messages.WithLabelValues(c.After.Flow, e.Kind.String()).Inc()
		}
	}
}
