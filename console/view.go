package console

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// view is a page.
type view struct {
	pattern string   // its path, as of [http.ServeMux]
	file    string   // of html/, which defines main and the live parts
	section string   // the entry of the navigation under which it is
	topics  []string // of the API's live stream, that make it change; none: it does not change by itself
	shared  bool     // its live parts say the same to all who may do the same: they name no person, and have no form
	load    func(*visit) (*content, error)
}

// content is what a page says.
type content struct {
	Title  string
	Crumbs []crumb  // the way to the page, without the page itself
	Data   any      // for the template, as .Data
	Fills  bool     // something is still to come: without a script the page is asked for again
	To     string   // where to go in place of this page; empty: it is shown
	Live   []string // templates of parts that change while one looks; each writes one element, whose id is its name
}

// crumb is a page above this one.
type crumb struct{ Label, Path string }

// page is what templates see: the visit with its formats, the frame and the content.
type page struct {
	*visit
	*content
	Frame   *frame
	Flash   *Flash // what the action before led to; nil: nothing
	Section string
	Keys    bool // single keys act
}

//go:embed html
var htmlFiles embed.FS

// parts are the templates that all pages share. They and the pages are parsed when a page is first shown: they take
// 50 ms and 7 MB, which every command of the program and every server that nobody looks at would pay.
var parts = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(helpers).ParseFS(htmlFiles, "html/frame.html", "html/parts/*.html"))
})

// templates of the pages, by their files in html.
var templates = templatesByFile()

func templatesByFile() map[string]func() *template.Template {
	files, err := fs.Glob(htmlFiles, "html/*.html")
	if err != nil {
		panic("console: " + err.Error())
	}
	all := make(map[string]func() *template.Template, len(files))
	for _, file := range files {
		all[strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValue(func() *template.Template {
			return template.Must(template.Must(parts().Clone()).ParseFS(htmlFiles, file))
		})
	}
	delete(all, "frame")
	return all
}

// partsHeader asks for the live parts of a page alone, as a JSON object of HTML by id.
const partsHeader = "X-Console-Parts"

// show answers with a page.
func (c *Console) show(of view) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := c.visitOf(w, r)
		if !ok {
			return
		}
		loaded, err := of.load(v)
		if err != nil {
			v.fail(w, err)
			return
		}
		if loaded.To != "" {
			http.Redirect(w, r, loaded.To, http.StatusFound)
			return
		}
		if r.Header.Get(partsHeader) != "" {
			w.Header().Set(topicsHeader, strings.Join(of.topics, ","))
			if of.shared {
				w.Header().Set(sharedHeader, "yes")
			}
			v.writeParts(w, of.file, loaded)
			return
		}
		v.write(w, http.StatusOK, of.file, of.section, loaded)
	}
}

// write writes a page, all of it or an error: what is half of a page is never sent.
func (v *visit) write(w http.ResponseWriter, status int, file, section string, loaded *content) {
	p := &page{visit: v, content: loaded, Section: section, Frame: v.frame(), Flash: v.session.takeFlash(), Keys: v.settings.keys}
	var out bytes.Buffer
	if err := templates[file]().ExecuteTemplate(&out, "frame", p); err != nil {
		v.console.log.Error("a page cannot be written", "page", v.r.URL.Path, "error", err)
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(bytes.ToValidUTF8(out.Bytes(), []byte("\uFFFD"))) // what the visitor has typed stands in the page as it is
}

// writeBare writes a page without a frame.
func (v *visit) writeBare(w http.ResponseWriter, status int, file string, loaded *content) {
	var out bytes.Buffer
	if err := templates[file]().ExecuteTemplate(&out, "bare", &page{visit: v, content: loaded}); err != nil {
		panic("console: " + err.Error()) // it shows nothing from outside
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(bytes.ToValidUTF8(out.Bytes(), []byte("\uFFFD")))
}

// writeParts writes what of a page changes.
func (v *visit) writeParts(w http.ResponseWriter, file string, loaded *content) {
	parts := make(map[string]string, len(loaded.Live))
	p := &page{visit: v, content: loaded}
	for _, name := range loaded.Live {
		var out bytes.Buffer
		if err := templates[file]().ExecuteTemplate(&out, name, p); err != nil {
			v.console.log.Error("a part of a page cannot be written", "page", v.r.URL.Path, "part", name, "error", err)
			continue
		}
		parts[name] = out.String()
	}
	if kept, ok := w.(*buffered); ok { // it is asked for in this process
		kept.parts = parts
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(parts)
}
