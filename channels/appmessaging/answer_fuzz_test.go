package appmessaging

import (
	"net/http"
	"testing"
	"time"

	"nudge/channels"
)

// FuzzAnswer holds that no answer of the provider makes reading it panic, that each has an outcome,
// and that a message which counts as taken has an ID.
func FuzzAnswer(f *testing.F) {
	f.Add(201, "", `{"messageId":"m1","conversationId":"c1"}`)
	f.Add(200, "", `[{"index":0,"messageId":"m1"},{"index":1,"status":"failed","statusDetails":{"reason":"x"}}]`)
	f.Add(429, "120", `{"message":"slow down"}`)
	f.Add(503, "Wed, 21 Oct 2026 07:28:00 GMT", `<html>`)
	f.Add(400, "", `{"validationFailures":[{"paramName":"to","message":"bad"}]}`)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, after, body string) {
		a := answer{status: status, header: http.Header{}, body: []byte(body)}
		if after != "" {
			a.header.Set("Retry-After", after)
		}
		r := outcome(a, now)
		switch r.Outcome {
		case channels.Accepted:
			if r.ProviderID == "" {
				t.Errorf("%+v was taken, and has no ID", r)
			}
		case channels.Refused, channels.Deferred, channels.Unknown:
			if r.RetryAfter < 0 || r.RetryAfter > maxRetryAfter {
				t.Errorf("%+v is to be tried again after %s", r, r.RetryAfter)
			}
		default:
			t.Errorf("%+v has no outcome", r)
		}
		results := make([]channels.Result, 3)
		setTaken(results, []parcelled{{at: 2}, {at: 0}, {at: 1}}, a)
		for _, r := range results {
			if r.Outcome == channels.Accepted && r.ProviderID == "" {
				t.Errorf("%+v of a batch was taken, and has no ID", r)
			}
		}
	})
}
