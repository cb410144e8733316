package app

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/client"
	"nudge/examples"
)

// startTLS starts an instance whose listener speaks TLS with the pair of files in a folder.
func startTLS(t *testing.T, dir string, log *slog.Logger, change ...func(*Settings)) *Instance {
	t.Helper()
	api, err := Listen(anyPort)
	must(t, err)
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.TLS, project.Settings.Accounts = &TLSSettings{"fullchain.pem", "key.pem"}, []Account{{Config: appmessaging.Config{BaseURL: "http://127.0.0.1:1", PathPrefix: "/cpaas", Token: "t"}}}
	for _, c := range change {
		c(&project.Settings)
	}
	i, err := Start(t.Context(), Config{Project: project, Dir: dir, DataDir: t.TempDir(), Listener: api, Log: log})
	must(t, err)
	t.Cleanup(func() { must(t, i.Stop()) })
	return i
}

// TestTLS shows that the listeners speak TLS 1.2 and above, and HTTP/2, that answers keep browsers from coming
// without it, and that the client gets in with the certificate and not without.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	trusted := certify(t, dir)
	i := startTLS(t, dir, slog.New(slog.DiscardHandler))
	if !strings.HasPrefix(i.URL(), "https://127.0.0.1:") {
		t.Fatalf("the API is at %s", i.URL())
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get(i.URL() + "/v1/flows")
	must(t, err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Proto != "HTTP/2.0" {
		t.Errorf("the answer is %s %s", answer.Proto, answer.Status)
	}
	for name, want := range map[string]string{
		"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got, want := (onDemand{i}).certificate(), answer.TLS.PeerCertificates[0].NotAfter; got != float64(want.Unix()) {
		t.Errorf("the metric says that the certificate ends at %v, want %v", got, want)
	}
	if _, err := tls.Dial("tcp", i.config.Listener.Addr().String(), &tls.Config{RootCAs: trusted, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	knowing, err := client.New(client.Config{Server: i.URL(), Roots: trusted})
	must(t, err)
	if err := knowing.Ready(t.Context()); err != nil {
		t.Errorf("the client that knows the certificate: %v", err)
	}
	strange, err := client.New(client.Config{Server: i.URL()})
	must(t, err)
	if err := strange.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("the client that does not: %v", err)
	}
}

// TestCertificateChanges replaces the files under a running server: with a pair that does not fit, which
// changes nothing and is in the log, and with one that does.
func TestCertificateChanges(t *testing.T) {
	dir := t.TempDir()
	first := certify(t, dir)
	log := &lockedBuffer{}
	i := startTLS(t, dir, slog.New(slog.NewTextHandler(log, nil)))
	connect := func(trusted *x509.CertPool) error {
		c, err := tls.Dial("tcp", i.config.Listener.Addr().String(), &tls.Config{RootCAs: trusted})
		if err == nil {
			c.Close()
		}
		return err
	}
	must(t, connect(first))
	written(t, dir, "key.pem", "half a key")
	must(t, connect(first))
	must(t, connect(first))
	if strings.Count(log.String(), "the one before stays") != 1 {
		t.Errorf("with half a key, the log has\n%s", log)
	}
	must(t, connect(certify(t, dir)))
	if err := connect(first); err == nil || !strings.Contains(log.String(), "the certificate was read again") {
		t.Errorf("the certificate before is still used: %v, and the log has\n%s", err, log)
	}
}

// TestSlowBodyByHTTP2 shows that a body which does not come ends by HTTP/2 too, where its connection serves others.
func TestSlowBodyByHTTP2(t *testing.T) {
	dir := t.TempDir()
	trusted := certify(t, dir)
	i := startTLS(t, dir, slog.New(slog.DiscardHandler), func(s *Settings) { s.Limits.BodyPatience = 50 * time.Millisecond })
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	body, half := io.Pipe()
	defer half.Close()
	answer, err := (&http.Client{Transport: transport}).Post(i.URL()+"/v1/events", "application/json", body)
	must(t, err)
	answer.Body.Close()
	if answer.Proto != "HTTP/2.0" || answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("the answer is %s %s", answer.Proto, answer.Status)
	}
}

// TestTLSIsRefused starts servers with files that cannot be used.
func TestTLSIsRefused(t *testing.T) {
	api, err := Listen(anyPort)
	must(t, err)
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.TLS = &TLSSettings{"cert.pem", "key.pem"}
	_, err = Start(t.Context(), Config{Project: project, Dir: "/nowhere", DataDir: t.TempDir(), Listener: api, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/cert.pem: no such file") {
		t.Errorf("the error is %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
