package sandbox_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"nudge/sandbox/session"
)

// apps is the API as the apps of people use it. testdata/apps/*.txt has the requests, to be
// read with the provider's pages: a request, an empty line, and the answer with the headers
// that count. "dave:" before a request is dave's app;
// else it is a server. "hear dave" is the next frame of his websocket. {name} is what an
// earlier answer had under the name.
type apps struct {
	*world
	known   map[string]string
	tokens  map[string]string
	sockets map[string]*websocket.Conn
}

// nonces are another every time.
var nonces = regexp.MustCompile(`"nonce": "[A-Z0-9]+"`)

const space = "/apispaces/space-1"

func newApps(t testing.TB) *apps {
	return &apps{newWorld(t, nil), map[string]string{}, map[string]string{}, map[string]*websocket.Conn{}}
}

// TestApps goes through the files; -update writes the answers.
func TestApps(t *testing.T) {
	files, err := filepath.Glob("testdata/apps/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := newApps(t)
			var got []string
			for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n\n") {
				asked, _, _ := strings.Cut(block, "\n\n")
				if strings.HasPrefix(asked, "#") {
					got = append(got, asked)
					continue
				}
				got = append(got, asked+"\n\n"+a.answer(asked))
			}
			all := strings.Join(got, "\n\n\n") + "\n"
			if f := flag.Lookup("update"); f.Value.String() == "true" {
				if err := os.WriteFile(file, []byte(all), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(text), all); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// answer makes a request of a file.
func (a *apps) answer(asked string) string {
	a.t.Helper()
	line, body, _ := strings.Cut(asked, "\n")
	for name, value := range a.known {
		line, body = strings.ReplaceAll(line, "{"+name+"}", value), strings.ReplaceAll(body, "{"+name+"}", value)
	}
	if who, ok := strings.CutPrefix(line, "hear "); ok {
		return a.shown(a.hear(who))
	}
	token := "token"
	if who, rest, ok := strings.Cut(line, ": "); ok {
		line, token = rest, a.token(who)
	}
	method, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	for more := true; more; {
		var header string
		header, rest, _ := strings.Cut(body, "\n")
		name, value, ok := strings.Cut(header, ": ")
		if more = ok && !strings.ContainsAny(name, ` "{[`); more {
			r.Header.Set(name, value)
			body = rest
		}
	}
	return a.ask(r, body)
}

// ask makes a request and shows the answer.
func (a *apps) ask(r *http.Request, body string) string {
	a.t.Helper()
	r.Body, r.ContentLength = http.NoBody, 0
	if body != "" {
		again, err := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(body))
		if err != nil {
			a.t.Fatal(err)
		}
		again.Header = r.Header
		r = again
	}
	response, err := a.server.Client().Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	defer a.settle()
	var got strings.Builder
	got.WriteString(strings.TrimSpace(strings.Split(response.Status, " ")[0]))
	for _, name := range []string{
		"ETag", "Last-Modified", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
		"Access-Control-Allow-Headers", "Access-Control-Expose-Headers",
	} {
		if value := response.Header.Get(name); value != "" {
			got.WriteString("\n" + name + ": " + value)
		}
	}
	var value any
	decoder := json.NewDecoder(response.Body)
	if decoder.Decode(&value) == nil {
		a.learn(value)
		got.WriteString("\n" + a.shown(value))
	}
	return got.String()
}

// learn remembers values that later requests need.
func (a *apps) learn(value any) {
	fields, ok := value.(map[string]any)
	if !ok {
		return
	}
	for _, name := range []string{"id", "messageId", "authenticationId", "nonce", "token"} {
		if text, ok := fields[name].(string); ok {
			a.known[name] = text
		}
	}
	if s, ok := fields["session"].(map[string]any); ok {
		a.known["sessionId"], _ = s["id"].(string)
	}
	if nonce, ok := fields["nonce"].(string); ok {
		now := a.clock.Now()
		a.known["jwt"] = session.Sign(map[string]any{
			"iss": "nudge", "aud": "sandbox", "sub": "dave", "nonce": nonce, "exp": now.Unix() + 60,
		}, session.DefaultAuth().Secret)
	}
}

// shown is JSON for a file, without values that change every time.
func (a *apps) shown(value any) string {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		a.t.Fatal(err)
	}
	out := strings.ReplaceAll(string(text), a.server.URL, "http://sandbox")
	if token := a.known["token"]; token != "" {
		out = strings.ReplaceAll(out, token, "{token}")
	}
	return nonces.ReplaceAllString(out, `"nonce": "{nonce}"`)
}

// token is that of somebody's session, which is started when there is none.
func (a *apps) token(who string) string {
	a.t.Helper()
	if a.tokens[who] == "" {
		a.tokens[who] = a.signIn(who)
	}
	return a.tokens[who]
}

// signIn starts a session of somebody.
func (w *world) signIn(who string) (token string) {
	w.t.Helper()
	var c session.Challenge
	if _, text := w.call("GET", space+"/sessions/start", ""); json.Unmarshal([]byte(text), &c) != nil {
		w.t.Fatal(text)
	}
	jwt := session.Sign(map[string]any{
		"iss": "nudge", "aud": "sandbox", "sub": who, "nonce": c.Nonce, "exp": w.clock.Now().Unix() + 60,
	}, session.DefaultAuth().Secret)
	var made struct{ Token string }
	answer := w.post(http.StatusOK, space+"/sessions", `{"authenticationId":"`+c.AuthenticationID+
		`","authenticationToken":"`+jwt+`","deviceId":"phone","platform":"android","sdkType":"native","sdkVersion":"1"}`)
	if json.Unmarshal([]byte(answer), &made) != nil {
		w.t.Fatal(answer)
	}
	return made.Token
}

// hear is the next frame of somebody's websocket. It opens one when there is none.
func (a *apps) hear(who string) any {
	a.t.Helper()
	if a.sockets[who] == nil {
		a.sockets[who] = a.dial(a.token(who))
	}
	_, frame, err := a.sockets[who].Read(a.t.Context())
	var value any
	if err != nil || json.Unmarshal(frame, &value) != nil {
		a.t.Fatalf("%s hears %s, %v", who, frame, err)
	}
	return value
}

// dial opens a websocket.
func (w *world) dial(token string) *websocket.Conn {
	w.t.Helper()
	conn, response, err := websocket.Dial(w.t.Context(), w.server.URL+space+"/socket?token="+token, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}
