package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/sandbox"
)

// A message expires at expiresOn, unless it was delivered, or failed, before.
func TestExpiresOn(t *testing.T) {
	for _, test := range []struct {
		name, script, expiresOn string
		want                    []string
	}{
		{"past", "reads", "2030-01-31T08:00:00Z", []string{"expired"}},
		{"now", "reads", "2030-01-31T09:00:00Z", []string{"expired"}},
		{"before it is delivered", "delivered after 1m, reads after 2m", "2030-01-31T09:00:30Z", []string{"sent", "expired"}},
		{"never delivered", "never delivered", "2030-01-31T09:00:30Z", []string{"sent", "expired"}},
		{"between delivered and read", "delivered after 1s, reads after 2m", "2030-01-31T09:00:30Z", []string{"sent", "delivered", "read"}},
		{"after it fails", "fails after 1s", "2030-01-31T09:00:30Z", []string{"sent", "failed"}},
		{"now in another zone", "reads", "2030-01-31T10:00:00+01:00", []string{"expired"}},
		{"after everything, in another zone", "reads", "2030-01-31T10:01:00+01:00", []string{"sent", "delivered", "read"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, test.script) })
			w.post(http.StatusCreated, messages, `{"to":{"profileId":"dave"},"body":"x","rules":["appMessaging"],`+
				`"metadata":{"nudge":{"i":"i","r":"r","m":1,"a":1}},"expiresOn":"`+test.expiresOn+`"}`)
			w.pass(time.Hour)
			if diff := cmp.Diff(test.want, w.receiver.statuses()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
