package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nudge/console"
	"nudge/server"
)

// TestWrongTokensAtOnce: many wrong tokens at once are no more than one after the other, and right ones do not count.
func TestWrongTokensAtOnce(t *testing.T) {
	w := start(t, shop, tokens()...)
	for range 6 {
		w.visitor("read")
		w.visitor("").post("/console/login", url.Values{"token": {"events"}}).has(403)
	}
	var wrong, early atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			switch p := w.visitor("").post("/console/login", url.Values{"token": {"guess"}}); p.status {
			case http.StatusUnauthorized:
				wrong.Add(1)
			case http.StatusTooManyRequests:
				early.Add(1)
			}
		})
	}
	all.Wait()
	if wrong.Load() != 5 || early.Load() != 15 {
		t.Errorf("%d wrong tokens were tried and %d were not, want 5 and 15", wrong.Load(), early.Load())
	}
}

// cookie is the session that a browser has.
func (v *visitor) cookie() *http.Cookie {
	v.t.Helper()
	u, err := url.Parse(v.url + "/console/")
	must(v.t, err)
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == "nudge_console" {
			return c
		}
	}
	v.t.Fatal("there is no cookie")
	return nil
}

// with gets a page with a cookie.
func (w *world) with(c *http.Cookie, path string) *shown {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+path, http.NoBody)
	must(w.t, err)
	r.AddCookie(c)
	return w.visitor("").do(r)
}

// TestSessionsEnd: a login makes a new session and ends the one before, whatever cookie the browser came with; a session ends where its
// token may not look any more.
func TestSessionsEnd(t *testing.T) {
	all := tokens()
	w := start(t, shop, all...)
	v := w.visitor("read")
	first := v.cookie()
	v.post("/console/login", url.Values{"token": {"operate"}}).has(303)
	if v.cookie().Value == first.Value {
		t.Error("the login keeps the session of before")
	}
	w.with(first, "/console/runs").has(401, "Log in")
	w.with(&http.Cookie{Name: "nudge_console", Value: "chosen"}, "/console/runs").has(401)
	v.get("/console/runs").has(200, "the operate")
	for i := range all {
		if all[i].Name == "the operate" {
			all[i].Scopes = []server.Scope{server.ScopeEvents}
		}
	}
	v.get("/console/runs").has(401, "Your session is over.", `name="token"`)
}

// TestLargeForms: a form that is too large is refused and not read, before and after the login.
func TestLargeForms(t *testing.T) {
	w := start(t, shop, tokens()...)
	large := url.Values{"token": {strings.Repeat("x", 1<<20)}}
	v := w.visitor("operate")
	for _, path := range []string{"/console/login", "/console/settings", "/console/health/kill"} {
		v.post(path, large).has(413, "the form cannot be read")
	}
	for _, path := range []string{"/console/login", "/console/settings", "/console/deploys"} {
		body := &countedBody{Reader: io.LimitReader(zeros{}, 64<<20)}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, io.MultiReader(strings.NewReader("--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"), body))
		must(t, err)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		if answer, err := w.visitor("").http.Do(r); err == nil { // else the connection was closed
			answer.Body.Close()
		}
		if n := body.read.Load(); n > 16<<20 {
			t.Errorf("%s reads %d bytes of somebody who has not logged in", path, n)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type countedBody struct {
	io.Reader
	read atomic.Int64
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// TestLoginLeadsBack: an action that asks nothing has no page of its own, so the login leads to where it stands.
func TestLoginLeadsBack(t *testing.T) {
	w := start(t, shop, tokens()...)
	for referer, next := range map[string]string{
		w.url + "/console/health?x=1":          "/console/health?x=1",
		"https://evil.example/console/health":  "/console/",
		w.url + "/v1/runs":                     "/console/",
		"":                                     "/console/",
		w.url + "/console/%zz":                 "/console/",
		"https://evil.example//console/health": "/console/",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/console/health/kill", strings.NewReader("a=1"))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", referer)
		w.visitor("").do(r).has(401, "Nothing was done.", `name="next" value="`+next+`"`).hasNot("kept")
	}
}

// over is a console of its own, whose API is that of the world behind something else.
func (w *world) over(wrap func(api http.Handler) http.Handler) *world {
	w.t.Helper()
	u, err := url.Parse(w.url)
	must(w.t, err)
	api := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	c, err := console.New(console.Config{API: wrap(api)})
	must(w.t, err)
	web := httptest.NewServer(c.Handler())
	w.t.Cleanup(web.Close)
	return &world{t: w.t, url: web.URL, store: w.store, api: w.api}
}

// TestAPIPanics: where the API breaks off, the page does not say that the action is done.
func TestAPIPanics(t *testing.T) {
	w := start(t, shop, tokens()...).over(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				panic("a mistake")
			}
			api.ServeHTTP(out, r)
		})
	})
	v := w.visitor("operate")
	form := v.get("/console/health").formToken("/console/health/kill")
	v.post("/console/health/kill", url.Values{"form": {form}}).has(502, "not known whether this was done")
	v.get("/console/health").has(200).hasNot("Nothing goes out any more.")
}

// TestActionOutlivesTheTab: what somebody has confirmed is done, even if they close the tab while it is under way.
func TestActionOutlivesTheTab(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	w := start(t, shop, tokens()...).over(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				leave()
				<-gone.Done()
			}
			api.ServeHTTP(out, r)
			if err := r.Context().Err(); err != nil {
				t.Errorf("%s %s was broken off: %v", r.Method, r.URL.Path, err)
			}
		})
	})
	v := w.visitor("operate")
	body := url.Values{"form": {v.get("/console/health").formToken("/console/health/kill")}}.Encode()
	r, err := http.NewRequestWithContext(gone, http.MethodPost, v.url+"/console/health/kill", strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if answer, err := v.http.Do(r); err == nil {
		answer.Body.Close()
		t.Error("the tab is still there")
	}
	eventually(t, "it is done", func() bool {
		h, err := w.api.Health(t.Context())
		must(t, err)
		return h.Outbound.Killed
	})
}

// TestFrameOfTheRefused: the numbers around the page are not those of a visitor who could not get them.
func TestFrameOfTheRefused(t *testing.T) {
	w := start(t, shop, tokens()...).over(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/health" && r.Header.Get("Authorization") == "Bearer read" {
				http.Error(out, "not for you", http.StatusForbidden)
				return
			}
			api.ServeHTTP(out, r)
		})
	})
	w.visitor("read").get("/console/runs").has(200, "the API does not say")
	w.visitor("operate").get("/console/runs").has(200, "Sending is on")
}
