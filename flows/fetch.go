package flows

import (
	"regexp"
	"strings"
	"time"

	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

const (
	// DefaultTimeout is how long one attempt of a fetch may take, or `timeout` of the step; then
	// it counts as no answer.
	DefaultTimeout = 10 * time.Second
	// maxTimeout is the longest `timeout` of a fetch; a longer one is a mistake of the flow.
	maxTimeout = time.Minute
	// DefaultRetries is how many attempts of a fetch follow the first one, or `retries` of the
	// step; then `on_error` follows.
	DefaultRetries = 2
	// MaxRetries is the largest `retries` of a fetch; a larger one is a mistake of the flow.
	MaxRetries = 5
	// MaxHeaders is how many headers a fetch may have; one more is a mistake of the flow.
	MaxHeaders = 32
)

var fetchMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// fetch reads a fetch step and its on_error.
func (r *reader) fetch(v *node.Value, at int, k *typeEnv) (joints []patch, ends bool) {
	f := &Fetch{Timeout: DefaultTimeout, Retries: DefaultRetries}
	r.flow.Steps[at].Fetch = f
	m := v.Map()
	if m == nil {
		return nil, false
	}
	use := r.use(k)
	use.Step = r.flow.Steps[at].ID
	use.Partials = nil // partials are for what people read
	f.Request = r.request(m, use)
	if m.Has("timeout") {
		f.Timeout = m.Duration("timeout")
		if f.Timeout != 0 && (f.Timeout < time.Second || f.Timeout > maxTimeout) {
			m.Get("timeout").Errorf(codeBadValue, "for example 5s", "timeout must be between 1s and %s", Duration{Clock: maxTimeout})
		}
	}
	if m.Has("retries") {
		f.Retries = r.number(m, "retries", 0, MaxRetries)
	}
	if v := m.Get("shape"); v != nil {
		f.Shape = shape.Parse(v)
	}
	onError := m.Get("on_error")
	m.Close(stepKeys...)
	answered := f.answer()
	enter := func(target int) { f.OnError = target }
	if onError == nil {
		r.learn(k, at, mayHaveRun(answered))
		return []patch{enter}, false
	}
	r.learn(k, at, answered)
	joints, ends = r.arm(onError, k.with(r.flow.Steps[at].ID, mayHaveRun(answered)), k, enter)
	if !ends {
		r.learn(k, at, mayHaveRun(answered))
	}
	return joints, false
}

// answer returns the fields of the step after a good answer.
func (f *Fetch) answer() *shape.Type {
	if f.Shape == nil {
		return fetchShape
	}
	return shape.MapOf(map[string]*shape.Type{"status": shape.Number, "json": f.Shape})
}

// request reads the request of a fetch.
func (r *reader) request(m *node.Map, use templates.Use) *request {
	q := &request{method: fetchMethods[0]}
	q.address = m.Text("url")
	if !m.Has("url") {
		m.Errorf("url", CodeMissingKey, "for example url: https://api.example.com/people/{{ profile.id }}", "this fetch needs a url")
	}
	q.url = templates.CompileText(q.address, use, r.list)
	r.checkURL(q.address)
	for _, e := range m.Child("headers").Entries() {
		r.checkHeader(e.Key)
		q.headers = append(q.headers, named{e.Key.Value, e.Value.Span(), templates.CompileText(e.Value.Text(), use, r.list)})
	}
	if len(q.headers) > MaxHeaders {
		m.Errorf("headers", codeTooMany, "", "%d headers; the limit is %d", len(q.headers), MaxHeaders)
	}
	q.json = templates.CompileValue(m.Get("json"), use, r.list)
	for _, e := range m.Child("form").Entries() {
		q.form = append(q.form, named{e.Key.Value, e.Value.Span(), templates.CompileText(e.Value.Text(), use, r.list)})
	}
	body := m.Has("json") || m.Has("form")
	if m.Has("json") && m.Has("form") {
		m.Errorf("form", templates.CodeExclusive, "keep one of them", "a fetch can send json or form, not both")
	}
	if body {
		q.method = "POST"
	}
	if i := readWord(m, "method", fetchMethods, r.list); i >= 0 {
		q.method = fetchMethods[i]
		if body && q.method == "GET" {
			m.Errorf("method", templates.CodeExclusive, "remove method: a fetch with json or form uses POST", "GET cannot send json or form")
		}
	}
	return q
}

// checkURL checks that a url has a fixed scheme, so that data cannot choose it.
func (r *reader) checkURL(t *node.Text) {
	if t == nil {
		return
	}
	fixed, _, _ := strings.Cut(t.Value, "{{")
	if !strings.HasPrefix(fixed, "https://") && !strings.HasPrefix(fixed, "http://") {
		r.list.Errorf(t.Span, codeBadValue, "for example https://api.example.com/people/{{ profile.id }}",
			"a url must begin with https:// or http://")
	}
}

var headerForm = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]+$`)

// ownHeaders are set by the client that sends the request.
var ownHeaders = []string{"host", "content-length", "connection", "transfer-encoding", "idempotency-key"}

func (r *reader) checkHeader(t *node.Text) {
	if !headerForm.MatchString(t.Value) {
		r.list.Errorf(t.Span, codeBadName, "for example Authorization", "%q is not a valid header name", t.Value)
	}
	for _, own := range ownHeaders {
		if strings.EqualFold(own, t.Value) {
			r.list.Errorf(t.Span, codeBadName, "remove it", "a flow cannot set the header %s", t.Value)
		}
	}
}
