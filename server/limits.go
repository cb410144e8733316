package server

import (
	"cmp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits bound what requests can make the server hold. A zero value means the default.
type Limits struct {
	Connections  int           // open at once, on each listener
	PerAddress   int           // of these, from one address; of IPv6, from one network of 64 bits
	Unproven     int64         // bytes of webhooks whose signature is not proven yet, of all together
	BodyPatience time.Duration // how long a body may take whatever its size, and a stream between two lines
	BodyRate     int           // bytes a second of a body beyond that time
	Free         int64         // bytes of the disk of the store that must be free; see Config.Full
}

// The defaults of Limits.
const (
	DefaultConnections  = 4096             // open connections on each listener, or `limits.connections`; one more is closed at once
	DefaultPerAddress   = 1024             // of these, from one address or one network of 64 bits of IPv6, or `limits.connections_per_address`; one more is closed at once
	DefaultUnproven     = 64 << 20         // bytes of all webhooks whose signature is not proven yet, or `limits.unproven_bytes`; one more is refused with 503
	DefaultBodyPatience = 30 * time.Second // for a body of any size, and between two lines of a stream, or `limits.body_patience`; a slower one is refused with 408
	DefaultBodyRate     = 16 << 10         // bytes that must come in each further second, or `limits.body_rate`; a slower body is refused with 408
	DefaultFree         = 64 << 20         // bytes of the store's disk that stay free, or `limits.free_bytes`; with less, all that is new is refused with 503
)

func (l Limits) orDefaults() Limits {
	return Limits{
		Connections: cmp.Or(l.Connections, DefaultConnections), PerAddress: cmp.Or(l.PerAddress, DefaultPerAddress),
		Unproven: cmp.Or(l.Unproven, DefaultUnproven), BodyPatience: cmp.Or(l.BodyPatience, DefaultBodyPatience),
		BodyRate: cmp.Or(l.BodyRate, DefaultBodyRate), Free: cmp.Or(l.Free, DefaultFree),
	}
}

// The names of the limits, as nudge.yaml and the metric have them.
const (
	limitConnections = "connections"
	limitPerAddress  = "connections_per_address"
	limitUnproven    = "unproven_bytes"
	limitBodyRate    = "body_rate"
	limitFree        = "free_bytes"
)

// limitMetrics show what the limits hold and what they refuse.
type limitMetrics struct {
	refused     *prometheus.CounterVec
	connections prometheus.Gauge
	unproven    prometheus.GaugeFunc
}

// newLimitMetrics registers the metrics, with every series at zero. Without a registry nobody
// sees them.
func newLimitMetrics(registry *prometheus.Registry, unproven func() float64) (*limitMetrics, error) {
	m := &limitMetrics{
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nudge_http_refused_total", Help: "Connections and requests that a limit refused, by the limit.",
		}, []string{"limit"}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "nudge_http_connections", Help: "Open connections of all listeners.",
		}),
		unproven: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nudge_webhook_unproven_bytes", Help: "Bytes of webhooks in memory whose signature is not proven yet.",
		}, unproven),
	}
	for _, limit := range []string{limitConnections, limitPerAddress, limitUnproven, limitBodyRate, limitFree} {
		m.refused.WithLabelValues(limit)
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.refused, m.connections, m.unproven} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
