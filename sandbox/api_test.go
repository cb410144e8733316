package sandbox_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/sandbox"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// call makes a request with the token and returns status and body.
func (w *world) call(method, path, body string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Content-Type", "application/json")
	return w.do(r)
}

func (w *world) do(r *http.Request) (int, string) {
	w.t.Helper()
	response, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(all)
}

// post is call for a request that must be answered with status.
func (w *world) post(status int, path, body string) string {
	w.t.Helper()
	got, answer := w.call("POST", path, body)
	if got != status {
		w.t.Fatalf("POST %s: got %d %s, want %d", path, got, answer, status)
	}
	return answer
}

const (
	messages = "/apispaces/space-1/messages"
	smallest = `{"to":{"profileId":"dave"},"body":"Hello","rules":["appMessaging"]}`
)

func golden(t *testing.T, name, text string) {
	t.Helper()
	var got bytes.Buffer
	for values := json.NewDecoder(strings.NewReader(text)); values.More(); got.WriteByte('\n') {
		var value json.RawMessage
		if err := values.Decode(&value); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if err := json.Indent(&got, value, "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestGoldens holds answers and webhooks against files in testdata, which are to
// be read beside the provider's pages.
func TestGoldens(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) {
		c.People = script(t, `reads after 3s, replies "yes" after 1m`)
	})
	created := w.post(http.StatusCreated, messages, `{
  "to": {"profileId": "dave"}, "body": "Hello", "conversationId": "dave_Support",
  "channelOptions": {"appMessaging": {"from": {"profileId": "TEAM\\Support", "name": "Support"}}},
  "metadata": {"nudge": {"i": "i1", "r": "r1", "m": 1, "a": 1}}, "rules": ["appMessaging"] }
`)
	golden(t, "created", created)
	w.pass(time.Minute)
	golden(t, "webhooks", strings.Join(w.receiver.bodies, "\n"))
	_, shown := w.call("GET", messages+"/"+w.Messages()[0].ID, "")
	golden(t, "shown", shown)
	_, history := w.call("GET", "/cpaas/profiles/dave/messages", "")
	golden(t, "history", history)
	_, local := w.call("GET", "/sandbox/messages?profile=dave", "")
	golden(t, "local", local)
	golden(t, "assigned", w.post(http.StatusCreated, "/cpaas/messages", smallest))
	golden(t, "no_channel", w.post(http.StatusCreated, messages,
		`{"to":{"profileId":"dave"},"body":"Hello","rules":["sms"]}`))
	golden(t, "batch", w.post(http.StatusAccepted, messages+"/batch", "["+smallest+","+smallest+"]"))
}

func TestValidation(t *testing.T) {
	w := newWorld(t, nil)
	const rest = `"body":"x","rules":["appMessaging"]}`
	const to = `{"to":{"profileId":"dave"},`
	const parts = `"parts":[{"type":"a/b","url":"u"}]`
	for _, test := range []struct{ request, want string }{
		{``, `request`},
		{`{`, `request`},
		{`[]`, `request`},
		{`null`, `request`},
		{`{` + rest, `to`},
		{`{"to":{},` + rest, `to.profileId`},
		{`{"to":"dave",` + rest, `to`},
		{`{"to":{"profileId":7},` + rest, `to.profileId`},
		{to + `"body":"x"}`, `rules`},
		{to + `"body":"x","rules":[]}`, `rules`},
		{to + `"body":"x","rules":[""]}`, `rules`},
		{to + `"body":"x","rules":"appMessaging"}`, `rules`},
		{to + `"ruleSet":"r",` + rest, `ruleSet`},
		{to + `"rules":["appMessaging"]}`, `body`},
		{to + `"messageParts":[{"type":"text/plain","data":"x"}],` + rest, `messageParts`},
		{`{"to":{},"body":"x","rules":["appMessaging","sms"]}`, `to`},
		{to + `"overrides":{"appMessaging":{"conversation":[]}},` + rest, `overrides.appMessaging.conversation`},
		{to + `"overrides":{"appMessaging":{"conversation":{"isPublic":"yes"}}},` + rest, `overrides.appMessaging.conversation.isPublic`},
		{to + `"overrides":{"appMessaging":{"conversation":{"name":""}}},` + rest, `overrides.appMessaging.conversation.name`},
		{to + `"overrides":{"appMessaging":{"conversation":{"messageScope":"x"}}},` + rest, `overrides.appMessaging.conversation.messageScope`},
		{to + `"requireOptIn":true,` + rest, `requireOptIn`},
		{to + `"templateId":"t",` + rest, `templateId`},
		{to + `"templateId":"unknown","rules":["appMessaging"]}`, `templateId`},
		{to + `"metadata":null,` + rest, `metadata`},
		{to + `"title":null,` + rest, `title`},
		{to + `"expiresOn":null,` + rest, `expiresOn`},
		{to + `"requireOptIn":null,` + rest, `requireOptIn`},
		{to + `"body":"x","rules":["appMessaging",null]}`, `rules[1]`},
		{to + `"channelOptions":{"appMessaging":{"from":null}},` + rest, `channelOptions.appMessaging.from`},
		{to + `"customBody":{"appMessaging":{"alert":null,` + parts + `}},` + rest, `customBody.appMessaging.alert`},
		{`{"to":{"profileId":"dave","email":null},` + rest, `to.email`},
		{to + `"messageParts":[{"type":"a/b"}],"ruleSet":"r"}`, `messageParts[0].data`},
		{to + `"messageParts":[{"type":"a/b","data":"eA==","url":"u"}],"ruleSet":"r"}`, `messageParts[0].url`},
		{to + `"channelOptions":{"appMessaging":{"from":{}}},` + rest,
			`channelOptions.appMessaging.from.profileId`},
		{to + `"channelOptions":{"appMessaging":{"from":7}},` + rest, `channelOptions.appMessaging.from`},
		{to + `"customBody":{"appMessaging":{}},` + rest, `customBody.appMessaging.parts`},
		{to + `"customBody":{"appMessaging":{"from":{"name":"n"},"parts":[{"type":"a/b","url":"u"}]}},` + rest,
			`customBody.appMessaging.from.profileId`},
		{to + `"customBody":{"appMessaging":{"parts":[{"type":"a/b"}]}},` + rest,
			`customBody.appMessaging.parts[0].data`},
		{to + `"customBody":{"sms":{}},"channelOptions":{"sms":{}},` + rest, `customBody.sms`},
		{to + `"expiresOn":"tomorrow",` + rest, `expiresOn`},
		{to + `"expiresOn":7,` + rest, `expiresOn`},
		{`{"to":{"profileId":"dave","phoneNumber":44},` + rest, `to.phoneNumber`},
		{`{"to":{"profileId":""},` + rest, `to.profileId`},
		{to + `"title":7,` + rest, `title`},
		{to + `"body":7,"rules":["appMessaging"]}`, `body`},
		{to + `"templateId":7,` + rest, `templateId`},
		{to + `"templateId":"t","messageParts":[{"type":"a/b","url":"u"}],"ruleSet":"r"}`, `templateId`},
		{to + `"conversationId":7,` + rest, `conversationId`},
		{to + `"metadata":"x",` + rest, `metadata`},
		{to + `"requireOptIn":"yes",` + rest, `requireOptIn`},
		{to + `"overrides":7,` + rest, `overrides`},
		{to + `"overrides":{"appMessaging":7},` + rest, `overrides.appMessaging`},
		{to + `"ruleSet":7,` + rest, `ruleSet`},
		{to + `"body":"x","rules":[{"channel":"appMessaging"}]}`, `rules`},
		{to + `"messageParts":{},"ruleSet":"r"}`, `messageParts`},
		{to + `"messageParts":[{"type":"a/b","data":7}],"ruleSet":"r"}`, `messageParts[0].data`},
		{to + `"messageParts":[{"type":"a/b","data":["x"]}],"ruleSet":"r"}`, `messageParts[0].data`},
		{to + `"messageParts":[{"type":"image/png","data":"not base64"}],"ruleSet":"r"}`, `messageParts[0].data`},
		{to + `"messageParts":[{"type":"application/pdf","data":"not base64"}],"ruleSet":"r"}`, `messageParts[0].data`},
		{to + `"messageParts":[{"type":"image/svg+xml","data":"<svg/>"}],"ruleSet":"r"}`, `messageParts[0].data`},
		{to + `"messageParts":[{"type":"a/b","data":"eA==","size":-1}],"ruleSet":"r"}`, `messageParts[0].size`},
		{to + `"messageParts":[{"type":"a/b","data":"eA==","size":"1"}],"ruleSet":"r"}`, `messageParts.size`},
		{to + `"messageParts":[{"type":"a/b","data":"eA==","channels":[""]}],"ruleSet":"r"}`, `messageParts[0].channels`},
		{to + `"channelOptions":{"sms":7},` + rest, `channelOptions.sms`},
		{to + `"channelOptions":{"appMessaging":{"from":{"profileId":"p","avatarUrl":7}}},` + rest,
			`channelOptions.appMessaging.from.avatarUrl`},
		{to + `"customBody":{"own":7},` + rest, `customBody.own`},
		{to + `"customBody":{"appMessaging":{"parts":[{"type":"a/b","data":{}}]}},` + rest,
			`customBody.appMessaging.parts[0].data`},
		{to + `"customBody":{"appMessaging":{"metadata":7,` + parts + `}},` + rest, `customBody.appMessaging.metadata`},
		{to + `"customBody":{"appMessaging":{"alert":"x",` + parts + `}},` + rest, `customBody.appMessaging.alert`},
		{to + `"customBody":{"appMessaging":{"alert":{"title":7},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.title`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"apns":{"badge":"1"}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.apns.badge`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"apns":{"sound":7}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.apns.sound`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"apns":{"alert":{}}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.apns.alert`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"apns":{"payload":7}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.apns.payload`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"fcm":{"collapse_key":7}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.fcm.collapse_key`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"fcm":{"data":[]}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.fcm.data`},
		{to + `"customBody":{"appMessaging":{"alert":{"platforms":{"fcm":{"notification":{"icon":7}}}},` + parts + `}},` + rest,
			`customBody.appMessaging.alert.platforms.fcm.notification.icon`},
	} {
		status, body := w.call("POST", messages, test.request)
		var got struct {
			ValidationFailures []struct{ ParamName, Message string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusBadRequest ||
			len(got.ValidationFailures) != 1 || got.ValidationFailures[0].ParamName != test.want {
			t.Errorf("%s:\n got %d %s\nwant 400 with one failure of %s", test.request, status, body, test.want)
		}
	}
	answer := w.post(http.StatusBadRequest, messages+"/batch", "["+smallest+",{}]")
	if !strings.Contains(answer, `"paramName":"[1].to"`) {
		t.Errorf("batch: got %s, want a failure of [1].to", answer)
	}
	if len(w.Messages()) != 0 {
		t.Errorf("got %d messages, want none to be kept", len(w.Messages()))
	}
}

// TestGoodRequests sends the examples of the provider's pages, and each field once.
func TestGoodRequests(t *testing.T) {
	w := newWorld(t, nil)
	for _, request := range []string{
		`{ "body": "App Messaging send from Comapi", "to": { "profileId": "dave" }, "rules": ["appMessaging"] }`,
		`{"body":"x","to":{"profileId":"dave","email":"d@example.com","own":"x"},"rules":["sms","appMessaging"],
			"title":"t","requireOptIn":false,"expiresOn":"2030-02-01T09:00:00.000Z",
			"overrides":{"appMessaging":{"conversation":{}}},"metadata":{"a":[1,null]}}`,
		`{"body":"x","to":{"phoneNumber":"447123123123"},"rules":["appMessaging","sms"]}`,
		`{"to":{"profileId":"dave"},"rules":["appMessaging"],"messageParts":[{"data":"x"}]}`,
		`{"body":"x","to":{"profileId":"dave"},"rules":["appMessaging","sms"],"customBody":{"sms":{"own":null}}}`,
		`{"body":"x","to":{"profileId":"dave"},"ruleSet":"mine","conversationId":"Acme Support",
			"channelOptions":{"appMessaging":{"from":{"profileId":"Acme-Support","name":"Support","avatarUrl":"https://a/b"}},
			"sms":{"from":"Acme","allowUnicode":true}}}`,
		`{"body":"x","to":{"profileId":"dave"},"rules":["appMessaging"],"channelOptions":{"appMessaging":{"profileId":"p"}}}`,
		`{"to":{"profileId":"dave"},"rules":["appMessaging"],"messageParts":[
			{"type":"application/json","data":"{\"a\":1}"},{"type":"application/json","data":{"a":1}},
			{"name":"i","type":"image/png","data":"aGVsbG8=","size":5,"channels":["appMessaging"]},{"type":"image/png","url":"https://a/b"}]}`,
		`{"body":"x","to":{"profileId":"dave"},"rules":["appMessaging"],"customBody":{"own":"text","appMessaging":{
			"from":{"profileId":"Acme-Support","name":"Support"},"metadata":{"ticket":17},
			"parts":[{"type":"text/plain","data":"Your item has arrived"}],
			"alert":{"title":"t","body":"b","platforms":{
				"apns":{"badge":1,"sound":"ping.aiff","alert":"Support update","payload":{"k":"v"}},
				"fcm":{"collapse_key":"support","data":{"k":"v"},"notification":{"title":"Support","body":"Update","icon":"ic"}}}}}}}`,
		`{"body":"x","to":{"profileId":"dave"},"rules":["appMessaging"],"customBody":{"appMessaging":{"parts":[{"type":"a/b","url":"u"}],
			"alert":{"platforms":{"apns":{"sound":{}},"fcm":{"collapse_key":{}}}}}}}`,
	} {
		w.post(http.StatusCreated, messages, request)
	}
}

func TestBatchLimits(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Pending = 1 << 20 })
	many := strings.Repeat(smallest+",", sandbox.MaxBatch-1) + smallest
	answer := w.post(http.StatusAccepted, messages+"/batch", "["+many+"]")
	if !strings.HasPrefix(answer, `[{"index":0,"messageId":"`) || strings.Count(answer, "messageId") != sandbox.MaxBatch {
		t.Errorf("got %.80s…, want %d messages with their index", answer, sandbox.MaxBatch)
	}
	for _, body := range []string{"[" + many + "," + smallest + "]", "[]", "{}"} {
		if got := w.post(http.StatusBadRequest, messages+"/batch", body); !strings.Contains(got, `"paramName":"request"`) {
			t.Errorf("got %s, want the request to be refused", got)
		}
	}
}

func TestUser(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.User = "shop" })
	for _, test := range []struct {
		set  func(*http.Request)
		want int
	}{
		{func(r *http.Request) { r.Header.Set("Authorization", "Bearer token") }, http.StatusUnauthorized},
		{func(r *http.Request) { r.SetBasicAuth("other", "token") }, http.StatusUnauthorized},
		{func(r *http.Request) { r.SetBasicAuth("shop", "wrong") }, http.StatusUnauthorized},
		{func(r *http.Request) { r.SetBasicAuth("shop", "token") }, http.StatusOK},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+webhooks, nil)
		if err != nil {
			t.Fatal(err)
		}
		test.set(r)
		status, body := w.do(r)
		if status != test.want || status == http.StatusUnauthorized && !strings.HasPrefix(body, `{"message":"`) {
			t.Errorf("%v: got %d %s, want %d", r.Header, status, body, test.want)
		}
	}
}

