package sandbox_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/sandbox"
)

// as makes a request of somebody's app, which must be answered with status, and waits for
// the webhooks about it.
func (w *world) as(token string, status int, method, path, body string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+space+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if got, answer := w.do(r); got != status {
		w.t.Fatalf("%s %s: got %d %s, want %d", method, path, got, answer, status)
	}
	w.settle()
}

const allRights = `{"owner":{"canSend":true,"canAddParticipants":true,"canRemoveParticipants":true},
  "participant":{"canSend":true,"canAddParticipants":true,"canRemoveParticipants":true}}`

const readIt = `[{"messageIds":["ID"],"status":"read","timestamp":"2030-01-31T09:00:00.000Z"}]`

// What an app does reaches the engine as receipts and replies, and other webhooks as the
// events of conversations and profiles.
func TestAppsReachWebhooks(t *testing.T) {
	w := newWorld(t, nil)
	e := newEndpoint(t)
	w.register(e, "")
	token := w.signIn("dave")
	w.settle()
	id := w.send(message("dave")).ProviderID
	w.settle()
	w.as(token, 200, "POST", "/conversations/Support_dave/messages/statusupdates", strings.ReplaceAll(readIt, "ID", id))
	w.as(token, 200, "POST", "/conversations/Support_dave/messages", `{"metadata":{},"parts":[{"name":"body","type":"text/plain","data":"yes"}]}`)
	w.as(token, 200, "POST", "/conversations/Support_dave/messages", `{"parts":[{"type":"image/png","url":"http://127.0.0.1/a.png"}]}`)
	w.as(token, 200, "PATCH", "/profiles/dave", `{"city":"York"}`)
	w.as(token, 204, "DELETE", "/conversations/Support_dave/participants?id=dave", "")
	w.as("token", 204, "DELETE", "/conversations/Support_dave", "")
	w.settle()
	w.send(message("dave"))
	w.settle()

	in := w.receiver.inbound()
	if diff := cmp.Diff([]string{"sent", "read", "sent"}, w.receiver.statuses()); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	if len(in.Replies) != 2 || in.Replies[0].Text != "yes" || in.Replies[0].Answers != message("").Ref {
		t.Errorf("got the replies %+v", in.Replies)
	}
	golden(t, filepath.Join("apps", "webhooks"), strings.Join(e.taken(), "\n"))
}

// taken are the bodies of the webhooks that came.
func (e *endpoint) taken() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bodies
}

// Whoever has an app open acts by hand; when the session has ended, the script plays.
func TestScriptsLeaveAppsAlone(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, `reads after 3s, replies "yes" after 1m`) })
	w.signIn("dave")
	w.send(message("dave"))
	w.pass(time.Hour)
	if got := w.Messages(); len(got) != 1 || got[0].Status != "sent" {
		t.Errorf("got %+v, want a message that nobody read", got)
	}
	w.pass(24 * time.Hour)
	if w.send(message("dave")).Outcome != channels.Accepted {
		t.Fatal("the message was not accepted")
	}
	w.pass(time.Hour)
	if got := w.Messages(); len(got) != 3 || got[1].Status != "read" {
		t.Errorf("got %+v, want the second message read and answered", got)
	}
}

func TestUploadedForm(t *testing.T) {
	w := newWorld(t, nil)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte("a picture"))
	_ = form.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+space+"/content", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Content-Type", form.FormDataContentType())
	status, answer := w.do(r)
	_, url, _ := strings.Cut(answer, `"url":"`)
	url, _, _ = strings.Cut(url, `"`)
	if status != http.StatusOK || url == "" {
		t.Fatalf("got %d %s", status, answer)
	}
	response, err := w.server.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, _ := io.ReadAll(response.Body); string(got) != "a picture" {
		t.Errorf("got %q", got)
	}
}

// Messages keep their place in the conversation, with the status updates of apps, over a
// restart. Conversations that the API created or changed, profiles, templates and sessions stay too.
func TestConversationsAreKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.db")
	keep := func(c *sandbox.Config) { c.File, c.People = file, nobodyActs }
	page := func(w *world) string {
		_, text := w.call("GET", space+"/conversations/Support_dave/messages?limit=10", "")
		return text
	}
	w := newWorld(t, keep)
	id := w.send(message("dave")).ProviderID
	w.settle() // the message is in its conversation once it was announced
	token := w.signIn("dave")
	w.as(token, 200, "POST", "/conversations/Support_dave/messages/statusupdates", strings.ReplaceAll(readIt, "ID", id))
	w.as(token, 200, "POST", "/conversations/Support_dave/messages", `{"parts":[{"type":"text/plain","data":"yes"}]}`)
	w.as("token", 201, "POST", "/conversations", `{"id":"own","name":"Own","isPublic":true,"roles":`+allRights+`}`)
	w.as("token", 201, "POST", "/conversations/Support_dave/participants", `[{"id":"eve"}]`)
	w.as("token", 204, "DELETE", "/conversations/Support_dave/participants?id=dave", "")
	w.as("token", 201, "POST", "/profiles", `{"id":"eve","city":"York"}`)
	w.as("token", 201, "POST", "/profiles", `{"id":"bob","city":"Hull"}`)
	w.as("token", 204, "DELETE", "/profiles/bob?forget=true", "")
	w.as("token", 201, "POST", "/templates", `{"name":"kept","messageParts":[{"data":"x"}]}`)
	w.as("token", 201, "POST", "/templates", `{"name":"gone","messageParts":[{"data":"x"}]}`)
	w.as("token", 204, "DELETE", "/templates/gone", "")
	ended := w.signIn("ann")
	w.as(ended, 204, "DELETE", "/sessions/"+sessionID(t, ended), "")
	before := page(w)
	w.Close()
	again := newWorld(t, keep)
	again.as(token, 200, "GET", "/sessions/"+sessionID(t, token), "")
	again.as(ended, 401, "GET", "/profiles/ann", "")
	if after := page(again); after != before || !strings.Contains(after, `"status":"read"`) {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	for path, want := range map[string]string{
		"/conversations?scope=public":              `"name":"Own"`,
		"/conversations/Support_dave/participants": `[{"id":"TEAM\\Support","role":"owner"},{"id":"eve","role":"participant"}]`,
		"/profiles/eve":                            `"city":"York"`,
		"/profiles/bob":                            "profile not found",
		"/templates/kept":                          `"data":"x"`,
		"/templates/gone":                          "template not found",
	} {
		if _, got := again.call("GET", space+path, ""); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// sessionID is the ID in the token of a session.
func sessionID(t *testing.T, token string) string {
	t.Helper()
	var claims struct{ SessionID string }
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		t.Fatalf("the token %s: %v", token, err)
	}
	return claims.SessionID
}
