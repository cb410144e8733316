package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/server"
)

// receipt is what the provider says about a message.
func receipt(name string, m channels.Message) string {
	ref, _ := json.Marshal(m.Ref) // plain strings and numbers
	return fmt.Sprintf(`{"eventId": "e", "name": %q, "payload": {"id": "m", "metadata": {"nudge": %s}}}`, name, ref)
}

func reply(id, who string, answers channels.Message, text string) string {
	return fmt.Sprintf(`{"eventId": "e", "name": "message.inbound", "payload": {"messageId": %q,
		"from": {"profileId": %q}, "to": {"conversationId": %q}, "body": %q}}`, id, who, answers.Conversation, text)
}

func TestWebhookMovesRuns(t *testing.T) {
	s := start(t, shop)
	read, first := s.run("1", "ann")
	answered, second := s.run("2", "bob")
	failed, third := s.run("3", "col")

	s.webhook(receipt("message.read", first)).is(200)
	s.webhook("[" + receipt("message.delivered", second) + "," + receipt("message.failed", third) + `, {"name": "new.thing"}, 7]`).is(200)
	s.webhook(reply("r1", "bob", second, "yes")).is(200)
	for id, want := range map[string]string{read: "completed", answered: "answered", failed: "completed"} {
		if got := s.show(id).Outcome; got != want {
			t.Errorf("run %s ended as %q, want %q", id, got, want)
		}
	}
}

func TestWebhookTwiceChangesNothing(t *testing.T) {
	s := start(t, shop)
	id, sent := s.run("1", "ann")
	s.webhook(receipt("message.delivered", sent)).is(200)
	s.webhook(reply("r1", "bob", channels.Message{}, "hello")).is(200)
	before := s.until(id, func(r server.Run) bool { // the answer to the send may come after the receipt
		return slices.ContainsFunc(r.Timeline, func(e server.Entry) bool { return e.Kind == "accepted" })
	})
	s.webhook("[" + receipt("message.delivered", sent) + "," + receipt("message.sent", sent) + "]").is(200)
	s.webhook(reply("r1", "bob", channels.Message{}, "hello")).is(200)
	if after := s.show(id); len(after.Timeline) != len(before.Timeline) {
		t.Errorf("the timeline grew from %d to %d entries", len(before.Timeline), len(after.Timeline))
	}
}

func TestWebhookOfAnotherInstallationIsDropped(t *testing.T) {
	s := start(t, shop)
	id, sent := s.run("1", "ann")
	sent.Ref.Installation = "0123456789abcdef"
	s.webhook(receipt("message.read", sent)).is(200)
	if r := s.show(id); r.Status == "ended" {
		t.Errorf("a receipt of another installation ended the run")
	}
	s.do("GET", "/metrics", "").is(200,
		`nudge_inputs_ignored_total{kind="receipt",reason="another installation sent it"} 1`)
}

// An agent's receipt, and one without our metadata where accounts do not correlate by ID, move
// nothing. Both are counted by their reason.
func TestWebhookReceiptsThatMatchNothing(t *testing.T) {
	s := start(t, shop)
	id, sent := s.run("1", "ann")
	agent := strings.Replace(receipt("conversationMessage.read", sent), `"payload": {`, `"payload": {"profileId": "agent", `, 1)
	s.webhook(agent).is(200)
	s.webhook(`{"eventId": "e", "name": "conversationMessage.read", "payload": {"id": "m-` + id + `", "profileId": "ann"}}`).is(200)
	if r := s.show(id); r.Status == "ended" {
		t.Error("a receipt that is not the recipient's ended the run")
	}
	s.do("GET", "/metrics", "").is(200,
		`nudge_inputs_ignored_total{kind="receipt",reason="it is about another participant of the conversation"} 1`,
		`nudge_inputs_ignored_total{kind="receipt",reason="it does not say which message of ours it is about"} 1`)
	s.webhook(strings.Replace(agent, "agent", "ann", 1)).is(200)
	if r := s.show(id); r.Outcome != "completed" {
		t.Errorf("the recipient read it, and the run ended as %q", r.Outcome)
	}
}