func TestSenderMayBeAName(t *testing.T) {
	w := newWorld(t, nil)
	w.post(http.StatusCreated, messages, `{"to":{"profileId":"dave"},"rules":["appMessaging"],"body":"x",`+
		`"customBody":{"appMessaging":{"from":"Acme Corp","parts":[{"type":"application/json","data":"{\"a\":1}"}]}}}`)
	got := w.Messages()[0]
	if got.From != "Acme Corp" || got.Text != `{"a":1}` {
		t.Errorf("got %q from %q", got.Text, got.From)
	}
}

func TestAuthorization(t *testing.T) {
	w := newWorld(t, nil)
	for _, test := range []struct {
		name string
		set  func(*http.Request)
		want int
	}{
		{"none", func(*http.Request) {}, http.StatusUnauthorized},
		{"wrong", func(r *http.Request) { r.Header.Set("Authorization", "Bearer other") }, http.StatusUnauthorized},
		{"empty", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, http.StatusUnauthorized},
		{"bearer", func(r *http.Request) { r.Header.Set("Authorization", "Bearer token") }, http.StatusCreated},
		{"basic", func(r *http.Request) { r.SetBasicAuth("user", "token") }, http.StatusCreated},
		{"basic, wrong", func(r *http.Request) { r.SetBasicAuth("token", "x") }, http.StatusUnauthorized},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+messages, strings.NewReader(smallest))
		if err != nil {
			t.Fatal(err)
		}
		test.set(r)
		if status, body := w.do(r); status != test.want {
			t.Errorf("%s: got %d %s, want %d", test.name, status, body, test.want)
		}
	}
}

