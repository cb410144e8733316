package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
)

// webhookMetrics count the events in webhooks. The runner counts what becomes of them:
// receipts for another installation are among its ignored inputs.
type webhookMetrics struct{ events *prometheus.CounterVec }

// newWebhookMetrics registers the metrics, with every series at zero. Without a registry
// nobody sees them.
func newWebhookMetrics(registry *prometheus.Registry) (*webhookMetrics, error) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nudge_webhook_events_total", Help: "Events in webhooks of the provider, by what they are.",
	}, []string{"kind"})
	m := &webhookMetrics{events}
	m.count(&channels.Inbound{})
	if registry == nil {
		return m, nil
	}
	return m, registry.Register(events)
}

func (m *webhookMetrics) count(in *channels.Inbound) {
	counts := map[string]int{
		"receipt": len(in.Receipts), "reply": len(in.Replies), "profile": len(in.Profiles),
		string(channels.UnknownEvent): 0, string(channels.MalformedEvent): 0,
	}
	for _, x := range in.Ignored {
		counts[string(x.Reason)]++
	}
	for kind, n := range counts {
		m.events.WithLabelValues(kind).Add(float64(n))
	}
}
