package sandbox_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nudge/sandbox"
	"nudge/sandbox/people"
)

// BenchmarkSend is one message through client and sandbox over loopback, with
// the webhook message.sent on its way to a receiver that decodes it.
func BenchmarkSend(b *testing.B) {
	w := newWorld(b, func(c *sandbox.Config) { c.Pending = 1 << 30 })
	m := message("dave")
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r := w.send(m); r.ProviderID == "" {
				b.Errorf("got %+v, want it accepted", r)
			}
		}
	})
}

const typical = `{"to":{"profileId":"dave"},"conversationId":"Support_dave","body":"Are you there?",` +
	`"channelOptions":{"appMessaging":{"from":{"profileId":"TEAM\\Support","name":"Support"}}},` +
	`"metadata":{"nudge":{"i":"i1","r":"r1","m":1,"a":1}},"rules":["appMessaging"]}`

// BenchmarkHandler is one message through the handler alone, without webhooks.
func BenchmarkHandler(b *testing.B) { benchmarkHandler(b, "/cpaas/messages", typical, 1) }

// BenchmarkHandlerBatch is a message's share of a batch of 500.
func BenchmarkHandlerBatch(b *testing.B) {
	const n = 500
	benchmarkHandler(b, "/cpaas/messages/batch", "["+strings.Repeat(typical+",", n-1)+typical+"]", n)
}

func benchmarkHandler(b *testing.B, path, body string, messages int) {
	s, err := sandbox.New(sandbox.Config{Pending: 1 << 30, Clock: newFakeClock(), People: nobodyActs})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	for done := 0; done < b.N; done += messages {
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader([]byte(body)))
		r.Header.Set("Authorization", "Bearer token")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 300 {
			b.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
}

func nobodyActs(sandbox.Message) people.Script { return nil }
