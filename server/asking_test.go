package server_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"nudge/engine"
	"nudge/runner"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// askedRuns is how many runs each part of TestWebhooksSayTooLittle has.
const askedRuns = 100

// TestWebhooksSayTooLittle runs order_shipped through the real client against the sandbox,
// whose people all read after five seconds, and whose webhooks do not tell of that as they
// should.
func TestWebhooksSayTooLittle(t *testing.T) {
	tests := map[string]struct {
		faults  people.Faults
		account runner.Account
		judge   func(*testing.T, []*engine.Run)
	}{
		"all are lost": {people.Faults{Lose: 1}, runner.Account{Verify: true}, func(t *testing.T, runs []*engine.Run) {
			for _, r := range runs {
				if len(r.Messages) != 1 || r.Messages[0].Status != engine.Read || count(r, engine.KindAsked) != 1 {
					t.Errorf("run %s: %d messages, the first %s, asked %d times; want one that was asked about and read",
						r.ID, len(r.Messages), r.Messages[0].Status, count(r, engine.KindAsked))
				}
			}
		}},
		"many are lost, and answers": {people.Faults{Seed: 3, Lose: 0.5, Drop: 0.3}, runner.Account{Verify: true}, func(t *testing.T, runs []*engine.Run) {
			solved := 0
			for _, r := range runs {
				for i := range r.Messages {
					if m := &r.Messages[i]; m.ProviderID != "" && m.Status != engine.Read && !couldNotAsk(r) {
						t.Errorf("run %s: message %d is %s although the provider could be asked", r.ID, i+1, m.Status)
					}
				}
				if len(r.Messages) == 1 && count(r, engine.KindUnknown) > 0 && count(r, engine.KindAsked) > 0 {
					solved++ // a webhook told the ID of a message of unknown outcome
				}
			}
			if solved == 0 {
				t.Error("no message of unknown outcome was asked about: the test proves nothing")
			}
			t.Logf("%d messages of unknown outcome were asked about", solved)
		}},
		"without metadata": {people.Faults{Omit: 1}, runner.Account{ByID: true}, func(t *testing.T, runs []*engine.Run) {
			for _, r := range runs {
				if len(r.Messages) != 1 || r.Messages[0].Status != engine.Read || count(r, engine.KindReceipt) == 0 {
					t.Errorf("run %s: %d messages, the first %s; want one that receipts found by its ID", r.ID, len(r.Messages), r.Messages[0].Status)
				}
			}
		}},
	}
	script, err := people.ParseScript("reads after 5s")
	must(t, err)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.account.Senders, test.account.Batch = 8, 10
			synctest.Test(t, func(t *testing.T) {
				w := newRough(t, func(sandbox.Message) people.Script { return script }, askedRuns, test.faults, test.account)
				defer w.stop()
				w.ship(askedRuns)
				w.untilEnded(askedRuns)
				test.judge(t, w.runs())
			})
		})
	}
}

// couldNotAsk reports whether an answer of the provider to a question was lost, too.
func couldNotAsk(r *engine.Run) bool {
	return slices.ContainsFunc(r.Timeline, func(e engine.Entry) bool {
		return e.Kind == engine.KindAsked && strings.HasPrefix(e.Detail, "it could not be asked")
	})
}

// count is how often a timeline says something.
func count(r *engine.Run, kind engine.Kind) (n int) {
	for _, e := range r.Timeline {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