func TestPaths(t *testing.T) {
	w := newWorld(t, nil)
	person := `USER\dave smith/é`
	id := func() string {
		var m sandbox.Message
		body := w.post(http.StatusCreated, messages, strings.Replace(smallest, "dave", `USER\\dave smith/é`, 1))
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		return m.ID
	}()
	for path, want := range map[string]int{
		messages + "/" + id:     http.StatusOK,
		messages + "/" + id[1:]: http.StatusNotFound,
		"/cpaas/profiles/" + url.PathEscape(person) + "/messages": http.StatusOK,
		"/cpaas/profiles/dave/messages?limit=0":                   http.StatusBadRequest,
		"/sandbox/messages?limit=x":                               http.StatusBadRequest,
		messages:                                                  http.StatusNotFound,
		"/messages":                                               http.StatusNotFound,
		"/apispaces/messages":                                     http.StatusNotFound,
		"/sandbox/":                                               http.StatusNotFound,
	} {
		if status, body := w.call("GET", path, ""); status != want {
			t.Errorf("GET %s: got %d %s, want %d", path, status, body, want)
		}
	}
	if _, body := w.call("GET", "/cpaas/profiles/"+url.PathEscape(person)+"/messages", ""); !strings.Contains(body, id) {
		t.Errorf("history of %s: got %s, want message %s", person, body, id)
	}
	large := `{"body":"` + strings.Repeat("x", sandbox.MaxRequest) + `"}`
	if status, _ := w.call("POST", messages, large); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a request of more than 10 MB: got %d, want 413", status)
	}
}
