package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"nudge/lang/trace"
)

// guard lets only those in who may use the API. With tokens that is who brings one.
// Without, it is this machine: the request must come from loopback and name it as its
// host, so that a page in a browser cannot reach it by a name of its own.
func (s *Server) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, problemOf(http.StatusForbidden, "origin", "requests from pages of another origin are not taken"))
	}))
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var tokens []Token
		if s.config.Tokens != nil {
			tokens = s.config.Tokens()
		}
		t := &localToken
		if len(tokens) > 0 {
			t = bearer(r, tokens)
		}
		switch {
		case t == nil && r.Header.Get("Authorization") != "":
			s.fail(w, r, problemOf(http.StatusUnauthorized, "token", "this server does not know the token"))
		case t == nil:
			s.fail(w, r, problemOf(http.StatusUnauthorized, "token", "a bearer token is required: Authorization: Bearer TOKEN"))
		case !t.Expires.IsZero() && !time.Now().Before(t.Expires):
			recordOf(w).token = t // whose events are refused
			s.fail(w, r, problemOf(http.StatusUnauthorized, "token-expired", "the token "+t.Name+" expired at "+t.Expires.UTC().Format(time.RFC3339)))
		case len(tokens) == 0 && forwarded(r):
			s.fail(w, r, problemOf(http.StatusForbidden, "not-local", "the request came through a proxy, so it may come from anywhere; set tokens in nudge.yaml"))
		case len(tokens) == 0 && !local(r):
			s.fail(w, r, problemOf(http.StatusForbidden, "not-local", "without tokens only requests from this machine, to localhost, are taken; set tokens in nudge.yaml"))
		case s.fromPage(r) && (t == &localToken || !t.onlySends()):
			s.fail(w, r, problemOf(http.StatusForbidden, "origin", "everybody can read the token of a page, so it must have the scope events and no other"))
		default:
			recordOf(w).token = t
			next.ServeHTTP(w, r)
		}
	})
	checked := sameOrigin.Handler(guarded)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.fromPage(r) {
			checked.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Expose-Headers", replayedHeader+", Retry-After, "+requestHeader)
		w.Header().Add("Vary", "Origin")
		if r.Method != http.MethodOptions {
			guarded.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+keyHeader+", "+trace.ParentHeader+", "+trace.StateHeader)
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}

// pagePath is the only path that pages of other origins may use.
const pagePath = "/v1/events"

// fromPage reports whether a request comes from a page of an origin that may send events.
func (s *Server) fromPage(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin != "" && s.config.Origins != nil && r.URL.Path == pagePath && slices.Contains(s.config.Origins(), origin)
}

// forwarded reports whether a proxy passed the request on. A proxy on this machine makes every
// request look local.
func forwarded(r *http.Request) bool {
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

func local(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return IsLoopback(strings.Trim(host, "[]"))
}

// IsLoopback reports whether a host name or address is this machine's loopback.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
