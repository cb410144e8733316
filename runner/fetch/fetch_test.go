package fetch_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nudge/flows"
	"nudge/lang/trace"
	"nudge/runner/fetch"
)

const patience = 10 * time.Second // how long a request of a test may take

// service is an HTTP service on loopback that counts who connects.
type service struct {
	*httptest.Server
	connections atomic.Int64
}

func serve(t *testing.T, h http.HandlerFunc) *service {
	t.Helper()
	s := &service{Server: httptest.NewUnstartedServer(h)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, config fetch.Config, allow ...string) *fetch.Client {
	t.Helper()
	for _, text := range allow {
		a, err := fetch.ParseAllowed(text)
		if err != nil {
			t.Fatal(err)
		}
		config.Allow = append(config.Allow, a)
	}
	c := fetch.New(config)
	t.Cleanup(c.Close)
	return c
}

func get(url string) flows.FetchRequest { return flows.FetchRequest{Method: "GET", URL: url} }

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func TestAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, ` { "method" : "`+r.Method+`", "agent": "`+r.UserAgent()+`", "key": "`+r.Header.Get("X-Key")+
			`", "body": `+string(body)+`, "encoding": "`+r.Header.Get("Accept-Encoding")+`" } `)
	})
	status, body, err := client(t, fetch.Config{UserAgent: "nudge/1"}, "127.0.0.0/8").Do(t.Context(), flows.FetchRequest{
		Method: "PUT", URL: s.URL + "/a?b=c", Headers: []flows.Header{{Name: "X-Key", Value: "k"}}, Body: []byte("[1, 2]"),
	}, patience)
	if err != nil || status != 201 {
		t.Fatalf("status %d, %v", status, err)
	}
	want := `{"method":"PUT","agent":"nudge/1","key":"k","body":[1,2],"encoding":""}`
	if string(body) != want {
		t.Errorf("the body is %s, want %s", body, want)
	}
}

func TestWhatIsNotJSONIsNothing(t *testing.T) {
	for _, text := range []string{"", "<html>", `{"a": `, "{} {}"} {
		status, body, err := client(t, fetch.Config{}, "127.0.0.1").Do(t.Context(), get(serve(t, says(text)).URL), patience)
		if status != 200 || body != nil || err != nil {
			t.Errorf("%q gives %d, %s, %v", text, status, body, err)
		}
	}
}

