package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels/appmessaging"
)

// webhookMetrics count what webhooks bring. What becomes of it, the runner counts:
// receipts for another installation are among its ignored inputs.
type webhookMetrics struct {
	receipts, replies, profiles prometheus.Counter
	unknown, malformed          prometheus.Counter
}

// newWebhookMetrics registers the metrics, with every series at zero. Without a registry
// nobody sees them.
func newWebhookMetrics(registry *prometheus.Registry) (*webhookMetrics, error) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nudge_webhook_events_total", Help: "Events in webhooks of the provider, by what they are.",
	}, []string{"kind"})
	m := &webhookMetrics{
		receipts: events.WithLabelValues("receipt"), replies: events.WithLabelValues("reply"),
		profiles: events.WithLabelValues("profile"),
		unknown:  events.WithLabelValues("unknown"), malformed: events.WithLabelValues("malformed"),
	}
	if registry == nil {
		return m, nil
	}
	return m, registry.Register(events)
}

func (m *webhookMetrics) count(in *appmessaging.Inbound) {
	m.receipts.Add(float64(len(in.Receipts)))
	m.replies.Add(float64(len(in.Replies)))
	m.profiles.Add(float64(len(in.Profiles)))
	m.unknown.Add(float64(in.Unknown))
	m.malformed.Add(float64(len(in.Ignored) - in.Unknown))
}
