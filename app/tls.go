package app

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// keyPair is a certificate with its key, in files that may be replaced while the server runs.
type keyPair struct {
	files TLSSettings
	log   *slog.Logger

	mu   sync.Mutex // guards what follows
	seen string     // how the files looked when they were last read
	pair *tls.Certificate
}

// openKeyPair reads a certificate and its key. The paths of the settings are those of files.
func openKeyPair(files TLSSettings, log *slog.Logger) (*keyPair, error) {
	p := &keyPair{files: files, log: log, seen: files.look()}
	pair, err := files.load()
	if err != nil {
		return nil, wrongInput(err)
	}
	p.pair = pair
	return p, nil
}

// config is how a server speaks TLS.
func (p *keyPair) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.current}
}

// current returns the certificate for a new connection. It looks at the files each time, which costs
// little beside a handshake, and needs no goroutine. If the files were replaced by a pair that cannot be
// used, the one before stays: one file of two may have been written so far.
func (p *keyPair) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.files.look()
	if seen == p.seen {
		return p.pair, nil
	}
	p.seen = seen
	pair, err := p.files.load()
	if err != nil {
		p.log.Error("the new certificate cannot be used; the one before stays", "error", err)
		return p.pair, nil
	}
	p.pair = pair
	p.log.Info("the certificate was read again", "expires", pair.Leaf.NotAfter.UTC())
	return p.pair, nil
}

// load reads the files.
func (s TLSSettings) load() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %s with %s: %w", s.Certificate, s.Key, err)
	}
	return &pair, nil
}

// look returns a text that differs whenever one of the files was changed.
func (s TLSSettings) look() (seen string) {
	for _, file := range []string{s.Certificate, s.Key} {
		info, err := os.Stat(file)
		if err != nil {
			seen += err.Error() + "\n"
			continue
		}
		seen += fmt.Sprintln(info.Size(), info.ModTime().UnixNano())
	}
	return seen
}
