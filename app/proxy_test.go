package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/examples"
	"nudge/server"
)

var proxies = flag.Bool("proxies", false, "run what needs nginx and caddy; ./test.sh long does")

const (
	proxyToken  = "the-token-of-the-api"
	proxySecret = "the-secret-of-the-webhooks"
)

// TestBehindNginx and TestBehindCaddy run the configurations of docs/operations.md with the real
// programs, on ports of loopback and with a certificate of our own.
func TestBehindNginx(t *testing.T) {
	testProxy(t, "nginx", func(dir, config string) *exec.Cmd {
		var temporary strings.Builder
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			fmt.Fprintf(&temporary, "%s_temp_path %s/%s;\n", kind, dir, kind)
		}
		text := "daemon off;\nmaster_process off;\npid " + dir + "/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n" + temporary.String() + config + "}\n"
		return exec.Command("nginx", "-p", dir, "-e", "stderr", "-c", written(t, dir, "nginx.conf", text))
	})
}

func TestBehindCaddy(t *testing.T) {
	testProxy(t, "caddyfile", func(dir, config string) *exec.Cmd {
		config = strings.Replace(config, "{\n", "{\n\tbind 127.0.0.1\n\ttls "+dir+"/fullchain.pem "+dir+"/key.pem\n", 1) // it asks nobody for one
		text := "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + config
		run := exec.Command("caddy", "run", "--adapter", "caddyfile", "--config", written(t, dir, "Caddyfile", text))
		run.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		return run
	})
}

// testProxy starts Nudge, with and without tokens, and before it a proxy with the configuration
// of the page that is marked with a language.
func testProxy(t *testing.T, language string, command func(dir, config string) *exec.Cmd) {
	if !*proxies {
		t.Skip("go test ./app -run TestBehind -proxies")
	}
	for name, tokens := range map[string][]server.Token{"with tokens": {server.NewToken("proxy", proxyToken)}, "without tokens": nil} {
		t.Run(name, func(t *testing.T) {
			api, hooks := nudgeFor(t, tokens)
			dir := t.TempDir()
			roots := certify(t, dir)
			outside, inside := freeAddress(t), freeAddress(t)
			start(t, command(dir, documented(t, language,
				"listen 443 ", "listen "+outside+" ", "listen 10.0.0.5:443 ", "listen "+inside+" ",
				"hooks.example.com {", "hooks.example.com:"+portOf(outside)+" {",
				"nudge.internal.example {", "nudge.internal.example:"+portOf(inside)+" {", "bind 10.0.0.5", "bind 127.0.0.1",
				"127.0.0.1:8080", api, "127.0.0.1:8090", hooks, "/etc/ssl/nudge/", dir+"/")))
			p := &proxied{t, "https://hooks.example.com", "https://nudge.internal.example", &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
				ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots},
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					to := inside
					if strings.HasPrefix(address, "hooks.") {
						to = outside
					}
					return dial(ctx, to)
				},
			}}}
			p.webhooks()
			if tokens == nil {
				p.is(p.do("GET", p.inside+"/v1/runs", "", nil), http.StatusForbidden)
				return
			}
			p.nothingElse()
			p.api()
			p.lines()
		})
	}
}

// proxied asks Nudge through a proxy.
type proxied struct {
	t               *testing.T
	outside, inside string
	client          *http.Client
}

func (p *proxied) do(method, url, token string, body io.Reader, header ...string) *http.Response {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, url, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, url, err)
	}
	p.t.Cleanup(func() { response.Body.Close() })
	return response
}

func (p *proxied) is(r *http.Response, status int) {
	p.t.Helper()
	if r.StatusCode != status {
		text, _ := io.ReadAll(r.Body)
		p.t.Errorf("%s %s is answered %d, want %d: %.300s", r.Request.Method, r.Request.URL, r.StatusCode, status, text)
	}
}

// webhooks are let in, byte for byte, if they are signed and not too large.
func (p *proxied) webhooks() {
	p.t.Helper()
	to := p.outside + "/webhooks/" + appmessaging.WebhookName
	post := func(body []byte, secret string, want int) {
		p.t.Helper()
		p.is(p.do("POST", to, "", bytes.NewReader(body), appmessaging.SignatureHeader, appmessaging.Sign(secret, body)), want)
	}
	post([]byte("[ ]\n"), proxySecret, http.StatusOK)
	post([]byte("[]"), "another-secret", http.StatusUnauthorized)
	large := append(bytes.Repeat([]byte(" "), appmessaging.DefaultBody-2), "[]"...)
	post(large, proxySecret, http.StatusOK)
	post(append(large, ' '), proxySecret, http.StatusRequestEntityTooLarge)
}

