package appmessaging_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/flows"
	"nudge/sandbox"
)

// wire is the provider, with an ear on the wire to it.
type wire struct {
	client *appmessaging.Client
	url    string
	said   []byte // the last request
}

func newWire(t *testing.T) *wire {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{Token: "token", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(box.Close)
	w := &wire{}
	for _, call := range []struct{ method, path, body string }{
		{http.MethodPost, "/cpaas/profiles", `{"id":"dave"}`},
		{http.MethodPut, "/cpaas/profiles/dave/optin", `{"channels":["appMessaging"]}`},
		{http.MethodPost, "/cpaas/templates", `{"name":"order-shipped","messageParts":[{"type":"text/plain","data":"On its way"}]}`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), call.method, call.path, strings.NewReader(call.body))
		r.Header.Set("Authorization", "Bearer token")
		answer := httptest.NewRecorder()
		if box.Handler().ServeHTTP(answer, r); answer.Code >= http.StatusBadRequest {
			t.Fatalf("%s: got %d %s", call.path, answer.Code, answer.Body)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.said, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(w.said))
		box.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	w.client, err = appmessaging.New(appmessaging.Config{BaseURL: server.URL, PathPrefix: "/apispaces/space-1", Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	return w
}

// data is what the templates of the cases know.
var data = map[string]any{
	"data":    map[string]any{"order_id": "O1", "total": 17},
	"profile": map[string]any{"id": "dave", "phone": "447123123123", "email": "dave@example.com"},
}

// render makes the message of a case as a flow would.
func render(t *testing.T, archive *txtar.Archive) channels.Message {
	t.Helper()
	project := fstest.MapFS{"nudge.yaml": {Data: []byte("project: shop\n")}}
	for _, f := range archive.Files {
		project[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	p, list := flows.Load(project)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	tmpl, err := p.Template("t")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tmpl.Render("dave", data)
	if err != nil {
		t.Fatal(err)
	}
	m.Ref = channels.Ref{Installation: "i1", Run: "01J", Message: 1, Attempt: 1}
	return m
}

const (
	wantFile     = "want.json"
	templateFile = "templates/t.yaml"
)

// TestWire holds what every key of a template becomes on the wire, key by key of the
// provider's tables and example by example of its page. The sandbox has to take it.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d cases, error %v", len(files), err)
	}
	w := newWire(t)
	var rows []string
	var plain map[string]json.RawMessage // the request of the first case
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if r := w.client.Send(t.Context(), render(t, archive)); r.Outcome != channels.Accepted {
				t.Errorf("the sandbox answers %v: %s", r.Outcome, r.Reason)
			}
			checkWant(t, file, archive, w.said)
			request := map[string]json.RawMessage{}
			if err := json.Unmarshal(w.said, &request); err != nil {
				t.Fatal(err)
			}
			if plain == nil {
				plain = maps.Clone(request)
			} else {
				maps.DeleteFunc(request, func(key string, v json.RawMessage) bool { return string(plain[key]) == string(v) })
			}
			rows = append(rows, row(t, archive, request))
		})
	}
	checkPage(t, rows)
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// checkWant holds a request against that of the case.
func checkWant(t *testing.T, file string, archive *txtar.Archive, said []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, said, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == wantFile })
	if at < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: wantFile})
		at = len(archive.Files) - 1
	}
	if updating() {
		archive.Files[at].Data = got.Bytes()
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(archive.Files[at].Data), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// row is a case in the table of the page: the template without the body that all have,
// and what of the request is not as it is for a plain text.
func row(t *testing.T, archive *txtar.Archive, request map[string]json.RawMessage) string {
	t.Helper()
	cell := strings.NewReplacer("|", `\|`)
	var lines []string
	for _, f := range archive.Files {
		if f.Name != templateFile {
			continue
		}
		for _, line := range strings.Split(strings.TrimRight(string(f.Data), "\n"), "\n") {
			if line != "body: Hello" || len(f.Data) < len("body: Hello\n")+1 {
				lines = append(lines, "`"+cell.Replace(line)+"`")
			}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(request); err != nil {
		t.Fatal(err)
	}
	said := strings.TrimSpace(b.String())
	said = "`" + cell.Replace(said[1:len(said)-1]) + "`"
	if len(request) == 0 {
		said = "(nothing in its place)"
	}
	return fmt.Sprintf("| %s | %s | %s |\n", strings.TrimSpace(string(archive.Comment)), strings.Join(lines, "<br>"), said)
}

var section = regexp.MustCompile(`(?s)(<!-- wire: [^\n]+ -->\n).*?(<!-- end -->)`)

// checkPage holds the table of docs/channel.md against the cases.
func checkPage(t *testing.T, rows []string) {
	t.Helper()
	const page = "../../docs/channel.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	table := "\n| | In the template | On the wire |\n| --- | --- | --- |\n" + strings.Join(rows, "") + "\n"
	if !section.Match(text) {
		t.Fatalf("%s has no table of the wire", page)
	}
	want := section.ReplaceAllStringFunc(string(text), func(s string) string {
		m := section.FindStringSubmatch(s)
		return m[1] + table + m[2]
	})
	if updating() {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is out of date; run the test with -update (-want +got):\n%s", page, diff)
	}
}

// TestWireRefused holds that what a template cannot say is what the provider refuses: a
// request with one of the faults gets a 400 that names it.
func TestWireRefused(t *testing.T) {
	w := newWire(t)
	for _, test := range []struct{ param, request string }{
		{"to", `{"body":"x","rules":["appMessaging"]}`},
		{"to.profileId", `{"to":{"phoneNumber":"44"},"body":"x","rules":["appMessaging"]}`},
		{"to.email", `{"to":{"profileId":"dave","email":7},"body":"x","rules":["appMessaging"]}`},
		{"rules", `{"to":{"profileId":"dave"},"body":"x"}`},
		{"ruleSet", `{"to":{"profileId":"dave"},"body":"x","rules":["sms"],"ruleSet":"r"}`},
		{"body", `{"to":{"profileId":"dave"},"rules":["appMessaging"]}`},
		{"messageParts", `{"to":{"profileId":"dave"},"body":"x","messageParts":[{"type":"text/plain","data":"x"}],"rules":["appMessaging"]}`},
		{"templateId", `{"to":{"profileId":"dave"},"templateId":"x","messageParts":[{"type":"text/plain","data":"x"}],"rules":["appMessaging"]}`},
		{"requireOptIn", `{"to":{"profileId":"eve"},"body":"x","requireOptIn":true,"rules":["appMessaging"]}`},
		{"title", `{"to":{"profileId":"dave"},"body":"x","title":null,"rules":["appMessaging"]}`},
		{"messageParts[0].data", `{"to":{"profileId":"dave"},"messageParts":[{"type":"text/plain"}],"rules":["appMessaging"]}`},
		{"messageParts[0].url", `{"to":{"profileId":"dave"},"messageParts":[{"type":"text/plain","data":"x","url":"https://x"}],"rules":["appMessaging"]}`},
		{"customBody.sms", `{"to":{"profileId":"dave"},"body":"x","customBody":{"sms":{}},"channelOptions":{"sms":{}},"rules":["appMessaging"]}`},
		{"customBody.appMessaging.parts", `{"to":{"profileId":"dave"},"customBody":{"appMessaging":{"alert":{"title":"x"}}},"rules":["appMessaging"]}`},
		{"channelOptions.appMessaging.from.profileId", `{"to":{"profileId":"dave"},"body":"x","channelOptions":{"appMessaging":{"from":{"name":"x"}}},"rules":["appMessaging"]}`},
		{"expiresOn", `{"to":{"profileId":"dave"},"body":"x","expiresOn":"tomorrow","rules":["appMessaging"]}`},
		{"metadata", `{"to":{"profileId":"dave"},"body":"x","metadata":7,"rules":["appMessaging"]}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/apispaces/space-1/messages", strings.NewReader(test.request))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer token")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusBadRequest ||
			!strings.Contains(string(body), `{"paramName":"`+test.param+`",`) {
			t.Errorf("%s\nis answered %d %s; want a 400 about %s", test.request, response.StatusCode, body, test.param)
		}
	}
}

// TestWireBatch sends the messages of all cases in one request.
func TestWireBatch(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t)
	var messages []channels.Message
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := render(t, archive)
		m.Expires = time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)
		messages = append(messages, m)
	}
	seen := map[string]bool{}
	for i, r := range w.client.SendBatch(t.Context(), messages) {
		if r.Outcome != channels.Accepted || seen[r.ProviderID] {
			t.Errorf("%s: got %+v", files[i], r)
		}
		seen[r.ProviderID] = true
	}
	if n := bytes.Count(w.said, []byte(`"expiresOn":"2030-01-31T09:00:00.000Z"`)); n != len(files) {
		t.Errorf("got %d messages that expire in the last request, want all %d", n, len(files))
	}
}
