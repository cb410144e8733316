package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
)

// webhookMetrics count the events in webhooks. The runner counts what becomes of them:
// receipts for another installation are among its ignored inputs.
type webhookMetrics struct{ events *prometheus.CounterVec }

// The kinds of events in webhooks, beside the reasons why one is ignored.
const (
	kindReceipt = "receipt"
	kindReply   = "reply"
	kindProfile = "profile"
)

// newWebhookMetrics registers the metrics, with every series at zero. Without a registry
// nobody sees them.
func newWebhookMetrics(registry *prometheus.Registry) (*webhookMetrics, error) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nudge_webhook_events_total", Help: "Events in webhooks of the provider, by what they are.",
	}, []string{"kind"})
	m := &webhookMetrics{events}
	for _, kind := range [...]string{kindReceipt, kindReply, kindProfile, string(channels.UnknownEvent), string(channels.MalformedEvent)} {
		events.WithLabelValues(kind)
	}
	if registry == nil {
		return m, nil
	}
	return m, registry.Register(events)
}

func (m *webhookMetrics) count(in *channels.Inbound) {
	m.add(kindReceipt, len(in.Receipts))
	m.add(kindReply, len(in.Replies))
	m.add(kindProfile, len(in.Profiles))
	for _, x := range in.Ignored {
		m.add(string(x.Reason), 1)
	}
}

func (m *webhookMetrics) add(kind string, n int) {
	if n > 0 {
		m.events.WithLabelValues(kind).Add(float64(n))
	}
}
