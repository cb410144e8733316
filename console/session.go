package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	cookieName   = "nudge_console"
	sessionLasts = 12 * time.Hour // from the login; then the visitor logs in again
	maxSessions  = 10_000         // beyond them the oldest one ends
	maxWrong     = 5              // wrong tokens a minute from one address; then it must wait
	maxAddresses = 10_000         // that are watched for wrong tokens; beyond them all must wait
	maxOutcomes  = 100            // of forms that a session remembers; an older form would act again
)

// sessions are kept in memory: a restart ends them all.
type sessions struct {
	mu     sync.Mutex
	all    map[[sha256.Size]byte]*session // by the hash of the cookie
	order  [][sha256.Size]byte            // oldest first
	wrong  map[netip.Addr]int             // wrong tokens in this minute
	minute time.Time
	kept   keptForms
	local  *session // of this machine, where no token is needed
}

func newSessions() *sessions {
	return &sessions{all: map[[sha256.Size]byte]*session{}, wrong: map[netip.Addr]int{}, local: newSession("", time.Time{})}
}

// session is somebody who has logged in.
type session struct {
	token string // of the API
	begun time.Time
	key   []byte // of the hash by which the server knows its own forms

	mu       sync.Mutex
	flash    *Flash
	whom     string               // to whom "Send one to me" sent last
	outcomes map[string]*outcome  // of forms that were sent, by their token
	order    []string             // of the tokens, oldest first
	kept     *keptForm            // that was sent before the login; nil: none
	revealed map[string]time.Time // people whose private values it may see, and until when
}

// outcome is what a form led to. Its lock is held while it acts, so that the same form waits for it.
type outcome struct {
	sync.Mutex
	done *done
	sent string // the fields of the form with which it was done
}

func newSession(token string, begun time.Time) *session {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return &session{token: token, begun: begun, key: key, outcomes: map[string]*outcome{}, revealed: map[string]time.Time{}}
}

// of returns the session of a request, or nil.
func (s *sessions) of(r *http.Request) *session {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	id := sha256.Sum256([]byte(cookie.Value))
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.all[id]
	if found != nil && time.Since(found.begun) > sessionLasts {
		s.remove(id)
		return nil
	}
	return found
}

// begin makes a session, with a form that was kept through the login if there is one, and returns the value of its cookie.
func (s *sessions) begin(token string, kept *keptForm) string {
	value := rand.Text()
	id := sha256.Sum256([]byte(value))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) >= maxSessions {
		s.remove(s.order[0])
	}
	begun := newSession(token, time.Now())
	begun.kept = kept
	s.all[id] = begun
	s.order = append(s.order, id)
	return value
}

// remove forgets a session, while the lock is held: who logs in and out takes nobody's place.
func (s *sessions) remove(id [sha256.Size]byte) {
	delete(s.all, id)
	s.order = slices.DeleteFunc(s.order, func(o [sha256.Size]byte) bool { return o == id })
}

// end ends a session, if there is one.
func (s *sessions) end(ended *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, other := range s.all {
		if other == ended {
			s.remove(id)
		}
	}
}

// mayTry reports whether an address may try another token. It counts as a wrong one until it is known to be right, so that
// many tries at once are no more tries.
func (s *sessions) mayTry(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.minute) >= time.Minute {
		s.minute = time.Now()
		clear(s.wrong)
	}
	if s.wrong[from] >= maxWrong || len(s.wrong) >= maxAddresses {
		return false
	}
	s.wrong[from]++
	return true
}

// wasRight takes a token back that was counted as a wrong one.
func (s *sessions) wasRight(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong[from]--; s.wrong[from] <= 0 { // a minute has begun since, or it was the only one
		delete(s.wrong, from)
	}
}

// Form returns a token for a form. It is good for one action: sent twice, it is answered as it was.
func (v *visit) Form() string {
	nonce := rand.Text()
	return nonce + "." + v.session.sign(nonce)
}

// FormFor returns the token for the form of an action. After an error that does not say whether it was done it is the one that was sent,
// so that the action happens once, however often it is confirmed.
func (v *visit) FormFor(path string) string {
	if v.unsure.path == path && path != "" {
		return v.unsure.form
	}
	return v.Form()
}

// unsure is a form of which nobody knows whether its action was done.
type unsure struct{ path, form string }

func (s *session) sign(nonce string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(nonce))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// knows returns the nonce of a form that this session was shown.
func (s *session) knows(token string) (nonce string, ok bool) {
	nonce, sign, _ := strings.Cut(token, ".")
	return nonce, hmac.Equal([]byte(sign), []byte(s.sign(nonce)))
}

// outcomeOf returns what a form led to, or is to lead to.
func (s *session) outcomeOf(nonce string) *outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.outcomes[nonce]
	if o == nil {
		if len(s.order) == maxOutcomes {
			delete(s.outcomes, s.order[0])
			s.order = s.order[1:]
		}
		o = &outcome{}
		s.outcomes[nonce], s.order = o, append(s.order, nonce)
	}
	return o
}

// say keeps what an action led to for the next page.
func (s *session) say(f *Flash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flash = f
}

func (s *session) takeFlash() *Flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.flash
	s.flash = nil
	return f
}

// me is the person to whom the visitor sends what they want to see themselves; empty until they said it once.
func (s *session) me() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whom
}

func (s *session) iAm(profile string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whom = profile
}

// addressOf is where a request comes from; the zero address, where that cannot be told.
func addressOf(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return from.Addr().Unmap()
}

// setCookie sets a cookie of the console. It is never sent to the API, nor from other sites, nor over an
// open network.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	loopback := host == "localhost" || err == nil && addr.IsLoopback()
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: strings.TrimSuffix(Root, "/"), MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: !loopback, SameSite: http.SameSiteStrictMode,
	})
}