// nothingElse is reached from outside, not even with the token.
func (p *proxied) nothingElse() {
	p.t.Helper()
	for _, path := range []string{"/v1/runs", "/v1/events", "/metrics", "/-/healthy", "/-/reload", "/", "/webhooks/", "/webhooks/comapi/x", "/webhooks/../v1/runs", "//v1/runs"} {
		for _, method := range []string{"GET", "POST"} {
			p.is(p.do(method, p.outside+path, proxyToken, nil), http.StatusNotFound)
		}
	}
}

// api is the API from inside: with the token, and with its own limits of bodies.
func (p *proxied) api() {
	p.t.Helper()
	p.is(p.do("GET", p.inside+"/v1/runs", "", nil), http.StatusUnauthorized)
	p.is(p.do("GET", p.inside+"/v1/runs", proxyToken, nil), http.StatusOK)
	large := strings.Repeat(" ", 9<<20) + `{"type":"nothing","profile":"ann"}`
	p.is(p.do("POST", p.inside+"/v1/events", proxyToken, strings.NewReader(large), "Content-Type", "application/json"), http.StatusOK)
}

// lines are answered while the stream goes on: more of them than are under way at once wait for
// the answers to the first.
func (p *proxied) lines() {
	p.t.Helper()
	const half = 2000
	body, lines := io.Pipe()
	more := make(chan struct{})
	go func() {
		for n := range 2 * half {
			if n == half {
				<-more
			}
			if _, err := fmt.Fprintf(lines, `{"id":"e%d","type":"nothing","profile":"ann"}`+"\n", n); err != nil {
				return
			}
		}
		lines.Close()
	}()
	response := p.do("POST", p.inside+"/v1/events", proxyToken, body, "Content-Type", "application/x-ndjson")
	p.is(response, http.StatusOK)
	answers := bufio.NewScanner(response.Body)
	n := 0
	for ; answers.Scan(); n++ {
		if n == 0 {
			close(more)
		}
		var answer struct{ ID string }
		if err := json.Unmarshal(answers.Bytes(), &answer); err != nil || answer.ID != fmt.Sprint("e", n) {
			p.t.Fatalf("answer %d is %s", n, answers.Bytes())
		}
	}
	if n != 2*half {
		p.t.Errorf("%d answers to %d lines: %v", n, 2*half, answers.Err())
	}
}

// nudgeFor starts Nudge, and returns the addresses of the API and the webhooks.
func nudgeFor(t *testing.T, tokens []server.Token) (api, hooks string) {
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.Accounts = []Account{{Config: appmessaging.Config{BaseURL: "http://127.0.0.1:1", PathPrefix: "/cpaas", Token: "t"}}}
	project.Settings.Tokens, project.Settings.Secrets = tokens, []appmessaging.Secret{proxySecret}
	config := Config{Project: project, DataDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	var err [2]error
	config.Listener, err[0] = Listen(anyPort)
	config.Webhooks, err[1] = Listen(anyPort)
	if err[0] != nil || err[1] != nil {
		t.Fatal(err)
	}
	i, failed := Start(t.Context(), config)
	if failed != nil {
		t.Fatal(failed)
	}
	t.Cleanup(func() { i.Stop() })
	return config.Listener.Addr().String(), config.Webhooks.Addr().String()
}

// documented returns the configuration on the page that is marked with a language, with the
// replacements.
func documented(t *testing.T, language string, replace ...string) string {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n## Behind a proxy\n")
	_, text, _ = strings.Cut(text, "\n```"+language+"\n")
	text, _, found := strings.Cut(text, "\n```\n")
	if !found {
		t.Fatalf("docs/operations.md has no configuration for %s", language)
	}
	return strings.NewReplacer(replace...).Replace(text) + "\n"
}

// start starts a proxy, which ends with the test.
func start(t *testing.T, run *exec.Cmd) {
	log := &lockedBuffer{}
	run.Stdout, run.Stderr = log, log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Kill()
		run.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", run.Path, log.String())
		}
	})
}

// dial connects as soon as somebody listens.
func dial(ctx context.Context, address string) (net.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(limited, "tcp", address)
		if err == nil {
			return c, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-limited.Done():
			return nil, err
		}
	}
}

// freeAddress is an address of loopback that nobody listened at a moment ago.
func freeAddress(t *testing.T) string {
	l, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// written writes a file into a folder and returns its path.
func written(t *testing.T, dir, name, text string) string {
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// certify writes a certificate for the names of the page and for loopback, fullchain.pem and key.pem, and returns who
// trusts it.
func certify(t *testing.T, dir string) *x509.CertPool {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"hooks.example.com", "nudge.internal.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	written(t, dir, "fullchain.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})))
	written(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})) {
		t.Fatal("the certificate does not parse")
	}
	return roots
}
