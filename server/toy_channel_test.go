package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/runner"
	"nudge/server"
)

// toySecret is what the toy provider puts into its webhooks.
const toySecret = "a secret of the toy"

// toy is a second channel. Nothing of it is like app messaging: it posts forms, and its
// webhooks are lines of text with a shared secret. It stands in for a channel that a
// later version may add without a change in server, runner or engine.
type toy struct{ url string }

var (
	_ channels.Channel  = toy{}
	_ channels.Receiver = toy{}
)

// Send posts a message as a form. The provider answers with the ID of the message.
func (c toy) Send(ctx context.Context, m channels.Message) channels.Result {
	form := url.Values{"to": {m.To}, "text": {m.Body}, "thread": {m.Conversation}, "ref": {
		fmt.Sprintf("%s/%s/%d/%d", m.Ref.Installation, m.Ref.Run, m.Ref.Message, m.Ref.Attempt),
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(form.Encode()))
	if err != nil {
		return channels.Result{Outcome: channels.Refused, Reason: err.Error()}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return channels.Result{Outcome: channels.Unknown, Reason: err.Error()}
	}
	defer response.Body.Close()
	id, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return channels.Result{Outcome: channels.Unknown, Reason: response.Status}
	}
	return channels.Result{Outcome: channels.Accepted, ProviderID: string(id)}
}

func (toy) Name() string   { return "toy" }
func (toy) BodyLimit() int { return 1000 }

// Inspect finds the secret in the header, so its proof needs no body.
func (toy) Inspect(header map[string][]string) (channels.Proof, error) {
	if http.Header(header).Get("Toy-Secret") != toySecret {
		return nil, &channels.Rejection{Reason: channels.NotAuthentic, Detail: "Toy-Secret is missing or wrong"}
	}
	return proven{io.Discard}, nil
}

type proven struct{ io.Writer }

func (proven) Check() error { return nil }

// Decode reads a line for each event: "read REF" or "reply ID PERSON THREAD TEXT".
func (toy) Decode(body []byte) (in channels.Inbound, err error) {
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		event, rest, _ := strings.Cut(lines.Text(), " ")
		words := strings.SplitN(rest, " ", 4)
		switch {
		case event == "read":
			in.Receipts = append(in.Receipts, channels.Receipt{Ref: toyRef(rest), Status: channels.Read})
		case event == "reply" && len(words) == 4:
			in.Replies = append(in.Replies, channels.Reply{ID: words[0], Profile: words[1], Conversation: words[2], Text: words[3]})
		case event == "reply":
			in.Ignored = append(in.Ignored, channels.Ignored{Event: event, Reason: channels.MalformedEvent})
		default:
			in.Ignored = append(in.Ignored, channels.Ignored{Event: event, Reason: channels.UnknownEvent})
		}
	}
	return in, lines.Err()
}

func toyRef(text string) (ref channels.Ref) {
	fmt.Sscanf(strings.ReplaceAll(text, "/", " "), "%s %s %d %d", &ref.Installation, &ref.Run, &ref.Message, &ref.Attempt)
	return ref
}

// A flow sends through the toy. Its receipts and replies come back beside those of app
// messaging and move the runs.
func TestSecondChannel(t *testing.T) {
	forms := make(chan url.Values, 10)
	carrier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		forms <- r.PostForm
		io.WriteString(w, "toy-1")
	}))
	defer carrier.Close()
	toys := toy{carrier.URL}
	s := startAccounts(t, map[string]string{
		"nudge.yaml": "project: shop\naccounts: { default: main, main: {}, toys: {} }\n",
		"flows/order.yaml": `flow: order
account: toys
trigger: { event: order.shipped, to: event.customer }
data: { order_id: string, customer: string }
steps:
  - id: shipped
    send: { body: "Order {{ data.order_id }}" }
  - wait:
      - read: shipped
        then: [ { exit: seen } ]
      - reply: shipped
        then: [ { exit: answered } ]
      - after: 1d
`,
	}, []runner.Account{{Name: "main", Channel: provider{nil}}, {Name: "toys", Channel: toys}},
		func(c *server.Config) { c.Receivers = append(c.Receivers, toys) })

	start := func(order, customer string) (id string, form url.Values) {
		s.event(`{"type": "order.shipped", "data": {"order_id": "` + order + `", "customer": "` + customer + `"}}`).is(200)
		form = <-forms
		return toyRef(form.Get("ref")).Run, form
	}
	post := func(body string) *answer { return s.do("POST", "/webhooks/toy", body, "Toy-Secret", toySecret) }

	read, form := start("1", "ann")
	if form.Get("to") != "ann" || form.Get("text") != "Order 1" {
		t.Errorf("the toy sent %v", form)
	}
	post("waved\nreply r0\nread " + form.Get("ref")).is(200)
	answered, form := start("2", "bob")
	post("reply r1 bob " + form.Get("thread") + " yes please").is(200)
	for id, want := range map[string]string{read: "seen", answered: "answered"} {
		if got := s.ended(id); got.Outcome != want {
			t.Errorf("run %s ended as %q, want %q", id, got.Outcome, want)
		}
	}
	s.do("POST", "/webhooks/toy", "read x").is(401, "Toy-Secret is missing or wrong")
	post(strings.Repeat("x", 1001)).is(413, "larger than 1000 bytes")
	s.webhook(`{"name": "new.thing"}`).is(200)
	s.do("GET", "/metrics", "").is(200, `nudge_webhook_events_total{kind="receipt"} 1`,
		`nudge_webhook_events_total{kind="reply"} 1`, `nudge_webhook_events_total{kind="unknown"} 2`,
		`nudge_webhook_events_total{kind="malformed"} 1`)
}

// Receivers whose names make no path of their own are a mistake of the caller.
func TestReceiverNames(t *testing.T) {
	config := server.Config{Runner: new(runner.Runner), Store: start(t, shop).store}
	for name, receivers := range map[string][]channels.Receiver{
		`the name "a/b"`:          {named{name: "a/b"}},
		`the name ""`:             {named{}},
		`two with the name "toy"`: {toy{}, named{name: "toy"}},
	} {
		config.Receivers = receivers
		if _, err := server.New(config); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got the error %v, want one that names %s", err, name)
		}
	}
}

type named struct {
	toy
	name string
}

func (n named) Name() string { return n.name }
