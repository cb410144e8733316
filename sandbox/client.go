package sandbox

import (
	"cmp"
	"net/http"
	"strings"

	"nudge/sandbox/session"
)

// serverProfile is the profile of every access token: the sender of messages that name none.
const serverProfile = "sandbox"

// caller is the user of the client side of the API: an app's user with a session, or a server
// with an access token.
type caller struct {
	profile string // empty: a server, which may do everything
	session session.Session
}

// actor is the caller as the provider writes it.
func (c caller) actor() string {
	if c.profile == "" {
		return apiActor
	}
	return sessionActor(c.profile)
}

// id is the caller's profile ID. A server has that of its access token.
func (c caller) id() string { return cmp.Or(c.profile, serverProfile) }

// is reports whether the caller may act as somebody.
func (c caller) is(profile string) bool { return c.profile == "" || c.profile == profile }

// clientHandler answers a request of a caller.
type clientHandler func(w http.ResponseWriter, r *http.Request, c caller)

// client passes on requests with the token of a session, or with the access token.
func (s *Sandbox) client(next clientHandler) http.HandlerFunc {
	return s.misbehaving(func(w http.ResponseWriter, r *http.Request) {
		c, ok := s.caller(r)
		if !ok {
			answerError(w, http.StatusUnauthorized, "the token is missing or wrong, or its session has ended")
			return
		}
		next(w, r, c)
	})
}

// caller finds the caller of a request. An expired session token is never taken for an access
// token, even where any token is good, so that its app starts another session.
func (s *Sandbox) caller(r *http.Request) (caller, bool) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if found, ok := s.sessions.Find(token, s.config.Clock.Now()); ok {
		return caller{found.ProfileID, found}, found.Space == r.PathValue("space")
	}
	return caller{}, !session.Claims(token) && s.knows(r)
}

// mayShare lets pages of any origin use the API, as the provider does, and exposes the headers
// that the SDKs read.
func mayShare(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local := strings.HasPrefix(r.URL.Path, "/sandbox/") && !strings.HasPrefix(r.URL.Path, "/sandbox/content/")
		if r.Header.Get("Origin") == "" || local {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Last-Modified")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
