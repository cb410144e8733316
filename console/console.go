package console

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Config says what a console is for.
type Config struct {
	API http.Handler     // of Nudge, with everything that guards it; required
	Now func() time.Time // the clock of the runs; nil: the real one
	Log *slog.Logger     // nil: nothing is logged
}

// Console serves the pages.
type Console struct {
	api      http.Handler
	now      func() time.Time
	log      *slog.Logger
	sessions *sessions
	frames   frames
	tabs     *tabs
	inside   *http.ServeMux // all routes, for pages that are written again
}

// New returns a console, or an error that says what of its Config is missing.
func New(c Config) (*Console, error) {
	if c.API == nil {
		return nil, errors.New("console: Config.API is required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	made := &Console{api: c.API, now: c.Now, log: c.Log, sessions: newSessions(), tabs: newTabs()}
	made.tabs.follower.ask = made.followAPI
	return made, nil
}

// Root is the path under which everything is.
const Root = "/console/"

// Handler serves all that is under [Root].
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /console/assets/{name}", serveAsset)
	mux.HandleFunc("GET /console/login", c.showLogin)
	mux.HandleFunc("POST /console/login", c.logIn)
	mux.HandleFunc("POST /console/logout", c.logOut)
	mux.HandleFunc("POST /console/settings", c.changeSettings)
	mux.HandleFunc("GET /console/live", c.live)
	for _, v := range allViews() {
		mux.HandleFunc("GET "+v.pattern, c.show(v))
	}
	for _, a := range allActions() {
		if a.asks != nil {
			mux.HandleFunc("GET "+a.pattern, c.ask(a))
		}
		mux.HandleFunc("POST "+a.pattern, c.act(a))
	}
	for _, d := range allDownloads() {
		mux.HandleFunc("GET "+d.pattern, c.give(d))
	}
	mux.HandleFunc(Root, c.nothingHere)
	c.inside = mux
	return headed(sameOrigin(mux))
}

// policy lets a page load what this server has, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headed sends the headers that every answer has.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language, Cookie")
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses changes that come from pages of others.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "requests from pages of another origin are not taken", http.StatusForbidden)
	}))
	return protection.Handler(next)
}
