package runner

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/engine"
)

// metrics count what the loop does. Labels are bounded: kinds, outcomes and the names
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
	postTime *prometheus.HistogramVec
	stepTime prometheus.Histogram
	batch    prometheus.Histogram
	faults   prometheus.Counter
	damaged  prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, q *queue, accounts []Account) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	m := &metrics{
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
		lapsed: prometheus.NewCounter(prometheus.CounterOpts{Name: "nudge_receipts_expired_total",
			Help: "Messages named by the provider's ID alone whose receipts were dropped, because no run turned out to have sent them."}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "nudge_request_messages", Help: "Messages in one request to the provider, by account.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 13)}, []string{"account"}),
		heldNow: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "nudge_account_held",
			Help: "1 while nothing goes to an account: it asked to wait, its circuit breaker is open, or nothing may go out at all."}, []string{"account"}),
		postTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "nudge_post_duration_seconds", Help: "How long requests to the provider took, by account.",
			Buckets: prometheus.DefBuckets}, []string{"account"}),
		stepTime: histogram("nudge_step_duration_seconds", "How long loading, applying and committing a batch took.",
			prometheus.ExponentialBuckets(0.0005, 2, 14)),
		batch:  histogram("nudge_batch_inputs", "Inputs applied in one commit.", prometheus.ExponentialBuckets(1, 2, 12)),
		faults: prometheus.NewCounter(prometheus.CounterOpts{Name: "nudge_faults_total", Help: "Faults of the engine itself; each quarantined a run."}),
		damaged: prometheus.NewCounter(prometheus.CounterOpts{Name: "nudge_runs_damaged_total",
			Help: "Runs that were quarantined because their records were damaged."}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.inputs, m.ignored, m.refused, m.busy, m.started, m.ended,
		m.messages, m.unsent, m.posts, m.asks, m.lapsed, m.requests, m.heldNow, m.postTime, m.stepTime, m.batch, m.faults, m.damaged} {
		errs = append(errs, reg.Register(c))
	}
	for c, name := range map[class]string{commands: "commands", results: "results", inbound: "inbound", events: "events"} {
		errs = append(errs, reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nudge_queue_length", Help: "Groups of inputs that wait to be applied, by class.",
			ConstLabels: prometheus.Labels{"class": name},
		}, func() float64 { return float64(q.length(c)) })))
	}
	for _, a := range accounts {
		for o := channels.Accepted; o <= channels.Unknown; o++ {
			m.posts.WithLabelValues(a.Name, o.String())
		}
		m.held(a.Name, false)
	}
	return m, errors.Join(errs...)
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
func (m *metrics) held(account string, held bool) {
	n := 0.0
	if held {
		n = 1
	}
	m.heldNow.WithLabelValues(account).Set(n)
}

// step counts what a step did.
func (m *metrics) step(s *Step, batch []*waiting, took time.Duration) {
	n := 0
	for _, w := range batch {
		for i, in := range w.Inputs {
			n++
			m.input(in, &w.Answers[i])
		}
	}
	if n > 0 {
		m.batch.Observe(float64(n))
		m.stepTime.Observe(took.Seconds())
	}
	m.faults.Add(float64(len(s.Panics)))
	m.damaged.Add(float64(len(s.Damaged)))
	m.lapsed.Add(float64(s.Lapsed))
	for i := range s.Changes {
		m.change(&s.Changes[i])
	}
}

func (m *metrics) input(in *engine.Input, a *engine.Answer) {
	kind := in.Kind().String()
	m.inputs.WithLabelValues(kind).Inc()
	if a.Ignored != "" {
		m.ignored.WithLabelValues(kind, a.Ignored).Inc()
	}
	if a.Refused != nil {
		m.refused.WithLabelValues(kind, string(a.Refused.Why)).Inc()
	}
}

func (m *metrics) change(c *engine.Change) {
	before := 0
	if c.Before == nil {
		m.started.WithLabelValues(c.After.Flow).Inc()
	} else {
		before = c.Before.Logged()
	}
	for _, e := range c.After.Since(before) {
		if reason := e.UnsentReason(); reason != "" {
			m.unsent.WithLabelValues(c.After.Flow, reason).Inc()
		}
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
