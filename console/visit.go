package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"nudge/client"
)

// visit is one request of somebody who may look.
type visit struct {
	console  *Console
	r        *http.Request
	api      *client.Client
	Me       *client.CurrentToken // whose token it is
	session  *session
	settings settings
	now      time.Time
	zone     *time.Location // whose clock the page shows
	print    *message.Printer
	files    []client.File // that came with the form
	wrong    *problemPage  // why the action that leads to this page was not done
	unsure   unsure        // the form of that action; zero: it was not done
	kept     url.Values    // what was filled in before the login, in place of parameters of the question
}

// apiHost is a name for the API in this process; nothing is ever looked up or dialled.
const apiHost = "http://console.invalid"

// clientFor returns a client of the API for a visitor and a token. Its answers have nothing private, whatever the token may see.
func (c *Console) clientFor(r *http.Request, token string) *client.Client {
	return c.newClient(r, client.Config{Token: token, Masked: true})
}

func (c *Console) newClient(r *http.Request, config client.Config) *client.Client {
	config.Server, config.HTTP = apiHost, &http.Client{Transport: inProcess{c.api, r, c.log}}
	api, err := client.New(config)
	if err != nil {
		panic("console: " + err.Error()) // apiHost is a URL
	}
	return api
}

// visitOf lets in who has a session, or who needs none because this machine may do everything. Others are
// shown the login, and what they sent is kept.
func (c *Console) visitOf(w http.ResponseWriter, r *http.Request) (*visit, bool) {
	s := c.sessions.of(r)
	token := ""
	if s != nil {
		token = s.token
	}
	api := c.clientFor(r, token)
	me, err := api.Token(r.Context())
	var problem *client.Problem
	switch {
	case err == nil:
	case errors.As(err, &problem) && (problem.Status == http.StatusUnauthorized || s != nil && problem.Status == http.StatusForbidden):
		// the token is gone, or may not look any more
		c.sessions.end(s)
		c.askForLogin(w, r, s != nil)
		return nil, false
	default:
		http.Error(w, err.Error(), statusOf(err))
		return nil, false
	}
	if s == nil {
		s = c.sessions.local
	}
	settings := settingsOf(r)
	tags, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")) // none, where it cannot be read
	tags = append(tags, language.English)
	return &visit{
		console: c, r: r, api: api, Me: me, session: s, settings: settings, now: c.now(), zone: time.UTC,
		print: message.NewPrinter(tags[0]),
	}, true
}

// ctx is that of the request.
func (v *visit) ctx() context.Context { return v.r.Context() }

// query returns a parameter of the request, or what was filled in for it before the login.
func (v *visit) query(name string) string {
	if v.kept.Has(name) {
		return v.kept.Get(name)
	}
	return v.r.URL.Query().Get(name)
}

// Query returns a parameter of the page.
func (v *visit) Query(name string) string { return v.query(name) }

// May reports whether the visitor's token has a scope.
func (v *visit) May(scope string) bool { return slices.Contains(v.Me.May, scope) }

// Local reports whether everybody on this machine may do everything, so that nobody logs in.
func (v *visit) Local() bool { return !v.Me.Server.Tokens }

// Who is the name of somebody who did something. Where nobody needs a token, everybody on this machine has the name local.
func (v *visit) Who(name string) string {
	if name == "local" && v.Local() {
		return "this machine"
	}
	return name
}

// Role is the largest scope that the visitor has.
func (v *visit) Role() string {
	if len(v.Me.May) == 0 {
		return "nobody"
	}
	return v.Me.May[len(v.Me.May)-1]
}

// statusOf is the status of an error of the API.
func statusOf(err error) int {
	var problem *client.Problem
	if errors.As(err, &problem) {
		return problem.Status
	}
	return http.StatusBadGateway
}

// fail answers with a page that says what went wrong.
func (v *visit) fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	title := "This did not work"
	switch status {
	case http.StatusNotFound:
		title = "There is no such thing"
	case http.StatusForbidden:
		title = "You may not do this"
	}
	v.write(w, status, "problem", "", &content{Title: title, Data: problemData(err)})
}

// problemPage is what the page of an error shows.
type problemPage struct {
	Detail, Code string
	Fields       []client.FieldError
	Diagnostics  []client.Diagnostic // of a project that does not load
}

func problemData(err error) problemPage {
	var problem *client.Problem
	if errors.As(err, &problem) {
		if len(problem.Diagnostics) > 0 {
			return problemPage{Detail: problem.Detail, Code: problem.Kind(), Diagnostics: problem.Diagnostics}
		}
		return problemPage{Detail: problem.Detail, Code: problem.Kind(), Fields: problem.Errors}
	}
	return problemPage{Detail: err.Error()}
}

// nothingHere answers for paths that are no page.
func (c *Console) nothingHere(w http.ResponseWriter, r *http.Request) {
	v, ok := c.visitOf(w, r)
	if !ok {
		return
	}
	v.fail(w, &client.Problem{Status: http.StatusNotFound, Detail: "there is no page at " + r.URL.Path})
}
