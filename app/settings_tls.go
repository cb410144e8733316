package app

import (
	"path/filepath"

	"nudge/flows"
	"nudge/lang/node"
)

// TLSSettings name the files of the certificate with which the server speaks TLS on all its
// listeners. They are PEM. A relative path begins at the project.
type TLSSettings struct {
	Certificate string // the server's own first, then those that lead to a root
	Key         string
}

func (r *reader) tls(m *node.Map) *TLSSettings {
	if m == nil {
		return nil
	}
	s := &TLSSettings{}
	for _, key := range []struct {
		name string
		into *string
	}{{"certificate", &s.Certificate}, {"key", &s.Key}} {
		if !m.Has(key.name) {
			m.Errorf(key.name, flows.CodeMissingKey, "for example tls: { certificate: fullchain.pem, key: key.pem }", "tls has no %s", key.name)
			continue
		}
		*key.into = r.str(m.Text(key.name))
	}
	m.Close()
	return s
}

// in returns the settings with paths that begin at a folder.
func (s TLSSettings) in(dir string) TLSSettings {
	for _, path := range []*string{&s.Certificate, &s.Key} {
		if !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	return s
}
