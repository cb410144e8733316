package appmessaging

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nudge/channels"
)

func TestAsk(t *testing.T) {
	at := time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)
	shown := func(status, details string) string {
		return fmt.Sprintf(`{"messageId":"m 1","status":%q,"statusDetails":%s,"body":"x",%s,`+
			`"sentOn":"2030-01-31T08:00:00.000Z","_updatedOn":"2030-01-31T09:00:00.000Z"}`, status, details, ours)
	}
	said := func(s channels.Status, reason string) channels.Receipt {
		return channels.Receipt{Ref: ref, ProviderID: "m 1", Status: s, Reason: reason, At: at}
	}
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   channels.Receipt
		wrong  string
	}{
		{"processing", 200, shown("processing", "{}"), said(0, "the provider says processing"), ""},
		{"retrying", 200, shown("retrying", "{}"), said(0, "the provider says retrying"), ""},
		{"sent", 200, shown("sent", "{}"), said(channels.Sent, ""), ""},
		{"delivered", 200, shown("delivered", "{}"), said(channels.Delivered, ""), ""},
		{"read", 200, shown("read", "{}"), said(channels.Read, ""), ""},
		{"expired", 200, shown("expired", "{}"), said(channels.Expired, "expired"), ""},
		{"failed", 200, shown("failed", `{"reason":"no device"}`), said(channels.Failed, "no device"), ""},
		{"filtered", 200, shown("filtered", `7`), said(channels.Failed, "filtered"), ""},
		{"unheard of", 200, shown("pondering", "{}"), said(0, "the provider says pondering"), ""},
		{"gone", 404, `{"message":"not found"}`,
			channels.Receipt{ProviderID: "m 1", Reason: "the provider knows no such message"}, ""},
		{"no status", 200, `{}`, channels.Receipt{}, "not the JSON of a message"},
		{"not JSON", 200, `<html>`, channels.Receipt{}, "not the JSON of a message"},
		{"too many", 429, ``, channels.Receipt{}, "429: too many requests; try again in 7s"},
		{"no token", 401, "bad " + token, channels.Receipt{}, "401: the access token is missing, wrong or expired: bad [redacted]"},
		{"broken", 500, ``, channels.Receipt{}, "500: the provider failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.EscapedPath() != "/apispaces/space-1/messages/m%201" {
					t.Errorf("got %s %s", r.Method, r.URL.EscapedPath())
				}
				if test.status == http.StatusTooManyRequests {
					w.Header().Set("Retry-After", "7")
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			got, err := newClient(t, server.URL, nil).Ask(t.Context(), "m 1")
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("got error %v, want %q", err, test.wrong)
			}
		})
	}
}

func TestAskInVain(t *testing.T) {
	if _, err := newClient(t, "http://127.0.0.1:1", nil).Ask(t.Context(), ""); err == nil {
		t.Error("a message without an ID was asked for")
	}
	_, err := newClient(t, "http://127.0.0.1:1", nil).Ask(t.Context(), "m1")
	if err == nil || !strings.HasPrefix(err.Error(), "appmessaging: GET /apispaces/space-1/messages/m1: ") {
		t.Errorf("got %v, want what was asked and why there is no answer", err)
	}
}
