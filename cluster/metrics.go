package cluster

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/store/nodes"
)

// reason says why a node does not have a partition any more.
type reason string

const (
	whyLease     reason = "lease"      // the node lost its lease
	whyTaken     reason = "taken"      // another node had it already
	whyFenced    reason = "fenced"     // the store refused a commit, since another node owns it
	whyFailed    reason = "failed"     // its loop ended because of another error
	whyNotOpened reason = "not opened" // it could not be opened
)

// Metrics count what a node does in its cluster.
type Metrics struct {
	owned     prometheus.Gauge
	all       prometheus.Gauge
	living    prometheus.Gauge
	leaseLeft *gauge
	takes     *prometheus.CounterVec
	drops     *prometheus.CounterVec
	joins     *prometheus.CounterVec
	forwards  *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
}

// NewMetrics returns metrics at zero, with the series that alerts compare with.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	single := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		owned:     single("nudge_cluster_partitions_owned", "Partitions that this node serves."),
		all:       single("nudge_cluster_partitions", "Partitions of the installation; those that all nodes serve together should be as many."),
		living:    single("nudge_cluster_nodes", "Living nodes, as this node last saw it."),
		leaseLeft: newGauge("nudge_cluster_lease_left_seconds", "How long this node may act for its partitions without a renewal; 0 without a lease."),
		takes:     counter("nudge_cluster_takes_total", "Partitions that this node took, by the owner before: nobody, a dead node, or itself (its loop had failed).", "from"),
		drops:     counter("nudge_cluster_drops_total", "Partitions that this node lost, by reason: lease (it lost its lease), taken (another node had it already), fenced (the store refused a commit), failed (its loop ended by another error), not opened.", "why"),
		joins:     counter("nudge_cluster_joins_total", "How often this process joined the cluster: once at its start, and again after each lost lease.", "again"),
		forwards:  counter("nudge_cluster_forwards_total", "Calls of other nodes, by call and result: done, busy, not owner, stopped, unreached, unknown (nobody knows whether it was done), failed.", "call", "result"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "nudge_cluster_forward_seconds",
			Help: "How long calls of other nodes took, by call.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)}, []string{"call"}),
	}
	for _, from := range []string{fromNobody, fromDead, fromItself} {
		m.takes.WithLabelValues(from)
	}
	for _, why := range []reason{whyLease, whyTaken, whyFenced, whyFailed, whyNotOpened} {
		m.drops.WithLabelValues(string(why))
	}
	for _, again := range []string{"no", "yes"} {
		m.joins.WithLabelValues(again)
	}
	for _, c := range []call{callSubmit, callHandOver, callNudge, callProxy} {
		for _, r := range []result{resultDone, resultUnreached, resultUnknown, resultFailed} {
			m.forwards.WithLabelValues(string(c), string(r))
		}
		m.seconds.WithLabelValues(string(c))
	}
	return m
}

// Register makes the metrics known.
func (m *Metrics) Register(reg prometheus.Registerer) error {
	var errs []error
	for _, c := range []prometheus.Collector{m.owned, m.all, m.living, m.leaseLeft, m.takes, m.drops, m.joins, m.forwards, m.seconds} {
		errs = append(errs, reg.Register(c))
	}
	return errors.Join(errs...)
}

// Whose a partition was before this node took it.
const (
	fromNobody = "nobody"
	fromDead   = "dead"
	fromItself = "itself"
)

// took counts a partition that this node took.
func (m *Metrics) took(before nodes.Partition, id nodes.ID) {
	from := fromDead
	switch before.Owner {
	case "":
		from = fromNobody
	case id:
		from = fromItself
	}
	m.takes.WithLabelValues(from).Inc()
}

// joined counts a join of this process.
func (m *Metrics) joined(again bool) {
	word := "no"
	if again {
		word = "yes"
	}
	m.joins.WithLabelValues(word).Inc()
}

// show notes how a node stands.
func (m *Metrics) show(h *Holdings) {
	owned := 0
	for i := range h.parts {
		if h.parts[i].stage == open {
			owned++
		}
	}
	m.owned.Set(float64(owned))
	m.living.Set(float64(len(h.living)))
	m.all.Set(float64(len(h.view.Partitions)))
}

// called counts a call of another node.
func (m *Metrics) called(c call, r result, took time.Duration) {
	m.forwards.WithLabelValues(string(c), string(r)).Inc()
	m.seconds.WithLabelValues(string(c)).Observe(took.Seconds())
}

// call names what is asked of another node.
type call string

const (
	callSubmit   call = "submit"
	callHandOver call = "hand over"
	callNudge    call = "nudge"
	callProxy    call = "proxy"
)

// result is how a call ended.
type result string

const (
	resultDone      result = "done"
	resultBusy      result = "busy"
	resultNotOwner  result = "not owner"
	resultStopped   result = "stopped"
	resultUnreached result = "unreached"
	resultUnknown   result = "unknown"
	resultFailed    result = "failed"
)

// gauge is one that is read when somebody asks, also before there is something to read.
type gauge struct {
	prometheus.GaugeFunc
	mu   sync.Mutex
	read func() float64
}

func newGauge(name, help string) *gauge {
	g := &gauge{read: func() float64 { return 0 }}
	g.GaugeFunc = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.read()
	})
	return g
}

func (g *gauge) set(read func() float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read = read
}
