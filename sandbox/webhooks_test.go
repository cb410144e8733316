package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/sandbox"
)

const webhooks = "/apispaces/space-1/webhooks"

// endpoint is a receiver of webhooks that only takes them down.
type endpoint struct {
	*httptest.Server
	mu         sync.Mutex
	bodies     []string
	signatures []string
	status     int
}

func newEndpoint(t testing.TB) *endpoint {
	e := &endpoint{status: http.StatusOK}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.bodies = append(e.bodies, string(body))
		e.signatures = append(e.signatures, r.Header.Get(sandbox.SignatureHeader))
		w.WriteHeader(e.status)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) answer(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// names are the names of the events that came, in order; those of one webhook that is
// an array stand in brackets.
func (e *endpoint) names() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	got := []string{}
	for _, body := range e.bodies {
		type event struct{ Name string }
		var one event
		var many []event
		if json.Unmarshal([]byte(body), &many) == nil {
			var names []string
			for _, m := range many {
				names = append(names, m.Name)
			}
			got = append(got, "["+strings.Join(names, " ")+"]")
			continue
		}
		if err := json.Unmarshal([]byte(body), &one); err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, one.Name)
	}
	return got
}

// register makes a webhook of an endpoint; more is put into its document.
func (w *world) register(e *endpoint, more string) sandbox.Webhook {
	w.t.Helper()
	body := w.post(http.StatusCreated, webhooks, `{"name":"crm","url":"`+e.URL+`"`+more+`}`)
	var doc sandbox.Webhook
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		w.t.Fatal(err)
	}
	return doc
}

func TestRegisteredWebhooks(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, `reads after 3s, replies "yes" after 1m`) })
	all, some, other, elsewhere := newEndpoint(t), newEndpoint(t), newEndpoint(t), newEndpoint(t)
	w.register(all, "")
	w.register(some, `,"secret":"`+strings.Repeat("s", 16)+`","subscriptions":[{"type":"message.read",`+
		`"filters":[{"name":"channel","value":"appMessaging"}]},{"type":"message.inbound"}]`)
	w.register(other, `,"subscriptions":[{"type":"message.read","filters":[{"name":"channel","value":"sms"}]}]`)
	w.post(http.StatusCreated, "/cpaas/webhooks", `{"name":"x","url":"`+elsewhere.URL+`"}`)
	w.send(message("dave"))
	w.pass(time.Minute)

	want := []string{
		"conversation.create", "conversation.participantAdded", "conversation.participantAdded",
		"conversationMessage.sent", "message.sent",
		"conversationMessage.delivered", "message.delivered",
		"conversationMessage.read", "message.read",
		"conversationMessage.sent", "message.inbound",
	}
	if diff := cmp.Diff(want, all.names()); diff != "" {
		t.Errorf("everything (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"message.read", "message.inbound"}, some.names()); diff != "" {
		t.Errorf("two subscriptions (-want +got):\n%s", diff)
	}
	if got := other.names(); len(got) != 0 {
		t.Errorf("another channel: got %v, want nothing", got)
	}
	if got := elsewhere.names(); len(got) != 0 {
		t.Errorf("another API space: got %v, want nothing", got)
	}
	if diff := cmp.Diff([]string{"sent", "delivered", "read"}, w.receiver.statuses()); diff != "" {
		t.Errorf("the configuration's (-want +got):\n%s", diff)
	}
	if all.signatures[0] != "" || len(some.signatures[0]) != 40 {
		t.Errorf("signatures: got %q without a secret and %q with one", all.signatures[0], some.signatures[0])
	}
	golden(t, "conversation_events", strings.Join(slices.Concat(all.bodies[:4], all.bodies[5:6], all.bodies[9:10]), "\n"))
}

// TestParticipants has a second sender join a conversation.
func TestParticipants(t *testing.T) {
	w := newWorld(t, nil)
	e := newEndpoint(t)
	w.register(e, `,"subscriptions":[{"type":"conversation.create"},{"type":"conversation.participantAdded"}]`)
	first, second := message("dave"), message("dave")
	second.From.ID = "eve"
	w.send(first)
	w.send(second)
	w.send(second)
	w.settle()
	if diff := cmp.Diff([]string{"conversation.create", "conversation.participantAdded",
		"conversation.participantAdded", "conversation.participantAdded"}, e.names()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	golden(t, "participant_added", e.bodies[3])
}

// TestWebhookBatches fills a webhook, and lets another go when its time is over.
func TestWebhookBatches(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, "never delivered") })
	e := newEndpoint(t)
	w.register(e, `,"batch":true,"maxBatchSize":3,"batchTimeout":5,"subscriptions":[{"type":"message.sent"}]`)
	for _, person := range []string{"a", "b", "c", "d", "a"} {
		w.send(message(person))
	}
	w.settle()
	full := "[message.sent message.sent message.sent]"
	if diff := cmp.Diff([]string{full}, e.names()); diff != "" {
		t.Errorf("before the timeout (-want +got):\n%s", diff)
	}
	w.pass(5*time.Second - 1)
	if n := len(e.names()); n != 1 {
		t.Errorf("got %d webhooks, want the second not before its time", n)
	}
	w.pass(1)
	if diff := cmp.Diff([]string{full, "[message.sent message.sent]"}, e.names()); diff != "" {
		t.Errorf("after the timeout (-want +got):\n%s", diff)
	}
}

