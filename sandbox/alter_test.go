package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/sandbox"
)

func TestDelete(t *testing.T) {
	w := newWorld(t, nil)
	id := w.send(message("dave")).ProviderID
	kept := w.send(message("dave")).ProviderID
	w.pass(time.Second)
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if got, body := w.call("DELETE", messages+"/"+id, ""); got != want {
			t.Errorf("DELETE: got %d %s, want %d", got, body, want)
		}
	}
	if got, _ := w.call("GET", messages+"/"+id, ""); got != http.StatusNotFound {
		t.Errorf("GET of a deleted message: got %d, want 404", got)
	}
	w.pass(time.Hour)
	if diff := cmp.Diff([]string{"sent", "sent", "delivered", "delivered", "read"}, w.receiver.statuses()); diff != "" {
		t.Errorf("nothing happens to a deleted message (-want +got):\n%s", diff)
	}
	w.send(message("eve"))
	if _, body := w.call("DELETE", messages+"/"+w.Messages()[1].ID, ""); len(w.Conversations()) != 1 {
		t.Errorf("got %s and %+v, want the conversation to go with its only message", body, w.Conversations())
	}
	if got := w.Messages(); len(got) != 1 || got[0].ID != kept || w.Conversations()[0].Messages != 1 {
		t.Errorf("got %+v, want the other one", got)
	}
}

func TestRedact(t *testing.T) {
	w := newWorld(t, nil)
	id := w.send(message("dave")).ProviderID
	path := messages + "/" + id
	for body, want := range map[string]string{
		`{"redactSource":"message"}`:             "redact",
		`{"redact":false}`:                       "redact",
		`{"redact":null}`:                        "redact",
		`{"redact":true,"redactSource":"all"}`:   "redactSource",
		`{"redact":"yes","redactSource":"chat"}`: "redact",
		``:                                       "request",
	} {
		if status, got := w.call("PATCH", path, body); status != http.StatusBadRequest || !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("%s: got %d %s, want 400 with a failure of %s", body, status, got, want)
		}
	}
	const good = `{"redact":true}`
	if status, got := w.call("PATCH", messages+"/x", good); status != http.StatusNotFound {
		t.Errorf("an unknown message: got %d %s, want 404", status, got)
	}
	if status, got := w.call("PATCH", path, good); status != http.StatusAccepted {
		t.Errorf("got %d %s, want 202", status, got)
	}
	_, shown := w.call("GET", path, "")
	if got := w.Conversations()[0].Last; got != "[redacted]" {
		t.Errorf("the conversation still says %q", got)
	}
	if strings.Contains(shown, "there") || !strings.Contains(shown, `"profileId":"dave"`) {
		t.Errorf("got %s, want whom it went to without what it said", shown)
	}
	w.pass(time.Hour)
	if got := w.receiver.inbound().Receipts[2]; got.Ref.IsZero() {
		t.Errorf("got %+v, want receipts of a redacted message to find their run", got)
	}
}

func TestCustomStatuses(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, "never delivered") })
	id := w.send(message("dave")).ProviderID
	path := messages + "/" + id + "/statuses/"
	w.post(http.StatusOK, path+"filtered", `{"channel":"own"}`)
	w.post(http.StatusOK, path+"delivered", `{"channel":"own","channelStatus":{},"timestamp":"2030-01-31T10:00:00.000Z"}`)
	w.post(http.StatusOK, path+"failed", `{"channel":"own","failureReason":"no signal"}`)
	w.settle()
	got := w.receiver.inbound().Receipts
	if diff := cmp.Diff([]string{"sent", "delivered", "failed"}, w.receiver.statuses()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if got[1].At.Hour() != 10 || got[2].Reason != "no signal" || w.Messages()[0].Status != "delivered" {
		t.Errorf("got %+v, want their instant and reason, and the message delivered", got)
	}
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{path + "seen", `{"channel":"own"}`, 400, `"status"`},
		{path + "read", `{}`, 400, `"channel"`},
		{path + "read", `{"channel":"own","timestamp":"noon"}`, 400, `"timestamp"`},
		{path + "read", `{"channel":"own","channelStatus":7}`, 400, `"channelStatus"`},
		{path + "read", `[]`, 400, `"request"`},
		{messages + "/x/statuses/read", `{"channel":"own"}`, 404, "message not found"},
	} {
		if got := w.post(test.status, test.path, test.body); !strings.Contains(got, test.want) {
			t.Errorf("%s %s: got %s, want %s", test.path, test.body, got, test.want)
		}
	}
}