// A body may have exactly as many bytes as are configured, 10 MB at most.
func TestWebhookOfTenMegabytes(t *testing.T) {
	s := start(t, shop, func(c *server.Config) {
		c.Receivers = []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}, MaxBody: appmessaging.MaxBody}}
	})
	id, sent := s.run("1", "ann")
	body := receipt("message.read", sent)
	body += strings.Repeat(" ", appmessaging.MaxBody-len(body))
	s.webhook(body+" ").is(413, "larger than 10 MB")
	if r := s.show(id); r.Status == "ended" {
		t.Error("a body that is too large ended the run")
	}
	s.webhook(body).is(200)
	if r := s.show(id); r.Status != "ended" {
		t.Errorf("a body of 10 MB was taken, and the run is %s", r.Status)
	}
}

func TestWebhookOfFiveHundred(t *testing.T) {
	s := start(t, shop)
	id, sent := s.run("1", "ann")
	all := slices.Repeat([]string{receipt("message.delivered", sent)}, 499)
	all = append(all, receipt("message.read", sent))
	s.webhook("[" + strings.Join(all, ",") + "]").is(200)
	if r := s.show(id); r.Status != "ended" {
		t.Errorf("the last of 500 read the message, and the run is %s", r.Status)
	}
	s.do("GET", "/metrics", "").is(200, `nudge_webhook_events_total{kind="receipt"} 500`)
}

func TestWebhookWithBothSecrets(t *testing.T) {
	s := start(t, shop, func(c *server.Config) {
		c.Receivers = []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret, "the one before"}}}
	})
	for _, good := range []string{secret, "the one before"} {
		body := `{"name": "new.thing"}`
		s.do("POST", "/webhooks/comapi", body, appmessaging.SignatureHeader, appmessaging.Sign(good, []byte(body))).is(200)
	}
	s.do("GET", "/metrics", "").is(200, `nudge_webhook_events_total{kind="unknown"} 2`)
}

func TestWebhookChangesProfiles(t *testing.T) {
	const body = `{"eventId": "e7", "name": "profile.update", "payload": {"id": "zoe", "city": "Bath", "_createdBy": "x"}}`
	s := start(t, shop, func(c *server.Config) { c.Profiles = true })
	s.webhook(body).is(200)
	s.webhook(body).is(200)
	s.do("GET", "/v1/profiles/zoe", "").is(200, `"city":"Bath"`)
	s.do("GET", "/metrics", "").is(200, `nudge_webhook_events_total{kind="profile"} 2`)

	off := start(t, shop)
	off.webhook(body).is(200)
	off.do("GET", "/v1/profiles/zoe", "").is(404)
}

func TestWebhookIsRefused(t *testing.T) {
	s := start(t, shop)
	good := `{"name": "message.read"}`
	header := appmessaging.SignatureHeader
	s.do("POST", "/webhooks/comapi", good).is(401, "the signature in X-Comapi-Signature is missing or wrong")
	s.do("POST", "/webhooks/comapi", good, header, appmessaging.Sign("another", []byte(good))).is(401)
	s.do("POST", "/webhooks/comapi", good+" ", header, appmessaging.Sign(secret, []byte(good))).is(401)
	s.webhook("true").is(400, "neither a JSON object nor an array")
	s.webhook(string(make([]byte, appmessaging.DefaultBody+1))).is(413, "larger than 4 MB")
	s.do("GET", "/webhooks/comapi", "").is(405, "allowed: POST")
}

func TestWebhooksAreOffWithoutASecret(t *testing.T) {
	s := start(t, shop, func(c *server.Config) { c.Receivers = nil })
	s.webhook(`{"name": "message.read"}`).is(404)
}