// TestDeadWebhook has one webhook answer 503 and one 400; a third hears of everything in
// time all the same, and so does the configuration's.
func TestDeadWebhook(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Workers = 1 })
	dead, refusing, well := newEndpoint(t), newEndpoint(t), newEndpoint(t)
	dead.answer(http.StatusServiceUnavailable)
	refusing.answer(http.StatusBadRequest)
	const receipts = `,"subscriptions":[{"type":"message.sent"},{"type":"message.delivered"},{"type":"message.read"}]`
	for _, e := range []*endpoint{dead, refusing, well} {
		w.register(e, receipts)
	}
	w.send(message("dave"))
	w.pass(3 * time.Second)
	three := []string{"message.sent", "message.delivered", "message.read"}
	if diff := cmp.Diff(three, well.names()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sent", "delivered", "read"}, w.receiver.statuses()); diff != "" {
		t.Errorf("the configuration's (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"message.sent"}, dead.names()); diff != "" {
		t.Errorf("the dead one (-want +got):\n%s", diff)
	}
	if got := w.Stats(); got.Lost != 3 || got.Pending != 3 || len(refusing.names()) != 3 {
		t.Errorf("got %+v, want three lost to the 400 and three pending for the dead one", got)
	}
	dead.answer(http.StatusOK)
	w.finish()
	if diff := cmp.Diff(append([]string{"message.sent"}, three...), dead.names()); diff != "" {
		t.Errorf("the dead one, alive again (-want +got):\n%s", diff)
	}
}

func TestWebhookAPI(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, "never delivered") })
	first, second := newEndpoint(t), newEndpoint(t)
	doc := w.register(first, `,"subscriptions":[{"type":"message.sent"}]`)
	path := webhooks + "/" + doc.ID

	request := func(method, path, body, match string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer token")
		r.Header.Set("If-Match", match)
		response, err := w.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	tag := request("GET", path, "", "").Header.Get("ETag")
	moved := `{"name":"crm","url":"` + second.URL + `","batch":true}`
	if got := request("PUT", path, moved, `"stale"`).StatusCode; got != http.StatusPreconditionFailed {
		t.Errorf("PUT with a stale tag: got %d, want 412", got)
	}
	put := request("PUT", path, moved, tag)
	if put.StatusCode != http.StatusOK || put.Header.Get("ETag") == tag || put.Header.Get("Last-Modified") == "" {
		t.Errorf("PUT: got %d and %v, want 200 and another tag", put.StatusCode, put.Header)
	}
	w.send(message("dave"))
	w.pass(time.Second)
	if len(first.names()) != 0 || len(second.names()) != 1 {
		t.Errorf("after PUT: got %v and %v, want one webhook at the new address", first.names(), second.names())
	}
	if got := request("DELETE", path, "", tag).StatusCode; got != http.StatusPreconditionFailed {
		t.Errorf("DELETE with a stale tag: got %d, want 412", got)
	}
	if got := request("DELETE", path, "", "").StatusCode; got != http.StatusNoContent {
		t.Errorf("DELETE: got %d, want 204", got)
	}
	w.send(message("dave"))
	w.pass(time.Second)
	if n := len(second.names()); n != 1 {
		t.Errorf("got %d webhooks, want none after DELETE", n)
	}
	for _, test := range []struct {
		method, path string
		status       int
		holds        string
	}{
		{"GET", path, 404, "webhook not found"},
		{"PUT", path, 400, `"paramName":"request"`},
		{"DELETE", path, 404, "webhook not found"},
		{"GET", webhooks, 200, "[]"},
		{"GET", webhooks + "?includeDeleted=true", 200, `"isDeleted":true`},
		{"GET", "/cpaas/webhooks?includeDeleted=true", 200, "[]"},
		{"GET", webhooks + "/availableevents?includeSchemas=false", 200, `"type":"conversationMessage.read"`},
		{"GET", webhooks + "/availabletemplates", 200, `"name":"Message events"`},
	} {
		if status, body := w.call(test.method, test.path, ""); status != test.status || !strings.Contains(body, test.holds) {
			t.Errorf("%s %s: got %d %s, want %d with %s", test.method, test.path, status, body, test.status, test.holds)
		}
	}
}

func TestWebhookValidation(t *testing.T) {
	w := newWorld(t, nil)
	const rest = `"name":"x","url":"http://localhost/"`
	for _, test := range []struct{ body, want string }{
		{`[]`, "request"},
		{`{"url":"http://localhost/"}`, "name"},
		{`{"name":"x"}`, "url"},
		{`{"name":"x","url":"localhost"}`, "url"},
		{`{"name":"x","url":"ftp://localhost"}`, "url"},
		{`{"name":7,"url":"http://localhost/"}`, "name"},
		{`{` + rest + `,"secret":"too short"}`, "secret"},
		{`{` + rest + `,"maxBatchSize":0}`, "maxBatchSize"},
		{`{` + rest + `,"maxBatchSize":501}`, "maxBatchSize"},
		{`{` + rest + `,"batchTimeout":0}`, "batchTimeout"},
		{`{` + rest + `,"batchTimeout":61}`, "batchTimeout"},
		{`{` + rest + `,"subscriptions":[{"type":"message.seen"}]}`, "subscriptions[0].type"},
		{`{` + rest + `,"subscriptions":[{"type":"message.read","filters":[{"name":"x","value":"y"}]}]}`,
			"subscriptions[0].filters[0].name"},
		{`{` + rest + `,"subscriptions":[{"type":"conversation.create","filters":[{"name":"channel","value":"y"}]}]}`,
			"subscriptions[0].filters[0].name"},
	} {
		body := w.post(http.StatusBadRequest, webhooks, test.body)
		if !strings.Contains(body, `[{"paramName":"`+test.want+`",`) || strings.Count(body, "paramName") != 1 {
			t.Errorf("%s: got %s, want one failure of %s", test.body, body, test.want)
		}
	}
	for range sandbox.MaxWebhooks {
		w.post(http.StatusCreated, webhooks, `{`+rest+`}`)
	}
	w.post(http.StatusConflict, webhooks, `{`+rest+`}`)
}
