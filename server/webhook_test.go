package server_test

import (
	"encoding/json"
	"fmt"
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
	before := s.show(id)
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
}

func TestWebhookIsRefused(t *testing.T) {
	s := start(t, shop)
	good := `{"name": "message.read"}`
	header := appmessaging.SignatureHeader
	s.do("POST", "/webhooks/comapi", good).is(401, "the signature in X-Comapi-Signature is missing or wrong")
	s.do("POST", "/webhooks/comapi", good, header, appmessaging.Sign("another", []byte(good))).is(401)
	s.do("POST", "/webhooks/comapi", good+" ", header, appmessaging.Sign(secret, []byte(good))).is(401)
	s.webhook("true").is(400, "neither a JSON object nor an array")
	s.webhook(string(make([]byte, appmessaging.MaxWebhook+1))).is(413, "larger than 10 MB")
	s.do("GET", "/webhooks/comapi", "").is(405, "allowed: POST")
}

func TestWebhooksAreOffWithoutASecret(t *testing.T) {
	s := start(t, shop, func(c *server.Config) { c.Webhooks = nil })
	s.webhook(`{"name": "message.read"}`).is(404)
}
