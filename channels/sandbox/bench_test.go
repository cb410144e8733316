package sandbox_test

import (
	"testing"

	"nudge/channels/sandbox"
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
