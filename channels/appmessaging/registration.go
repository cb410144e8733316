package appmessaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Registration is a webhook as the provider keeps it (Dotdigital, webhook API).
type Registration struct {
	ID            string // the provider's; empty for one that is not created yet
	Name, URL     string
	Secret        Secret // 16 characters or more; empty when the provider does not show it
	Subscriptions []Subscription
	Batch         bool // several events in one request
	MaxBatchSize  int  // events, 1 to 500; 0: as the provider has it
	BatchTimeout  int  // seconds until an incomplete batch is sent, 1 to 60; 0: as the provider has it
}

// Limits of a registration.
const (
	MinWebhookSecret    = 16  // characters of a webhook's secret with the provider; `nudge webhooks register` refuses a shorter one
	MaxWebhookBatch     = 500 // events of one webhook, `webhooks.batch`; a larger setting is a mistake
	MaxWebhookBatchTime = 60  // seconds until the provider sends an incomplete batch, `webhooks.batch_timeout`; a longer setting is a mistake
)

// Subscription is a kind of event that a webhook is sent.
type Subscription struct {
	Type    string   `json:"type"`
	Filters []Filter `json:"filters,omitempty"` // all of them must hold
}

// Filter keeps the events that have a value.
type Filter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// registration is a Registration on the wire, which shows the secret.
type registration struct {
	ID            string         `json:"id,omitempty"`
	Name          string         `json:"name"`
	URL           string         `json:"url"`
	Secret        string         `json:"secret,omitempty"`
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	Batch         bool           `json:"batch"`
	MaxBatchSize  int            `json:"maxBatchSize,omitempty"`
	BatchTimeout  int            `json:"batchTimeout,omitempty"`
}

func (r registration) public() Registration {
	return Registration{r.ID, r.Name, r.URL, Secret(r.Secret), r.Subscriptions, r.Batch, r.MaxBatchSize, r.BatchTimeout}
}

// Events is the names of the events that the decoder reads, of the messages of one
// account and, if wanted, of its people. Those of conversations are not among them: they
// repeat those of messages under other IDs.
func Events(profiles bool) []string {
	names := []string{"message.sent", "message.delivered", "message.read", "message.expired", "message.failed", inbound}
	if profiles {
		names = append(names, profileCreate, profileUpdate)
	}
	return names
}

// Webhooks lists the webhooks of the account that are not deleted.
func (c *Client) Webhooks(ctx context.Context) ([]Registration, error) {
	var found []registration
	if err := c.manage(ctx, http.MethodGet, "/webhooks", nil, &found); err != nil {
		return nil, err
	}
	var all []Registration
	for _, r := range found {
		all = append(all, r.public())
	}
	return all, nil
}

// AvailableEvents is the names of all events that the account can subscribe to.
func (c *Client) AvailableEvents(ctx context.Context) ([]string, error) {
	var found []struct {
		Type string `json:"type"`
	}
	if err := c.manage(ctx, http.MethodGet, "/webhooks/availableevents", nil, &found); err != nil {
		return nil, err
	}
	var names []string
	for _, e := range found {
		names = append(names, e.Type)
	}
	return names, nil
}

// SaveWebhook creates a webhook, or replaces the one that has its ID, and returns it as
// the provider shows it.
func (c *Client) SaveWebhook(ctx context.Context, r Registration) (Registration, error) {
	method, path := http.MethodPost, "/webhooks"
	if r.ID != "" {
		method, path = http.MethodPut, "/webhooks/"+url.PathEscape(r.ID)
	}
	payload, err := json.Marshal(registration{
		"", r.Name, r.URL, string(r.Secret), r.Subscriptions, r.Batch, r.MaxBatchSize, r.BatchTimeout,
	})
	if err != nil {
		return Registration{}, fmt.Errorf("appmessaging: the webhook cannot be written as JSON: %w", err)
	}
	var saved registration
	if err := c.manage(ctx, method, path, payload, &saved); err != nil {
		return Registration{}, without(r.Secret, err)
	}
	return saved.public(), nil
}

// DeleteWebhook deletes a webhook. One that is gone already is no error.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	if id == "" || id == "." || id == ".." {
		return errors.New("appmessaging: a webhook without an ID cannot be deleted")
	}
	a, err := c.exchange(ctx, http.MethodDelete, "/webhooks/"+url.PathEscape(id), nil)
	if err != nil {
		return err
	}
	if a.status/100 != 2 && a.status != http.StatusNotFound {
		return c.complaint(a)
	}
	return nil
}

// manage makes a request about webhooks and reads its answer. An answer that does not
// come leaves open whether anything was changed: it may be asked.
func (c *Client) manage(ctx context.Context, method, path string, payload []byte, into any) error {
	a, err := c.exchange(ctx, method, path, payload)
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return c.complaint(a)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("appmessaging: %s %s: the answer is not the JSON of webhooks", method, path)
	}
	return nil
}

// without is an error that does not repeat a secret of a request.
func without(secret Secret, err error) error {
	if secret == "" {
		return err
	}
	text := redactor([]string{string(secret)}).Replace(err.Error())
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
