package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nudge/client"
)

// maxForm is how many bytes a form may have; a larger one is refused with 413.
const maxForm = 1 << 20

// keptField is the field of the login that has the name of a kept form.
const keptField = "kept"

// loginPage is what the login shows.
type loginPage struct {
	Said string // what was wrong before; empty: nothing
	Next string // where it leads
	Kept string // name of a form that was sent without a session; empty: none
}

// askForLogin shows the login in place of a page. A form that was sent is kept: its action asks again behind the login.
func (c *Console) askForLogin(w http.ResponseWriter, r *http.Request, ended bool) {
	p := loginPage{Next: r.URL.RequestURI()}
	if ended {
		p.Said = "Your session is over."
	}
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
	case !c.hasPage(r.URL): // an action that asks nothing: it starts again where it stands
		p.Next = refererOf(r)
		p.Said = strings.TrimSpace(p.Said + " Nothing was done.")
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if r.ParseForm() == nil {
			p.Kept = c.sessions.kept.keep(r.URL.RequestURI(), r.PostForm)
		}
		if p.Kept == "" {
			p.Said = strings.TrimSpace(p.Said + " Nothing was done.")
		}
	}
	if r.Header.Get(partsHeader) != "" || r.URL.Path == Root+"live" {
		http.Error(w, "the session is over", http.StatusUnauthorized)
		return
	}
	c.writeLogin(w, r, http.StatusUnauthorized, p)
}

// hasPage reports whether there is a page with a path.
func (c *Console) hasPage(u *url.URL) bool {
	_, pattern := c.inside.Handler(&http.Request{Method: http.MethodGet, URL: u})
	return pattern != Root
}

// refererOf is the page of the console that a form was on; the first one, where that is not known.
func refererOf(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return Root
	}
	return nextOf(u.RequestURI())
}

func (c *Console) writeLogin(w http.ResponseWriter, r *http.Request, status int, p loginPage) {
	v := &visit{console: c, r: r, session: c.sessions.local, settings: settingsOf(r), now: c.now(), zone: time.UTC, Me: &client.CurrentToken{}}
	v.writeBare(w, status, "login", &content{Title: "Log in", Data: p})
}

func (c *Console) showLogin(w http.ResponseWriter, r *http.Request) {
	c.writeLogin(w, r, http.StatusOK, loginPage{Next: nextOf(r.URL.Query().Get("next"))})
}

// nextOf returns a path of the console; what is none becomes its first page.
func nextOf(text string) string {
	if u, err := url.Parse(text); err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, Root) {
		return u.RequestURI()
	}
	return Root
}

// refuseForm answers to a form that cannot be read, in a text: nobody has logged in yet.
func refuseForm(w http.ResponseWriter, err error) {
	p := unreadable(err)
	http.Error(w, p.Detail, p.Status)
}

// unreadable says why a form cannot be read.
func unreadable(err error) *client.Problem {
	status := http.StatusBadRequest
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	return &client.Problem{Status: status, Detail: "the form cannot be read: " + err.Error()}
}

func (c *Console) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuseForm(w, err)
		return
	}
	p := loginPage{Next: nextOf(r.PostForm.Get("next"))}
	if name := r.PostForm.Get(keptField); c.sessions.kept.has(name) {
		p.Kept = name
	}
	from := addressOf(r)
	if !c.sessions.mayTry(from) {
		w.Header().Set("Retry-After", "60")
		p.Said = "Too many wrong tokens came from your address. Try again in a minute."
		c.writeLogin(w, r, http.StatusTooManyRequests, p)
		return
	}
	token := strings.TrimSpace(r.PostForm.Get("token"))
	_, err := c.clientFor(r, token).Token(r.Context())
	if statusOf(err) != http.StatusUnauthorized {
		c.sessions.wasRight(from)
	}
	if err != nil {
		p.Said = err.Error()
		c.writeLogin(w, r, statusOf(err), p)
		return
	}
	c.sessions.end(c.sessions.of(r)) // this browser's before, of which it is to forget the cookie
	value := c.sessions.begin(token, c.sessions.kept.take(p.Kept))
	setCookie(w, r, cookieName, value, sessionLasts)
	http.Redirect(w, r, p.Next, http.StatusSeeOther)
}

func (c *Console) logOut(w http.ResponseWriter, r *http.Request) {
	c.sessions.end(c.sessions.of(r))
	setCookie(w, r, cookieName, "", -time.Second)
	http.Redirect(w, r, Root+"login", http.StatusSeeOther)
}
