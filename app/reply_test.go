package app

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/client"
)

// TestReplyContent verifies that a picture, data and metadata of a person's app reach the
// flow: from the provider over its webhook into a condition, a template and the store.
func TestReplyContent(t *testing.T) {
	local := startExample(t, fstest.MapFS{
		"nudge.yaml": {Data: []byte("project: shop\n")},
		"flows/ask.yaml": {Data: []byte(`flow: ask
trigger: { event: asked }
steps:
  - id: question
    send: { body: "Show me?" }
  - id: answer
    wait:
      - reply: question
        if: any(reply.parts, .type startsWith "image/") and (find(reply.parts, .name == "choice")?.data.n ?? 0) == 4
      - after: 1d
  - id: seen
    send: { body: '{{ range answer.reply.parts }}{{ .url | default "-" }} {{ end }}{{ answer.reply.metadata.screen | default "nowhere" }}: {{ answer.reply.text }}' }
`)},
	}, t.TempDir())
	a := clientOf(t, local.Instance)
	answer, err := a.SendEvent(t.Context(), client.Event{Type: "asked", Profile: "ann"})
	if err != nil || len(answer.Decisions) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	run := answer.Decisions[0].Run
	untilRun(t, a, run, func(r *client.Run) bool { return r.Status == "waiting" })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, local.Sandbox.URL()+"/cpaas/messages/inbounds", strings.NewReader(`{
		"from": { "profileId": "ann" }, "to": { "conversationId": "shop_ann" }, "channel": "own", "metadata": { "screen": "orders" },
		"messageParts": [
			{ "type": "text/plain", "data": "here it is" },
			{ "type": "image/png", "url": "https://people.example/cat.png" },
			{ "type": "application/json", "name": "choice", "data": { "n": 4 } } ] }`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sandbox")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("the sandbox answers %s", resp.Status)
	}
	untilRun(t, a, run, func(r *client.Run) bool { return r.Outcome != "" })
	const want = "- https://people.example/cat.png - orders: here it is"
	sent := local.Sandbox.Messages() // the run has ended, so all are there
	for _, m := range sent {
		if m.Text == want {
			return
		}
	}
	t.Errorf("the service has %+v, want %q", sent, want)
}
