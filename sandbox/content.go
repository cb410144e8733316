package sandbox

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// maxContentBytes is how many bytes of uploaded content are kept; the oldest gives way.
const maxContentBytes = 64 << 20

// uploaded is one file that an app uploaded.
type uploaded struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Size    int    `json:"size"`
	Type    string `json:"type"`
	Folder  string `json:"folder"`
	Private bool   `json:"private"`
	URL     string `json:"url"`
	data    []byte
}

// contents are the newest files, within MaxContentBytes. The sandbox's lock guards them.
type contents struct {
	byID  map[string]*uploaded
	order queue[string]
	bytes int
}

func (c *contents) add(u *uploaded) {
	c.byID[u.ID] = u
	c.order.push(u.ID)
	for c.bytes += u.Size; c.bytes > maxContentBytes; {
		oldest := c.order.pop()
		c.bytes -= c.byID[oldest].Size
		delete(c.byID, oldest)
	}
}

// upload is POST …/content?folder=: JSON with base64, a form with a file, or plain bytes
// with a name in a header.
func (s *Sandbox) upload(w http.ResponseWriter, r *http.Request, _ caller) {
	u, ok := readUpload(w, r)
	if !ok {
		return
	}
	var f failures
	f.add(u.Name == "", "name", "is required")
	f.add(u.Type == "", "type", "is required")
	f.add(len(u.data) == 0, "data", "is required")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	u.ID, u.Size, u.Folder = s.freshID(), len(u.data), r.URL.Query().Get("folder")
	u.URL = "http://" + r.Host + "/sandbox/content/" + u.ID + "/" + url.PathEscape(u.Name)
	s.mu.Lock()
	s.contents.add(u)
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, u)
}

// readUpload reads a file in one of its three forms, or answers with the mistakes.
func readUpload(w http.ResponseWriter, r *http.Request) (*uploaded, bool) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if name := r.Header.Get("Content-Filename"); name != "" {
		body, ok := readBody(w, r)
		return &uploaded{Name: name, Type: r.Header.Get("Content-Type"), data: body}, ok
	}
	if kind == "multipart/form-data" {
		return readForm(w, r)
	}
	var q struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Data []byte `json:"data"`
	}
	if !readJSON(w, r, &q) {
		return nil, false
	}
	return &uploaded{Name: q.Name, Type: q.Type, data: q.Data}, true
}

func readForm(w http.ResponseWriter, r *http.Request) (*uploaded, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, MaxRequest)
	file, header, err := r.FormFile("file")
	if err != nil {
		answerInvalid(w, failures{{"file", "is required"}})
		return nil, false
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		answerError(w, http.StatusBadRequest, "the request ended early")
		return nil, false
	}
	return &uploaded{Name: header.Filename, Type: header.Header.Get("Content-Type"), data: data}, true
}

// showContent is GET /sandbox/content/{id}/{name}. It needs no token, because a picture in a
// message needs none. The policy keeps an uploaded page from doing anything here.
func (s *Sandbox) showContent(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	u := s.contents.byID[r.PathValue("id")]
	s.mu.Unlock()
	if u == nil {
		answerError(w, http.StatusNotFound, "content not found; the oldest content is dropped above 64 MB")
		return
	}
	w.Header().Set("Content-Type", u.Type)
	w.Header().Set("Content-Security-Policy", "sandbox")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(u.data))
}
