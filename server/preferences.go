package server

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner/preferences"
)

// maxPreferencesBody is how many bytes a click on the page of preferences may have; a larger one is
// refused with 413.
const maxPreferencesBody = 4 << 10

// preferencesActor is the name under which a person's own clicks stand in the audit trail. An entry has
// no address: that of a person is not for us to keep. Its request leads to the log of the proxy.
const preferencesActor = "preferences page"

// Preferences is what the page of people's preferences is made with.
type Preferences struct {
	Links *preferences.Links
	Names map[string]map[string]string // of categories, by language; "" is the one for all others
	Now   func() time.Time             // of the clock that the engine has
}

// PreferencesHandler serves the page of people's preferences alone, for a listener that is open to the
// world. Config.Preferences must be set.
//
// There is no login, and no token against requests from other sites: who has the link may do what it
// says, whatever page they come from, and who does not have it cannot make such a request. A GET
// changes nothing, because scanners of mails and previews of messages follow links.
func (s *Server) PreferencesHandler() http.Handler {
	mux := s.muxOf([]route{
		{pattern: "GET " + preferences.Path + "{token}", handle: s.withLink(s.showPreferences)},
		{pattern: "POST " + preferences.Path + "{token}", handle: s.withLink(s.changePreferences)},
		{pattern: "GET /-/healthy", handle: s.healthy},
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.sayPreferences(w, r, http.StatusNotFound, languageOf(r, ""), func(t *pageTexts) briefPage { return t.Invalid })
	})
	return s.observed(s.paced(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recordOf(w).path = preferences.Path + "…" // the log must not give links away
		mux.ServeHTTP(w, r)
	})))
}

// withLink calls a handler with what the link says, or answers that it is not valid, or no longer.
func (s *Server) withLink(handle func(http.ResponseWriter, *http.Request, preferences.Link)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := s.config.Preferences()
		link, err := p.Links.Read(r.PathValue("token"), p.Now())
		switch {
		case errors.Is(err, preferences.ErrExpired):
			s.sayPreferences(w, r, http.StatusGone, languageOf(r, ""), func(t *pageTexts) briefPage { return t.Expired })
		case err != nil:
			s.sayPreferences(w, r, http.StatusNotFound, languageOf(r, ""), func(t *pageTexts) briefPage { return t.Invalid })
		default:
			handle(w, r, link)
		}
	}
}

// showPreferences shows what a person gets. Somebody of whom nothing is known, or who was forgotten,
// sees the page as everybody does.
func (s *Server) showPreferences(w http.ResponseWriter, r *http.Request, link preferences.Link) {
	p, err := s.config.Store.Person(link.Profile)
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	choices, err := s.categories(link.Category)
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	language := languageOf(r, localeOf(p))
	names := s.config.Preferences().Names
	page := preferencesPage{pageTexts: languages[language], Language: language, Saved: r.URL.Query().Has("saved"), AllOff: optedOut(p, engine.OptOutAll)}
	for _, c := range choices {
		page.Choices = append(page.Choices, pageChoice{Category: c.name, Name: categoryName(names[c.name], c.name, language), Always: c.always,
			Off: !c.always && (page.AllOff || optedOut(p, c.name))})
	}
	slices.SortFunc(page.Choices, func(a, b pageChoice) int { return strings.Compare(a.Name, b.Name) })
	if i := slices.IndexFunc(page.Choices, func(c pageChoice) bool { return c.Category == link.Category }); i > 0 { // most came for this one
		own := page.Choices[i]
		page.Choices = slices.Insert(slices.Delete(page.Choices, i, i+1), 0, own)
	}
	writePage(w, http.StatusOK, "preferences", page)
}

