package sandbox

import (
	"net/http"
	"strings"
)

// clientRoutes serves the client side of the API: the calls of apps and their SDKs.
func (s *Sandbox) clientRoutes(mux *http.ServeMux, prefix string) {
	// These come before there is a token.
	mux.HandleFunc("GET "+prefix+"/sessions/start", s.misbehaving(s.startSession))
	mux.HandleFunc("POST "+prefix+"/sessions", s.misbehaving(s.createSession))
	mux.HandleFunc("GET "+prefix+"/sessions/tokens/anon", s.misbehaving(s.anonymousToken))
	mux.HandleFunc("GET "+prefix+"/socket", s.openSocket)
	for pattern, handle := range map[string]clientHandler{
		"GET /sessions/{id}":                          s.showSession,
		"DELETE /sessions/{id}":                       s.endSession,
		"PUT /sessions/{id}/push":                     s.registerPush,
		"DELETE /sessions/{id}/push":                  s.registerPush,
		"GET /conversations":                          s.listThreads,
		"POST /conversations":                         s.createThread,
		"GET /conversations/{id}":                     s.showThread,
		"PUT /conversations/{id}":                     s.putThread,
		"DELETE /conversations/{id}":                  s.deleteThread,
		"GET /conversations/{id}/participants":        s.listParticipants,
		"POST /conversations/{id}/participants":       s.addParticipants,
		"DELETE /conversations/{id}/participants":     s.removeParticipants,
		"POST /conversations/{id}/typing":             s.typing,
		"DELETE /conversations/{id}/typing":           s.typing,
		"GET /conversations/{id}/events":              s.listLogged,
		"GET /conversations/{id}/messages":            s.listSaid,
		"POST /conversations/{id}/messages":           s.postSaid,
		"POST /conversations/{id}/messages/{action}":  s.postAction,
		"GET /profiles":                               s.listPeople,
		"POST /profiles":                              s.addPerson,
		"PATCH /profiles/bulk":                        s.changePeople,
		"DELETE /profiles/bulk":                       s.deletePeople,
		"GET /profiles/optin":                         s.defaultOptIns,
		"PUT /profiles/optin":                         s.defaultOptIns,
		"POST /profiles/devices/push/validation":      s.validatePush,
		"GET /profiles/{profile}":                     s.showPerson,
		"PUT /profiles/{profile}":                     s.putPerson,
		"PATCH /profiles/{profile}":                   s.patchPerson,
		"DELETE /profiles/{profile}":                  s.deletePerson,
		"PUT /profiles/{profile}/optin":               s.setOptIn,
		"DELETE /profiles/{profile}/optin":            s.setOptIn,
		"DELETE /profiles/{profile}/devices/{device}": s.deleteDevice,
		"POST /content":                               s.upload,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+prefix+path, s.client(handle))
	}
}

// postAction is POST …/conversations/{id}/messages/statusupdates. The provider's own tests
// spell it in two ways, so its case does not matter.
func (s *Sandbox) postAction(w http.ResponseWriter, r *http.Request, c caller) {
	if strings.EqualFold(r.PathValue("action"), "statusupdates") {
		s.takeStatuses(w, r, c)
		return
	}
	answerError(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
}
