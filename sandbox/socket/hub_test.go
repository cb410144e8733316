package socket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"nudge/sandbox/socket"
)

// serve is a hub on a port; the key of a socket is its path.
func serve(t *testing.T) (*socket.Hub, string) {
	h := socket.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Serve(w, r, socket.Listener{Key: r.URL.Path}, []byte("hello"))
	}))
	t.Cleanup(server.Close)
	t.Cleanup(h.Close)
	return h, "ws" + strings.TrimPrefix(server.URL, "http")
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(-1)
	return conn
}

func send(h *socket.Hub, key, frame string) {
	h.Send(key, func(string) []byte { return []byte(frame) })
}

func expect(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	_, got, err := conn.Read(t.Context())
	if err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

func TestFramesReachWhoListens(t *testing.T) {
	h, url := serve(t)
	ann, other, bob := dial(t, url+"/ann"), dial(t, url+"/ann"), dial(t, url+"/bob")
	for _, conn := range []*websocket.Conn{ann, other, bob} {
		expect(t, conn, "hello")
	}
	send(h, "/ann", "for ann")
	send(h, "/bob", "for bob")
	send(h, "/nobody", "for nobody")
	expect(t, ann, "for ann")
	expect(t, other, "for ann")
	expect(t, bob, "for bob")
	if !h.Listening("/bob") || h.Listening("/nobody") || h.Count() != 3 {
		t.Errorf("got %d sockets", h.Count())
	}
	if err := bob.Write(t.Context(), websocket.MessageText, []byte(`{"name":"echo"}`)); err != nil {
		t.Error(err)
	}
	send(h, "/bob", "still there")
	expect(t, bob, "still there")
	h.Drop("/bob")
	if _, _, err := bob.Read(t.Context()); err == nil || h.Listening("/bob") {
		t.Error("want the socket cut off")
	}
}

// A client that reads nothing fills the connection, then its queue, and is then cut off. No
// sender waits for it, and nobody else misses a frame.
func TestSlowSocketIsCutOff(t *testing.T) {
	h, url := serve(t)
	slow, quick := dial(t, url+"/slow"), dial(t, url+"/quick")
	expect(t, slow, "hello")
	expect(t, quick, "hello")
	frame := strings.Repeat("x", 1<<20)
	for sent := 0; h.Listening("/slow"); sent++ {
		if sent > 10*socket.MaxQueued {
			t.Fatal("a socket that reads nothing is still open")
		}
		send(h, "/slow", frame)
		send(h, "/quick", "quick")
		expect(t, quick, "quick")
	}
}

func TestCloseEndsAll(t *testing.T) {
	h, url := serve(t)
	conn := dial(t, url+"/ann")
	expect(t, conn, "hello")
	h.Close()
	if _, _, err := conn.Read(t.Context()); err == nil || h.Count() != 0 {
		t.Errorf("got %d sockets after Close", h.Count())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, response, err := websocket.Dial(ctx, url+"/ann", nil)
	if err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v, want no socket after Close", err)
	}
}
