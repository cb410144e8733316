package appmessaging

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"nudge/channels"
)

// batches is a provider that takes batches and refuses those with a bad person in
// them. Like the real one it takes nothing of what it refuses.
type batches struct {
	t      testing.TB
	bad    map[string]bool
	sizes  []int          // messages of each request, 1 for those that came alone
	bytes  []int          // of each request
	taken  map[string]int // how often a person's message was taken
	answer http.HandlerFunc
}

func newBatches(t testing.TB, bad ...string) *batches {
	b := &batches{t: t, bad: map[string]bool{}, taken: map[string]int{}}
	for _, to := range bad {
		b.bad[to] = true
	}
	return b
}

// serve starts the provider and a client of it.
func (b *batches) client(change func(*Config)) *Client {
	t := b.t.(*testing.T)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return newClient(t, server.URL, change)
}

func (b *batches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Error(err)
	}
	single := strings.HasSuffix(r.URL.Path, "/messages")
	if single {
		body = []byte("[" + string(body) + "]")
	}
	var items []struct {
		To struct{ ProfileID string }
	}
	if err := json.Unmarshal(body, &items); err != nil {
		b.t.Errorf("%s: %v", r.URL.Path, err)
	}
	b.sizes, b.bytes = append(b.sizes, len(items)), append(b.bytes, int(r.ContentLength))
	if b.answer != nil {
		b.answer(w, r)
		return
	}
	for i, item := range items {
		if b.bad[item.To.ProfileID] {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"validationFailures":[{"paramName":"[%d].to","message":"bad"}]}`, i)
			return
		}
	}
	var entries []string
	for i, item := range items {
		b.taken[item.To.ProfileID]++
		entries = append(entries, fmt.Sprintf(`{"index":%d,"messageId":"id-%s"}`, i, item.To.ProfileID))
	}
	if single {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, entries[0])
		return
	}
	slices.Reverse(entries) // the index pairs them, not the place
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprint(w, "["+strings.Join(entries, ",")+"]")
}

// people is a message to each of n people: p0, p1, …
func people(n int) []channels.Message {
	messages := make([]channels.Message, n)
	for i := range messages {
		messages[i] = channels.Message{To: fmt.Sprintf("p%d", i), Body: "Hello", Ref: ref}
	}
	return messages
}

func TestSendBatch(t *testing.T) {
	b := newBatches(t)
	c := b.client(func(c *Config) { c.Batch = 10 })
	messages := people(25)
	messages[3].To = "" // cannot be encoded
	results := c.SendBatch(t.Context(), messages)
	for i, r := range results {
		want := channels.Result{Outcome: channels.Accepted, ProviderID: "id-" + messages[i].To}
		if i == 3 {
			want = refused("not sent: the message has no recipient")
		}
		if r != want {
			t.Errorf("message %d: got %+v, want %+v", i, r, want)
		}
	}
	if want := []int{10, 10, 4}; !slices.Equal(b.sizes, want) {
		t.Errorf("got requests of %v messages, want %v", b.sizes, want)
	}
	if c.BatchLimit() != 10 {
		t.Errorf("got a limit of %d, want 10", c.BatchLimit())
	}
	if got := c.SendBatch(t.Context(), nil); len(got) != 0 || len(b.sizes) != 3 {
		t.Errorf("no messages: got %v in %d requests", got, len(b.sizes)-3)
	}
}

// One more message may not make a request larger than the provider takes.
func TestSendBatchSplitsByBytes(t *testing.T) {
	b := newBatches(t)
	messages := people(4)
	for i := range messages {
		messages[i].Body = strings.Repeat("x", 4<<20)
	}
	for i, r := range b.client(nil).SendBatch(t.Context(), messages) {
		if r.Outcome != channels.Accepted {
			t.Errorf("message %d: got %+v", i, r)
		}
	}
	if want := []int{2, 2}; !slices.Equal(b.sizes, want) {
		t.Errorf("got requests of %v messages, want %v", b.sizes, want)
	}
	if largest := slices.Max(b.bytes); largest > maxRequest {
		t.Errorf("got a request of %d bytes, want at most %d", largest, maxRequest)
	}
}

// A batch that exactly fills a request is one request; a byte more makes two.
func TestSendBatchFillsARequest(t *testing.T) {
	messages := people(2)
	payload, err := encode(messages[0])
	if err != nil {
		t.Fatal(err)
	}
	room := maxRequest - len("[,]") - 2*len(payload)
	for extra, want := range [][]int{{2}, {1, 1}} {
		b := newBatches(t)
		messages[0].Body = "Hello" + strings.Repeat("x", room+extra)
		b.client(nil).SendBatch(t.Context(), messages)
		if !slices.Equal(b.sizes, want) {
			t.Errorf("%d bytes over: got requests of %v messages (%v bytes), want %v", extra, b.sizes, b.bytes, want)
		}
	}
}

func TestSendBatchFindsTheBad(t *testing.T) {
	for _, bad := range [][]string{{"p0"}, {"p499"}, {"p250", "p251"}, {"p3", "p77", "p301", "p302", "p303"}} {
		b := newBatches(t, bad...)
		results := b.client(nil).SendBatch(t.Context(), people(500))
		for i, r := range results {
			to := fmt.Sprintf("p%d", i)
			switch {
			case b.bad[to] && (r.Outcome != channels.Refused || !strings.Contains(r.Reason, "bad") || b.taken[to] != 0):
				t.Errorf("bad %s: got %+v, taken %d times", to, r, b.taken[to])
			case !b.bad[to] && (r.Outcome != channels.Accepted || r.ProviderID != "id-"+to || b.taken[to] != 1):
				t.Errorf("good %s: got %+v, taken %d times", to, r, b.taken[to])
			}
		}
		if limit := 20 * len(bad); len(b.sizes) > limit {
			t.Errorf("%d bad among 500 took %d requests, want at most %d", len(bad), len(b.sizes), limit)
		}
	}
}

func TestSendBatchAnswers(t *testing.T) {
	accepted := func(id string) channels.Result {
		return channels.Result{Outcome: channels.Accepted, ProviderID: id}
	}
	silent := unknown("answered 202, but the answer does not mention the message")
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   []channels.Result
	}{
		{"whole", 202, `[{"index":0,"messageId":"a"},{"index":1,"messageId":"b"}]`, []channels.Result{accepted("a"), accepted("b")}},
		{"out of order", 202, `[{"index":1,"messageId":"b"},{"index":0,"messageId":"a"}]`, []channels.Result{accepted("a"), accepted("b")}},
		{"no index", 202, `[{"messageId":"a"},{"messageId":"b"}]`, []channels.Result{accepted("a"), accepted("b")}},
		{"one is missing", 202, `[{"index":1,"messageId":"b"}]`, []channels.Result{silent, accepted("b")}},
		{"one is twice", 202, `[{"index":1,"messageId":"b"},{"index":1,"messageId":"c"}]`,
			[]channels.Result{silent, unknown("answered 202, but the answer mentions the message twice")}},
		{"index out of range", 202, `[{"index":2,"messageId":"c"},{"index":-1,"messageId":"z"}]`, []channels.Result{silent, silent}},
		{"no ID", 202, `[{"index":0},{"index":1,"messageId":"b"}]`,
			[]channels.Result{unknown("answered 202, but the answer names no messageId"), accepted("b")}},
		{"one failed at once", 202, `[{"index":0,"messageId":"a","status":"failed"},{"index":1,"messageId":"b"}]`,
			[]channels.Result{refused("failed at once"), accepted("b")}},
		{"not JSON", 202, `<html>`, twice(unknown("answered 202, but the answer is not the JSON of a batch"))},
		{"another shape", 202, `{"messageId":"a"}`, twice(unknown("answered 202, but the answer is not the JSON of a batch"))},
		{"an object without fields", 202, `{}`, twice(unknown("answered 202, but the answer is not the JSON of a batch"))},
		{"longer than a refusal may be", 202, `[{"messageId":"a","note":"` + strings.Repeat("x", maxError) + `"},{"messageId":"b"}]`, []channels.Result{accepted("a"), accepted("b")}},
		{"nothing", 204, ``, twice(unknown("answered 204, but the answer is not the JSON of a batch"))},
		{"too many", 429, ``, twice(deferred("429: too many requests", 0))},
		{"broken", 500, ``, twice(unknown("500: the provider failed"))},
		{"no token", 401, ``, twice(refused("401: the access token is missing, wrong or expired"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBatches(t)
			b.answer = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}
			if got := b.client(nil).SendBatch(t.Context(), people(2)); !slices.Equal(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if len(b.sizes) != 1 {
				t.Errorf("got %d requests, want 1: nothing may be posted again", len(b.sizes))
			}
		})
	}
}

func twice(r channels.Result) []channels.Result { return []channels.Result{r, r} }

// A connection that is lost leaves the whole request unknown, and only that request.
func TestSendBatchLosesConnection(t *testing.T) {
	b := newBatches(t)
	var requests atomic.Int32
	c := b.client(func(c *Config) { c.Batch = 2 })
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `[{"index":0,"messageId":"a"},{"index":1,"messageId":"b"}]`)
	}
	results := c.SendBatch(t.Context(), people(4))
	for i, want := range []channels.Outcome{channels.Unknown, channels.Unknown, channels.Accepted, channels.Accepted} {
		if results[i].Outcome != want {
			t.Errorf("message %d: got %+v, want %v", i, results[i], want)
		}
	}
}
