package sandbox

import (
	"cmp"
	"errors"
	"net"
	"net/http"

	"nudge/sandbox/session"
	"nudge/sandbox/socket"
)

// startSession is GET …/sessions/start.
func (s *Sandbox) startSession(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, s.sessions.Start(s.freshID(), s.config.Clock.Now()))
}

// freshID is newID for callers that do not hold the lock.
func (s *Sandbox) freshID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newID()
}

// createSession is POST …/sessions: the answer to a challenge.
func (s *Sandbox) createSession(w http.ResponseWriter, r *http.Request) {
	var q struct {
		AuthenticationID    string        `json:"authenticationId"`
		AuthenticationToken string        `json:"authenticationToken"`
		Push                *session.Push `json:"push"`
		session.Device
	}
	if !readJSON(w, r, &q) {
		return
	}
	var f failures
	f.add(q.AuthenticationID == "", "authenticationId", "is required")
	f.add(q.AuthenticationToken == "", "authenticationToken", "is required")
	f.add(q.DeviceID == "", "deviceId", "is required")
	f.add(q.Platform == "", "platform", "is required")
	if q.Push != nil {
		checkPush(&f, "push.", *q.Push)
	}
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	made, err := s.sessions.Create(s.freshID(), r.PathValue("space"), q.AuthenticationID, q.AuthenticationToken,
		ip, q.Device, s.config.Clock.Now())
	switch {
	case errors.Is(err, session.ErrFull):
		answerError(w, http.StatusServiceUnavailable, err.Error())
		return
	case err != nil:
		answerError(w, http.StatusUnauthorized, err.Error())
		return
	}
	if q.Push != nil {
		s.sessions.Register(made.ID, q.Push)
	}
	s.meet(made.ProfileID, made.Space)
	answerJSON(w, http.StatusOK, struct {
		Token   string          `json:"token"`
		Session session.Session `json:"session"`
	}{made.Token, made})
}

// own finds the session of a request. A person gets their own sessions only, a server all.
// Otherwise it answers 404.
func (s *Sandbox) own(w http.ResponseWriter, r *http.Request, c caller) (session.Session, bool) {
	found, ok := s.sessions.Get(r.PathValue("id"), s.config.Clock.Now())
	if !ok || !c.is(found.ProfileID) {
		answerError(w, http.StatusNotFound, "session not found")
		return session.Session{}, false
	}
	return found, true
}

// showSession is GET …/sessions/{id}.
func (s *Sandbox) showSession(w http.ResponseWriter, r *http.Request, c caller) {
	if found, ok := s.own(w, r, c); ok {
		answerJSON(w, http.StatusOK, found)
	}
}

// endSession is DELETE …/sessions/{id}. It closes the person's websockets when this was their
// last session.
func (s *Sandbox) endSession(w http.ResponseWriter, r *http.Request, c caller) {
	found, ok := s.own(w, r, c)
	if !ok {
		return
	}
	s.sessions.End(found.ID)
	if !s.sessions.Alive(found.ProfileID, s.config.Clock.Now()) {
		s.sockets.Drop(found.ProfileID)
	}
	w.WriteHeader(http.StatusNoContent)
}

// anonymousToken is GET …/sessions/tokens/anon?id=&nonce=.
func (s *Sandbox) anonymousToken(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	id, nonce := query.Get("id"), query.Get("nonce")
	var f failures
	f.add(nonce == "", "nonce", "is required")
	f.add(len(id) > session.MaxProfileID/2, "id", "is too long")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	token := s.sessions.Anonymous(cmp.Or(id, s.freshID()), nonce, s.config.Clock.Now())
	answerJSON(w, http.StatusOK, struct {
		Token string `json:"token"`
	}{token})
}

// registerPush is PUT …/sessions/{id}/push, and DELETE.
func (s *Sandbox) registerPush(w http.ResponseWriter, r *http.Request, c caller) {
	found, ok := s.own(w, r, c)
	if !ok {
		return
	}
	var push *session.Push
	if r.Method == http.MethodPut {
		push = &session.Push{}
		if !readJSON(w, r, push) {
			return
		}
		var f failures
		if checkPush(&f, "", *push); len(f) > 0 {
			answerInvalid(w, f)
			return
		}
	}
	s.sessions.Register(found.ID, push)
	s.tellDevices(found.ProfileID, found.Space)
	if push == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answerJSON(w, http.StatusOK, push)
}

func checkPush(f *failures, within string, p session.Push) {
	f.add((p.FCM == nil) == (p.APNS == nil), within+"fcm", "want one of fcm and apns")
	if p.FCM != nil {
		f.add(p.FCM.Package == "", within+"fcm.package", "is required")
		f.add(p.FCM.RegistrationID == "", within+"fcm.registrationId", "is required")
	}
	if a := p.APNS; a != nil {
		f.add(a.BundleID == "", within+"apns.bundleId", "is required")
		f.add(a.Token == "", within+"apns.token", "is required")
		f.add(a.Environment != "development" && a.Environment != "production", within+"apns.environment",
			"want development or production")
	}
}

// openSocket is GET …/socket?token=.
func (s *Sandbox) openSocket(w http.ResponseWriter, r *http.Request) {
	now := s.config.Clock.Now()
	found, ok := s.sessions.Find(r.URL.Query().Get("token"), now)
	if !ok || found.Space != r.PathValue("space") {
		answerError(w, http.StatusUnauthorized, "the token is missing or wrong, or its session has ended")
		return
	}
	hello := &frame{
		EventID: s.freshID(), AccountID: 1, Name: "socket.info", SocketID: s.freshID(),
		Context: frameContext{sessionActor(found.ProfileID)}, PublishedOn: at(now),
	}
	s.sockets.Serve(w, r, socket.Listener{Key: found.ProfileID, Label: found.Space}, hello.encoded(found.Space))
}
