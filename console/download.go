package console

import (
	"io"
	"net/http"
	"strings"
)

// download is a file that a page offers. It is written while it is read.
type download struct {
	pattern string // its path, as of [http.ServeMux]
	scope   string // that a token needs
	media   string
	name    string              // of the file
	called  func(*visit) string // its name, where that depends on what is asked for
	write   func(*visit, io.Writer) error
}

// give answers with a download. A file that breaks off is no whole answer, so that nobody takes half of it for all.
func (c *Console) give(d download) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := c.visitOf(w, r)
		if !ok {
			return
		}
		if err := v.needs(d.scope); err != nil {
			v.fail(w, err)
			return
		}
		out := &lateHeader{to: w, media: d.media, name: d.name}
		if d.called != nil {
			out.name = fileName(d.called(v))
		}
		err := d.write(v, out)
		switch {
		case err != nil && !out.begun:
			v.fail(w, err)
		case err != nil:
			v.console.log.Error("a download broke off", "page", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler)
		case !out.begun: // there is nothing in it, and that is the file
			_, _ = out.Write(nil)
		}
	}
}

// lateHeader sends the header of a file with its first bytes: before them, an error can be a page.
type lateHeader struct {
	to          http.ResponseWriter
	media, name string
	begun       bool
}

// Write writes a piece of the file.
func (l *lateHeader) Write(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		h := l.to.Header()
		h.Set("Content-Type", l.media)
		h.Set("Content-Disposition", `attachment; filename="`+l.name+`"`)
	}
	return l.to.Write(p)
}

// fileName is a name for a file on any machine: what could be read as more than a name is left out.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	return strings.TrimLeft(name, ".")
}
