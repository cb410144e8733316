package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"nudge/engine"
)

// TestLineTooLong shows that a line that is too long costs itself and what is behind it,
// and that the connection is good for more: the rest of the body is not taken for the next
// request.
func TestLineTooLong(t *testing.T) {
	s := start(t, shop)
	long := strings.Repeat("x", 2*(engine.MaxEventBytes+engine.MaxProfileData))
	for range 50 {
		response, err := http.Post(s.url+"/v1/events", "application/x-ndjson", strings.NewReader("{\"type\":\"x\"}\n"+long+"\n"))
		must(t, err)
		answer, err := io.ReadAll(response.Body)
		must(t, err)
		response.Body.Close()
		if lines := strings.Split(strings.TrimSpace(string(answer)), "\n"); len(lines) != 2 || !strings.Contains(lines[1], `"line":2,"error":{`) {
			t.Fatalf("the answer is %.300s", answer)
		}
	}
}