// Without leave nothing is connected to, however the address is written.
func TestNothingPrivateIsConnectedTo(t *testing.T) {
	s := serve(t, says("{}"))
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for _, host := range []string{
		"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
		"0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
		"127.0.0.1.", "[fe80::1%25lo]",
	} {
		_, _, err := client(t, fetch.Config{}).Do(t.Context(), get("http://"+host+":"+port+"/secret?token=s3cret"), patience)
		var known *fetch.Error
		if !errors.As(err, &known) || known.Why != fetch.NotPublic && known.Why != fetch.NoHost && known.Why != fetch.BadRequest {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestLeave(t *testing.T) {
	s := serve(t, says("{}"))
	byName := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	for _, test := range []struct {
		url, allow string
		ok         bool
	}{
		{s.URL, "127.0.0.1", true},
		{s.URL, "127.0.0.0/8", true},
		{s.URL, "::ffff:127.0.0.1", true},
		{byName, "127.0.0.0/8", true},
		{byName, "localhost", true},
		{byName, "LocalHost", true},
		{s.URL, "localhost", false},
		{s.URL, "10.0.0.0/8", false},
		{byName, ".localhost", false},
		{byName, "host", false},
	} {
		_, _, err := client(t, fetch.Config{}, test.allow).Do(t.Context(), get(test.url), patience)
		if (err == nil) != test.ok {
			t.Errorf("%s with leave for %s: %v", test.url, test.allow, err)
		}
	}
}

func TestParseAllowed(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "10.0.0.7": "10.0.0.7/32", "fd00::1": "fd00::1/128", "Billing.Internal": "billing.internal",
		".internal": ".internal",
	} {
		if a, err := fetch.ParseAllowed(text); err != nil || a.String() != want {
			t.Errorf("%s is %s, %v; want %s", text, a, err, want)
		}
	}
	for _, text := range []string{"", ".", "*", "*.internal", "http://a", "a b", "10.0.0", "10.0.0.0/33", "a..b", "2130706433"} {
		if a, err := fetch.ParseAllowed(text); err == nil {
			t.Errorf("%q was taken as %s", text, a)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, text := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.255.255.255", "168.63.129.16",
		"169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
		"192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::7f00:1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
		"2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
	} {
		if fetch.IsPublic(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as public", text)
		}
	}
	for _, text := range []string{
		"1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "192.0.1.1", "223.255.255.255", "::ffff:8.8.8.8",
		"2606:4700::1111", "2a00:1450::1",
	} {
		if !fetch.IsPublic(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as not public", text)
		}
	}
}

// A host that is allowed by its name may be private, but not where credentials are.
func TestLeaveByNameHasBounds(t *testing.T) {
	for text, want := range map[string]bool{
		"10.0.0.1": true, "127.0.0.1": true, "100.64.0.1": true, "8.8.8.8": true,
		"169.254.169.254": false, "100.100.100.200": false, "fd00:ec2::254": false, "fe80::1": false, "0.0.0.0": false,
	} {
		if got := fetch.MayDial(client(t, fetch.Config{}), netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

func TestRedirectIsTheAnswer(t *testing.T) {
	inner := serve(t, says("{}"))
	outer := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner.URL, http.StatusFound) })
	status, _, err := client(t, fetch.Config{}, "127.0.0.1").Do(t.Context(), get(outer.URL), patience)
	if status != 302 || err != nil || inner.connections.Load() != 0 {
		t.Errorf("status %d, %v, %d connections further on", status, err, inner.connections.Load())
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy := serve(t, says(`"proxy"`))
	t.Setenv("HTTP_PROXY", proxy.URL)
	client(t, fetch.Config{}).Do(t.Context(), get("http://nowhere.invalid/"), patience)
	if n := proxy.connections.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

func TestErrors(t *testing.T) {
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	trickle := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "[")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	large := serve(t, says(`"`+strings.Repeat("x", 100)+`"`))
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "[")
	})
	secure := httptest.NewTLSServer(says("{}"))
	defer secure.Close()
	for _, test := range []struct {
		name    string
		request flows.FetchRequest
		timeout time.Duration
		why     fetch.Reason
	}{
		{"slow", get(slow.URL + "/secret?token=s3cret"), 50 * time.Millisecond, fetch.NoAnswer},
		{"slow body", get(trickle.URL + "/secret"), 50 * time.Millisecond, fetch.NoAnswer},
		{"large", get(large.URL + "/secret"), patience, fetch.TooLarge},
		{"cut", get(cut.URL + "/secret"), patience, fetch.NoAnswer},
		{"certificate", get(secure.URL + "/secret"), patience, fetch.Certificate},
		{"host", get("http://nowhere.invalid/secret"), patience, fetch.NoHost},
		{"method", flows.FetchRequest{Method: "CONNECT", URL: slow.URL}, patience, fetch.BadRequest},
		{"scheme", get("file:///etc/secret"), patience, fetch.BadRequest},
		{"no host", get("http:///secret"), patience, fetch.BadRequest},
		{"user", get("http://ann:s3cret@127.0.0.1/"), patience, fetch.BadRequest},
		{"no URL", get("http://[secret"), patience, fetch.BadRequest},
		{"header", flows.FetchRequest{Method: "GET", URL: slow.URL,
			Headers: []flows.Header{{Name: "X-Key", Value: "s3cret\r\nHost: x"}}}, patience, fetch.BadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body, err := client(t, fetch.Config{MaxBody: 50}, "127.0.0.0/8").Do(t.Context(), test.request, test.timeout)
			var known *fetch.Error
			if !errors.As(err, &known) || known.Why != test.why || status != 0 || body != nil {
				t.Fatalf("%d, %s, %v; want %q", status, body, err, test.why)
			}
			if text := err.Error(); strings.Contains(text, "s3cret") || strings.Contains(text, "/secret") {
				t.Errorf("the error tells a secret: %s", text)
			}
		})
	}
}

func TestContextEnds(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, _, err := client(t, fetch.Config{}, "127.0.0.1").Do(ctx, get(s.URL), patience); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// TestTrace holds that a request carries the trace of its context, unless the flow says its own.
func TestTrace(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `["`+r.Header.Get("traceparent")+`","`+r.Header.Get("tracestate")+`"]`)
	})
	c := trace.Context{Parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", State: "a=1"}
	own := get(s.URL)
	own.Headers = []flows.Header{{Name: "traceparent", Value: "mine"}}
	for _, test := range []struct {
		name, want string
		request    flows.FetchRequest
		trace      trace.Context
	}{
		{"trace", `["` + c.Parent + `","a=1"]`, get(s.URL), c},
		{"none", `["",""]`, get(s.URL), trace.Context{}},
		{"own", `["mine",""]`, own, c},
	} {
		_, body, err := client(t, fetch.Config{}, "127.0.0.1").Do(trace.With(t.Context(), test.trace), test.request, patience)
		if string(body) != test.want || err != nil {
			t.Errorf("%s: it carries %s, %v; want %s", test.name, body, err, test.want)
		}
	}
}
