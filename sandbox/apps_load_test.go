package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"nudge/sandbox"
)

// crowd is a thousand people with an app open, and ten thousand conversations.
type crowd struct {
	*world
	sockets [1000]*websocket.Conn
}

const (
	crowdConversations = 10_000
	crowdLimit         = 200 << 20 // bytes, the clients' ends of the websockets included
)

func newCrowd(t testing.TB) *crowd {
	c := &crowd{world: newWorld(t, func(c *sandbox.Config) { c.People, c.WebhookURL = nobodyActs, "" })}
	for i := range c.sockets {
		c.sockets[i] = c.dial(c.signIn(fmt.Sprint("p", i)))
		c.read(i, "socket.info")
	}
	for first := 0; first < crowdConversations; first += sandbox.MaxBatch {
		c.sendTo(first, sandbox.MaxBatch)
		for i := range c.sockets {
			for range sandbox.MaxBatch / len(c.sockets) {
				c.read(i, "conversation.create")
				c.read(i, "conversation.participantAdded")
				c.read(i, "conversation.participantAdded")
				c.read(i, "conversationMessage.sent")
			}
		}
	}
	return c
}

// sendTo sends n messages, one to each person in turn, in conversations from first on.
func (c *crowd) sendTo(first, n int) {
	c.t.Helper()
	var all []string
	for i := first; i < first+n; i++ {
		all = append(all, fmt.Sprintf(`{"to":{"profileId":"p%d"},"conversationId":"c%d","body":"Are you there?",`+
			`"metadata":{"nudge":{"i":"i1","r":"r1","m":%d,"a":1}},"rules":["appMessaging"]}`, i%len(c.sockets), i, i))
	}
	r := httptest.NewRequest(http.MethodPost, "/cpaas/messages/batch", strings.NewReader("["+strings.Join(all, ",")+"]"))
	r.Header.Set("Authorization", "Bearer token")
	w := httptest.NewRecorder()
	if c.Handler().ServeHTTP(w, r); w.Code != http.StatusAccepted {
		c.t.Fatalf("got %d %s", w.Code, w.Body)
	}
}

// read is the next frame of a websocket.
func (c *crowd) read(i int, want string) {
	c.t.Helper()
	_, frame, err := c.sockets[i].Read(c.t.Context())
	var got struct{ Name string }
	if err != nil || json.Unmarshal(frame, &got) != nil || got.Name != want {
		c.t.Fatalf("p%d: got %s, %v; want %s", i, frame, err, want)
	}
}

// memory is how many bytes are in use, stacks included.
func memory() uint64 {
	used := heap()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return used + m.StackInuse
}

func TestThousandApps(t *testing.T) {
	before := memory()
	c := newCrowd(t)
	if used := memory() - before; used > crowdLimit {
		t.Errorf("%d bytes are in use; want %d at most", used, crowdLimit)
	}
	c.sendTo(0, len(c.sockets))
	for i := range c.sockets {
		c.read(i, "conversationMessage.sent")
	}
	if got := len(c.Conversations()); got != crowdConversations {
		t.Errorf("got %d conversations", got)
	}
}

// BenchmarkThousandApps is one message that reaches the person's open app, among a
// thousand of them and ten thousand conversations; MB is the memory in use with all of that.
func BenchmarkThousandApps(b *testing.B) {
	before := memory()
	c := newCrowd(b)
	used := memory() - before
	b.ResetTimer()
	for done := 0; done < b.N; {
		n := min(len(c.sockets), b.N-done)
		c.sendTo(0, n)
		for i := range n {
			c.read(i, "conversationMessage.sent")
		}
		done += n
	}
	b.ReportMetric(float64(used)/(1<<20), "MB")
}
