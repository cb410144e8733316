package appmessaging

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
)

var testNow = time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)

// TestOutcome is the whole meaning of an answer.
func TestOutcome(t *testing.T) {
	retry := func(v string) http.Header { return http.Header{"Retry-After": {v}} }
	reset := func(v string) http.Header { return http.Header{"X-Ratelimit-Reset": {v}} }
	invalid := `{"validationFailures":[{"paramName":"to.profileId","message":"is required"},` +
		`{"paramName":"rules","message":"is empty"}]}`
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   channels.Result
	}{
		{"created", 201, nil, `{"messageId":"m1","conversationId":"c1","status":"processing","body":"x"}`,
			channels.Result{Outcome: channels.Accepted, ProviderID: "m1", Conversation: "c1"}},
		{"accepted", 202, nil, `{"messageId":"m1"}`,
			channels.Result{Outcome: channels.Accepted, ProviderID: "m1"}},
		{"failed at once", 201, nil, `{"messageId":"m1","status":"failed","statusDetails":{"reason":"opted out"}}`,
			refused("failed at once: opted out")},
		{"failed without a reason", 201, nil, `{"messageId":"m1","status":"failed"}`, refused("failed at once")},
		{"created, not JSON", 201, nil, `<html>`, unknown("answered 201, but the answer is not the JSON of a message")},
		{"created, cut off", 201, nil, `{"messageId":"m`,
			unknown("answered 201, but the answer is not the JSON of a message")},
		{"created, no ID", 201, nil, `{}`, unknown("answered 201, but the answer names no messageId")},
		{"no content", 204, nil, ``, unknown("answered 204, but the answer is not the JSON of a message")},

		{"redirect", 307, http.Header{"Location": {"/x"}}, ``,
			refused("307: the provider redirects, which a send does not follow; check the base URL")},
		{"invalid", 400, nil, invalid,
			refused("400: the provider finds the message invalid: to.profileId: is required; rules: is empty")},
		{"invalid, no name", 400, nil, `{"validationFailures":[{"message":"bad"}]}`,
			refused("400: the provider finds the message invalid: bad")},
		{"invalid, plain", 400, nil, "no\ngood", refused("400: the provider finds the message invalid: no good")},
		{"unauthorised", 401, nil, `{"message":"Invalid JWT"}`,
			refused("401: the access token is missing, wrong or expired: Invalid JWT")},
		{"forbidden", 403, nil, ``,
			refused("403: the account may not send this; check the permissions and the region of the host")},
		{"not found", 404, nil, `<html>nginx</html>`,
			refused("404: there is nothing at this address; check the API space and the host")},
		{"conflict", 409, nil, ``, refused("409: it conflicts with what the provider has")},
		{"too large", 413, nil, ``, refused("413: the message is too large")},
		{"unprocessable", 422, nil, ``, refused("422: the provider cannot process the message")},
		{"gone", 410, nil, ``, refused("410: gone")},

		{"request timeout", 408, nil, ``, unknown("408: the provider gave up waiting")},
		{"too many", 429, nil, ``, deferred("429: too many requests", 0)},
		{"too many, seconds", 429, retry("7"), ``, deferred("429: too many requests", 7*time.Second)},
		{"too many, date", 429, retry("Thu, 31 Jan 2030 09:01:00 GMT"), ``,
			deferred("429: too many requests", time.Minute)},
		{"too many, past date", 429, retry("Thu, 31 Jan 2030 08:00:00 GMT"), ``,
			deferred("429: too many requests", 0)},
		{"too many, epoch", 429, reset("1896080430"), ``, deferred("429: too many requests", 30*time.Second)},
		{"too many, past epoch", 429, reset("1896000000"), ``, deferred("429: too many requests", 0)},
		{"too many, few seconds", 429, reset("12"), ``, deferred("429: too many requests", 12*time.Second)},
		{"too many, absurd", 429, retry("99999999999999"), ``, deferred("429: too many requests", maxRetryAfter)},
		{"too many, nonsense", 429, retry("soon"), ``, deferred("429: too many requests", 0)},

		{"unavailable, until", 503, retry("3"), ``, deferred("503: unavailable for now", 3*time.Second)},
		{"unavailable, until its limit is reset", 503, reset("1896080430"), ``, deferred("503: unavailable for now", 30*time.Second)},
		{"unavailable, for a few seconds", 503, reset("12"), ``, deferred("503: unavailable for now", 12*time.Second)},
		{"unavailable, reset nonsense", 503, reset("soon"), ``, unknown("503: unavailable, and it does not say until when")},
		{"unavailable, reset negative", 503, reset("-1"), ``, unknown("503: unavailable, and it does not say until when")},
		{"unavailable", 503, nil, ``, unknown("503: unavailable, and it does not say until when")},
		{"unavailable, nonsense", 503, retry("soon"), ``, unknown("503: unavailable, and it does not say until when")},
		{"unavailable, negative", 503, retry("-1"), ``, unknown("503: unavailable, and it does not say until when")},
		{"internal", 500, nil, `{"message":"oops"}`, unknown("500: the provider failed: oops")},
		{"bad gateway", 502, nil, `<html>`, unknown("502: the provider failed")},
		{"gateway timeout", 504, retry("3"), ``, unknown("504: the provider failed")},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := test.header
			if header == nil {
				header = http.Header{}
			}
			got := outcome(answer{status: test.status, header: header, body: []byte(test.body)}, testNow)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryStatusHasAnOutcome(t *testing.T) {
	for status := 200; status < 600; status++ {
		r := outcome(answer{status: status, header: http.Header{}}, testNow)
		if r.Outcome < channels.Refused || r.Outcome > channels.Unknown || r.Reason == "" {
			t.Errorf("status %d without a body: got %+v, want a reason and no acceptance", status, r)
		}
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{" a\r\nb\x00 ", "a  b"},
		{"a\xffb", "a\uFFFDb"},
		{strings.Repeat("x", maxReason), strings.Repeat("x", maxReason)},
		{strings.Repeat("x", maxReason+1), strings.Repeat("x", maxReason) + "…"},
		{strings.Repeat("é", maxReason), strings.Repeat("é", maxReason/2) + "…"},
		{"x" + strings.Repeat("é", maxReason), "x" + strings.Repeat("é", maxReason/2-1) + "…"},
		{strings.Repeat("\xa3", maxReason+9), "\uFFFD…"},
	} {
		if got := clip(test.in); got != test.want {
			t.Errorf("clip(%q): got %q, want %q", test.in, got, test.want)
		}
	}
}
