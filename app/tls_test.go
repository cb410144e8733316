package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/client"
	"nudge/examples"
)

// writePair writes a new certificate for loopback, and its key, into files. It returns what a client
// must trust.
func writePair(t *testing.T, files TLSSettings, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "nudge"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	must(t, os.WriteFile(files.Certificate, trusted, 0o600))
	must(t, os.WriteFile(files.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trusted)
	return pool
}

// startTLS starts an instance whose listener speaks TLS with a pair of files.
func startTLS(t *testing.T, files TLSSettings, log *slog.Logger) *Instance {
	t.Helper()
	api, err := Listen(anyPort)
	must(t, err)
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.TLS, project.Settings.Accounts = &files, []Account{{Config: appmessaging.Config{BaseURL: "http://127.0.0.1:1", PathPrefix: "/cpaas", Token: "t"}}}
	i, err := Start(t.Context(), Config{Project: project, DataDir: t.TempDir(), Listener: api, Log: log})
	must(t, err)
	t.Cleanup(func() { must(t, i.Stop()) })
	return i
}

// TestTLS shows that the listeners speak TLS 1.2 and above, and HTTP/2, that answers keep browsers from coming
// without it, and that the client gets in with the certificate and not without.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	files := TLSSettings{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	trusted := writePair(t, files, 1)
	i := startTLS(t, files, slog.New(slog.DiscardHandler))
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
	files := TLSSettings{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	first := writePair(t, files, 1)
	log := &lockedBuffer{}
	i := startTLS(t, files, slog.New(slog.NewTextHandler(log, nil)))
	serial := func(trusted *x509.CertPool) int64 {
		t.Helper()
		c, err := tls.Dial("tcp", i.config.Listener.Addr().String(), &tls.Config{RootCAs: trusted})
		must(t, err)
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(first); got != 1 {
		t.Fatalf("the certificate has the number %d", got)
	}
	must(t, os.WriteFile(files.Key, []byte("half a key"), 0o600))
	if got := serial(first); got != 1 || strings.Count(log.String(), "the one before stays") != 1 {
		t.Errorf("with half a key, the certificate has the number %d, and the log\n%s", got, log)
	}
	if serial(first); strings.Count(log.String(), "the one before stays") != 1 {
		t.Errorf("the log says it again:\n%s", log)
	}
	second := writePair(t, files, 2)
	if got := serial(second); got != 2 || !strings.Contains(log.String(), "the certificate was read again") {
		t.Errorf("the new certificate has the number %d, and the log\n%s", got, log)
	}
}

// TestTLSIsRefused starts servers with files that cannot be used.
func TestTLSIsRefused(t *testing.T) {
	api, err := Listen(anyPort)
	must(t, err)
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.TLS = &TLSSettings{"cert.pem", "key.pem"}
	_, err = Start(t.Context(), Config{Project: project, Dir: "/nowhere", DataDir: t.TempDir(), Listener: api, Log: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil))})
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
