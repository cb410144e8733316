package app

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/examples"
)

// lockedBuffer collects the text of a log.
type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A stop that cuts off a half-sent request is a clean stop, with a warning.
func TestStopCutsOffHalfARequest(t *testing.T) {
	log := &lockedBuffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	api, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.Accounts = []Account{{Config: appmessaging.Config{BaseURL: "http://127.0.0.1:1", PathPrefix: "/cpaas", Token: "t"}}}
	i, err := Start(t.Context(), Config{
		Project: project, DataDir: t.TempDir(), Listener: api, Log: logger, patience: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	caller, err := net.Dial("tcp", api.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	half := "POST /v1/events HTTP/1.1\r\nHost: " + api.Addr().String() +
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	if _, err := io.WriteString(caller, half); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len("HTTP/1.1 100 Continue"))
	if _, err := io.ReadFull(caller, answer); err != nil || string(answer) != "HTTP/1.1 100 Continue" { // the handler reads the body
		t.Fatalf("%q, %v", answer, err)
	}
	if err := i.Stop(); err != nil {
		t.Errorf("the stop failed: %v", err)
	}
	if said := log.String(); !strings.Contains(said, "requests that had not ended were cut off") {
		t.Errorf("nobody was warned:\n%s", said)
	}
}
