package app

import (
	"net/url"
	"time"

	"nudge/channels/appmessaging"
	"nudge/lang/node"
)

// WebhookSettings say how the server takes the provider's webhooks, and how the verb
// webhooks register sets them up at the provider.
type WebhookSettings struct {
	Secrets  []appmessaging.Secret // those that nudge.yaml has outside its accounts
	Profiles bool                  // update stored profiles from webhooks
	MaxBody  int                   // bytes; 0: the default of the channel
	URL      string                // where the provider posts to; empty: not given
	Name     string                // of the webhook at the provider; empty: made from the project's name
	Batch    int                   // events in a request; 1: each alone; 0: the default
	Wait     int                   // seconds until an incomplete batch is sent; 0: the default
}

func (r *reader) webhooks(m *node.Map) WebhookSettings {
	s := WebhookSettings{
		Secrets: r.secrets(m), Profiles: m.Bool("profiles"), URL: r.str(m.Text("url")), Name: r.str(m.Text("name")),
		MaxBody: r.number(m, "max_body", appmessaging.MaxBody, "leave it out for 4 MiB"),
		Batch:   r.number(m, "batch", appmessaging.MaxWebhookBatch, "leave it out for 500"),
	}
	if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		m.Errorf("url", node.CodeBadValue, "for example https://nudge.example/webhooks/comapi", "this is no URL that the provider could post to")
	}
	if m.Has("batch_timeout") {
		wait := m.Duration("batch_timeout")
		s.Wait = int(wait / time.Second)
		if wait%time.Second != 0 || s.Wait < 1 || s.Wait > appmessaging.MaxWebhookBatchTime {
			m.Errorf("batch_timeout", node.CodeBadValue, "for example 5s", "batch_timeout must be 1 to %d whole seconds", appmessaging.MaxWebhookBatchTime)
		}
	}
	m.Close()
	return s
}

// secrets reads the secrets of webhooks. An old and a new secret may be valid at the same
// time.
func (r *reader) secrets(m *node.Map) (secrets []appmessaging.Secret) {
	for _, text := range r.secretTexts(m.Get("secrets"), "secrets") {
		secrets = append(secrets, appmessaging.Secret(text))
	}
	return secrets
}
