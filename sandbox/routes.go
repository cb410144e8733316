package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Limits on requests (Dotdigital, batch page).
const (
	MaxRequest = 10 << 20 // bytes of one request; a larger one is answered 413
	MaxBatch   = 5000     // messages, profiles or IDs in one request; more are answered 400
)

// routes serves the API under both of the provider's prefixes, and the local
// view, which takes no token: it is for the person at this machine.
func (s *Sandbox) routes() http.Handler {
	mux := http.NewServeMux()
	for _, prefix := range []string{"/apispaces/{space}", "/cpaas"} {
		mux.HandleFunc("POST "+prefix+"/messages", s.allowed(s.send))
		mux.HandleFunc("POST "+prefix+"/messages/batch", s.allowed(s.sendBatch))
		mux.HandleFunc("GET "+prefix+"/messages/{id}", s.allowed(s.show))
		mux.HandleFunc("DELETE "+prefix+"/messages/{id}", s.allowed(s.remove))
		mux.HandleFunc("PATCH "+prefix+"/messages/{id}", s.allowed(s.redact))
		mux.HandleFunc("POST "+prefix+"/messages/{id}/statuses/{status}", s.allowed(s.takeStatus))
		mux.HandleFunc("POST "+prefix+"/messages/inbounds", s.allowed(s.takeInbound))
		mux.HandleFunc("POST "+prefix+"/messages/inbounds/{id}/statuses/{status}", s.allowed(s.takeInboundStatus))
		mux.HandleFunc("GET "+prefix+"/profiles/{profile}/messages", s.allowed(s.history))
		mux.HandleFunc("GET "+prefix+"/webhooks", s.allowed(s.listWebhooks))
		mux.HandleFunc("POST "+prefix+"/webhooks", s.allowed(s.addWebhook))
		mux.HandleFunc("GET "+prefix+"/webhooks/availableevents", s.allowed(s.listEvents))
		mux.HandleFunc("GET "+prefix+"/webhooks/availabletemplates", s.allowed(s.listTemplates))
		mux.HandleFunc("GET "+prefix+"/webhooks/{id}", s.allowed(s.showWebhook))
		mux.HandleFunc("PUT "+prefix+"/webhooks/{id}", s.allowed(s.putWebhook))
		mux.HandleFunc("DELETE "+prefix+"/webhooks/{id}", s.allowed(s.deleteWebhook))
		mux.HandleFunc("GET "+prefix+"/templates", s.allowed(s.listTemplatesKept))
		mux.HandleFunc("POST "+prefix+"/templates", s.allowed(s.addTemplate))
		mux.HandleFunc("GET "+prefix+"/templates/{id}", s.allowed(s.showTemplate))
		mux.HandleFunc("PUT "+prefix+"/templates/{id}", s.allowed(s.changeTemplate))
		mux.HandleFunc("DELETE "+prefix+"/templates/{id}", s.allowed(s.deleteTemplate))
		s.clientRoutes(mux, prefix)
	}
	mux.HandleFunc("GET /sandbox/conversations", s.listConversations)
	mux.HandleFunc("GET /sandbox/chats", s.listChats)
	mux.HandleFunc("POST /sandbox/chats", s.answerChat)
	mux.HandleFunc("GET /sandbox/messages", s.listMessages)
	mux.HandleFunc("GET /sandbox/alerts", s.listAlerts)
	mux.HandleFunc("GET /sandbox/content/{id}/{name}", s.showContent)
	mux.HandleFunc("GET /sandbox/stats", s.showStats)
	mux.HandleFunc("GET /sandbox/faults", s.showFaults)
	mux.HandleFunc("PUT /sandbox/faults", s.putFaults)
	mux.HandleFunc("DELETE /sandbox/faults", s.deleteFaults)
	mux.HandleFunc("POST /sandbox/replies", s.addReply)
	mux.HandleFunc("POST /sandbox/statuses", s.addStatus)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answerError(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	return mayShare(mux)
}

// allowed passes on requests with a good token, to which Faults may happen.
func (s *Sandbox) allowed(next http.HandlerFunc) http.HandlerFunc {
	next = s.misbehaving(next)
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.knows(r) {
			answerError(w, http.StatusUnauthorized, "the access token is missing or wrong")
			return
		}
		next(w, r)
	}
}

// knows reports whether a request has the token: as Bearer, or as the password of HTTP
// Basic, and only there when a user is configured.
func (s *Sandbox) knows(r *http.Request) bool {
	user, given, basic := r.BasicAuth()
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && s.config.User == "" {
		given = bearer
	}
	return given != "" && (s.config.Token == "" || same(given, s.config.Token)) &&
		(s.config.User == "" || basic && same(user, s.config.User))
}

func same(given, want string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// readBody reads a request to its end, or answers why not.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	limited := http.MaxBytesReader(w, r.Body, MaxRequest)
	var body []byte
	var err error
	if n := r.ContentLength; n > 0 && n <= MaxRequest {
		body = make([]byte, n)
		_, err = io.ReadFull(limited, body)
	} else {
		body, err = io.ReadAll(limited)
	}
	if err == nil {
		return body, true
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		answerError(w, http.StatusRequestEntityTooLarge, "the request has more than 10 MB")
	} else {
		answerError(w, http.StatusBadRequest, "the request ended early")
	}
	return nil, false
}

// answer sends a whole response at once, so that it leaves before the caller goes on.
func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone does not care
	_ = http.NewResponseController(w).Flush()
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		answerError(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, status, body)
}

// answerError has the API's shape for everything but invalid requests.
func answerError(w http.ResponseWriter, status int, message string) {
	answerJSON(w, status, struct {
		Message string `json:"message"`
	}{message})
}

// answerInvalid has the API's shape for invalid requests.
func answerInvalid(w http.ResponseWriter, all failures) {
	answerJSON(w, http.StatusBadRequest, struct {
		ValidationFailures failures `json:"validationFailures"`
	}{all})
}
