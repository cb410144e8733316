package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

// maxForm is how many bytes a form may have; a larger one is refused with 413.
const maxForm = 1 << 20

// loginPage is what the login shows.
type loginPage struct {
	Said string  // what was wrong before; empty: nothing
	Next string  // where it leads
	Kept []field // of a form that was sent without a session
}

// askForLogin shows the login in place of a page. A form that was sent is kept: its action asks again behind the login.
func (c *Console) askForLogin(w http.ResponseWriter, r *http.Request, ended bool) {
	p := loginPage{Next: r.URL.RequestURI()}
	if ended {
		p.Said = "Your session is over."
	}
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if r.ParseForm() == nil {
			p.Kept = keptFields(r.PostForm)
		}
	}
	if r.Header.Get(partsHeader) != "" || r.URL.Path == Root+"live" {
		http.Error(w, "the session is over", http.StatusUnauthorized)
		return
	}
	c.writeLogin(w, r, http.StatusUnauthorized, p)
}

// keptFields are the fields of a form that somebody filled in.
func keptFields(form url.Values) (kept []field) {
	for name, values := range form {
		if name == formField || name == expectField {
			continue
		}
		for _, value := range values {
			kept = append(kept, field{strings.TrimPrefix(name, keptPrefix), value})
		}
	}
	slices.SortFunc(kept, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return kept
}

// keptPrefix stands before the names of fields that go through the login.
const keptPrefix = "kept."

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

func (c *Console) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	p := loginPage{Next: nextOf(r.PostForm.Get("next"))}
	for name, values := range r.PostForm {
		if strings.HasPrefix(name, keptPrefix) {
			p.Kept = append(p.Kept, keptFields(url.Values{name: values})...)
		}
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
	if err != nil {
		var problem *client.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusUnauthorized {
			c.sessions.tried(from)
		}
		p.Said = err.Error()
		c.writeLogin(w, r, statusOf(err), p)
		return
	}
	setCookie(w, r, cookieName, c.sessions.begin(token), sessionLasts)
	if len(p.Kept) > 0 {
		next, _ := url.Parse(p.Next)
		values := next.Query()
		for _, f := range p.Kept {
			values.Set(f.Name, f.Value)
		}
		next.RawQuery = values.Encode()
		p.Next = next.String()
	}
	http.Redirect(w, r, p.Next, http.StatusSeeOther)
}

func (c *Console) logOut(w http.ResponseWriter, r *http.Request) {
	c.sessions.end(c.sessions.of(r))
	setCookie(w, r, cookieName, "", -time.Second)
	http.Redirect(w, r, Root+"login", http.StatusSeeOther)
}