func TestInbounds(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, "never delivered") })
	sent := w.send(message("dave")).ProviderID
	const path = messages + "/inbounds"
	first := w.post(http.StatusCreated, path, `{"from":{"profileId":"dave"},"channel":"own","body":"hi","metadata":{"k":1}}`)
	w.settle()
	w.post(http.StatusCreated, path, `{"from":{"profileId":"eve"},"to":{"conversationId":"c 1"},"channel":"own",`+
		`"messageParts":[{"type":"image/png","url":"https://a/b"}]}`)
	w.settle()
	replies := w.receiver.inbound().Replies
	if len(replies) != 2 || replies[0].Text != "hi" || replies[0].Conversation != "Support_dave" ||
		replies[0].Answers.IsZero() || replies[1].Conversation != "c 1" {
		t.Errorf("got %+v, want the first to answer the message and the second in its conversation", replies)
	}
	golden(t, "inbounds", first+strings.Join(w.receiver.bodies[1:], "\n"))

	var m struct{ MessageID string }
	if err := json.Unmarshal([]byte(first), &m); err != nil {
		t.Fatal(err)
	}
	statuses := path + "/" + m.MessageID + "/statuses/"
	const now = `{"timestamp":"2030-01-31T10:00:00Z"}`
	w.post(http.StatusOK, statuses+"read", now)
	w.post(http.StatusOK, statuses+"delivered", now)
	i := slices.IndexFunc(w.Messages(), func(x sandbox.Message) bool { return x.ID == m.MessageID })
	if got := w.Messages()[i].Status; got != "read" {
		t.Errorf("a delivered after a read made it %q", got)
	}
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{path, `{"from":{"profileId":"dave"},"body":"x"}`, 400, `"channel"`},
		{path, `{"from":{"profileId":"dave"},"channel":"own"}`, 400, `"body"`},
		{path, `{"from":{"profileId":"dave"},"channel":"own","body":"x","channelData":{"body":"x"}}`, 400, `"channelData.body"`},
		{path, `{"from":{"profileId":"dave"},"channel":"own","body":"x","correlation":{}}`, 400, `"correlation.messageId"`},
		{path, `{"from":null,"channel":"own","body":"x"}`, 400, `"from"`},
		{path, `{"from":{"profileId":"dave"},"channel":"own","messageParts":[{"type":"a/b"}]}`, 400, `"messageParts[0].data"`},
		{path, `{"from":{"profileId":"dave"},"channel":"own","body":"x","metadata":7}`, 400, `"metadata"`},
		{path, `{"from":"dave"}`, 400, `"from"`},
		{statuses + "sent", now, 400, `"status"`},
		{statuses + "read", `{}`, 400, `"timestamp"`},
		{statuses + "read", `{"timestamp":"noon"}`, 400, `"timestamp"`},
		{statuses + "read", `7`, 400, `"request"`},
		{path + "/" + sent + "/statuses/read", now, 404, "message not found"},
	} {
		if got := w.post(test.status, test.path, test.body); !strings.Contains(got, test.want) {
			t.Errorf("%s %s: got %s, want %s", test.path, test.body, got, test.want)
		}
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, `replies "yes" after 1m`) })
	w.send(message("dave"))
	w.pass(time.Hour)
	w.send(message("dave"))
	w.send(message("eve"))
	for query, want := range map[string]string{
		"":                           "out in out",
		"?limit=2":                   "out in",
		"?direction=inbound":         "in",
		"?direction=outbound":        "out out",
		"?from=2030-01-31T09:30:00Z": "in out",
		"?channelId=sms":             "",
		"?channelId=appMessaging&from=2030-01-31T09:00:00.000Z": "out",
	} {
		_, body := w.call("GET", "/apispaces/space-1/profiles/dave/messages"+query, "")
		var entries []struct{ Direction string }
		if err := json.Unmarshal([]byte(body), &entries); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, strings.TrimSuffix(e.Direction, "bound"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	for _, query := range []string{"?limit=0", "?direction=up", "?from=noon"} {
		if status, body := w.call("GET", "/cpaas/profiles/dave/messages"+query, ""); status != http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want 400", query, status, body)
		}
	}
}

func TestMergeFields(t *testing.T) {
	w := newWorld(t, nil)
	for request, want := range map[string]string{
		`{"to":{"profileId":"dave","email":"d@x"},"rules":["appMessaging"],"title":"{{profile.id}}","body":"Dear {{ profile.email }},{{profile.nothing}}{{title}}.",
			"metadata":{"a":["{{profile.id}}",1.50]}}`: `{"body":"Dear d@x,.","metadata":{"a":["dave",1.50]},` +
			`"rules":["appMessaging"],"title":"dave","to":{"email":"d@x","profileId":"dave"}}`,
		`{"to":{"profileId":"dave"},"rules":["appMessaging"],"body":"<b>","title":"T",
			"customBody":{"appMessaging":{"parts":[{"type":"text/plain","data":"{{body}} {{title}} {{profileId}} \u007b\u007bx}}"}]}}}`: `{"body":"<b>",` +
			`"customBody":{"appMessaging":{"parts":[{"data":"<b> T dave ","type":"text/plain"}]}},` +
			`"rules":["appMessaging"],"title":"T","to":{"profileId":"dave"}}`,
		`{"to":{"profileId":"dave"},"rules":["appMessaging"],"messageParts":[{"type":"text/plain","data":"{{profile.id}}"}]}`: `{` +
			`"messageParts":[{"data":"{{profile.id}}","type":"text/plain"}],"rules":["appMessaging"],"to":{"profileId":"dave"}}`,
	} {
		w.post(http.StatusCreated, messages, request)
		all := w.Messages()
		if diff := cmp.Diff(want, string(all[len(all)-1].Request)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if got := w.Messages(); !slices.ContainsFunc(got, func(m sandbox.Message) bool { return m.Text == "<b> T dave " }) {
		t.Errorf("got %+v, want what people read to be filled in", got)
	}
}