// changePreferences does what a button of the page says, or the button of an app or a mail program
// (RFC 8058).
func (s *Server) changePreferences(w http.ResponseWriter, r *http.Request, link preferences.Link) {
	form, err := s.readForm(w, r)
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	change := &engine.ProfileChange{Profile: link.Profile, OptOut: form.Get("opt_out"), OptIn: form.Get("opt_in")}
	key, value, _ := strings.Cut(channels.UnsubscribePost, "=")
	oneClick := form.Get(key) == value
	choices, err := s.categories(link.Category)
	if err != nil {
		s.failPreferences(w, r, err)
		return
	}
	known := func(name string) bool {
		return name == engine.OptOutAll || slices.ContainsFunc(choices, func(c choice) bool { return c.name == name && !c.always })
	}
	if oneClick {
		change.OptOut, change.OptIn = link.Category, ""
		if !known(link.Category) {
			change.OptOut = engine.OptOutAll
		}
	}
	if (change.OptOut == "") == (change.OptIn == "") || !known(change.OptOut+change.OptIn) {
		s.sayPreferences(w, r, http.StatusBadRequest, languageOf(r, ""), func(t *pageTexts) briefPage { return t.Again })
		return
	}
	by := &engine.Actor{Name: preferencesActor, Request: w.Header().Get(requestHeader)}
	answers, err := s.config.Runner.Submit(r.Context(), &engine.Input{By: by, Payload: change})
	switch {
	case err != nil:
		s.failPreferences(w, r, runnerProblem(err))
	case answers[0].Refused != nil:
		s.failPreferences(w, r, refusalProblem("", answers[0].Refused))
	case oneClick: // RFC 8058 wants no redirect
		s.sayPreferences(w, r, http.StatusOK, languageOf(r, ""), func(t *pageTexts) briefPage { return t.Done })
	default:
		// The page is asked for anew, so that reloading it does not click again. The place is relative: a
		// proxy may serve the page below a path.
		w.Header().Set("Location", r.PathValue("token")+"?saved")
		pageHeaders(w)
		w.WriteHeader(http.StatusSeeOther)
	}
}

// readForm reads the fields of a click, in either form that RFC 8058 allows.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := s.readBody(w, r, maxPreferencesBody)
	if err != nil {
		return nil, err
	}
	media, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		values, _ := url.ParseQuery(string(body)) // a broken form has no field that we know
		return values, nil
	}
	values, parts := url.Values{}, multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil { // also of a broken form
			return values, nil
		}
		value, err := io.ReadAll(part)
		if err == nil {
			values.Add(part.FormName(), string(value))
		}
	}
}

// choice is a category as people may choose it.
type choice struct {
	name   string
	always bool // nobody can opt out of it
}

// categories returns those of the active flows, by name, and that of the message that the link came
// with.
func (s *Server) categories(own string) ([]choice, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	found := map[string]choice{}
	if own != "" {
		found[own] = choice{name: own}
	}
	for _, v := range state.Active {
		f, err := s.flows.version(v)
		if err != nil {
			return nil, err
		}
		for name, c := range f.Categories {
			found[name] = choice{name, c.Always}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b choice) int { return strings.Compare(a.name, b.name) }), nil
}

// optedOut reports whether a person, who may be nil, opted out of exactly this category.
func optedOut(p *engine.Person, category string) bool {
	return p != nil && slices.Contains(p.OptOuts, category)
}

// failPreferences answers a click that could not be carried out. Why is in the log.
func (s *Server) failPreferences(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(http.StatusInternalServerError, "internal", "")
	if !errors.As(err, &p) {
		s.config.Log.Error("the page of preferences failed", "error", err, "request", w.Header().Get(requestHeader))
	}
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if unread(r) {
		w.Header().Set("Connection", "close")
	}
	s.sayPreferences(w, r, p.Status, languageOf(r, ""), func(t *pageTexts) briefPage { return t.Again })
}

// sayPreferences answers with a page of a few words.
func (s *Server) sayPreferences(w http.ResponseWriter, _ *http.Request, status int, language string, which func(*pageTexts) briefPage) {
	texts := languages[language]
	writePage(w, status, "notice", briefAnswer{briefPage: which(texts), Language: language})
}
