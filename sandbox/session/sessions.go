package session

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Limits of [Sessions].
const (
	maxChallenges = 10_000 // challenges that are not answered yet; the oldest gives way
	maxSessions   = 10_000 // sessions that are alive; one more is refused
	MaxProfileID  = 1024   // bytes of a profile ID; a longer one is answered 400
)

const (
	challengeLifetime = 5 * time.Minute // how long a challenge can be answered; then the app must ask for another
	Lifetime          = 24 * time.Hour  // how long a session lasts; then the app must start another
)

// Errors of Create.
var (
	ErrNoChallenge = errors.New("unknown authenticationId: it expired or was already used")
	ErrFull        = fmt.Errorf("there are %d sessions, which is the limit", maxSessions)
)

// tokenError reports a JWT that does not prove an identity.
type tokenError struct{ Err error }

// Error names the mistake in the token.
func (e *tokenError) Error() string { return "the authenticationToken is not valid: " + e.Err.Error() }

// Unwrap returns the mistake.
func (e *tokenError) Unwrap() error { return e.Err }

// Sessions keeps the sessions. It is safe for concurrent use. Callers pass all instants.
type Sessions struct {
	auth Auth
	key  string // signs the tokens of sessions

	mu         sync.Mutex // guards the rest
	challenges map[string]Challenge
	asked      []string // IDs of challenges, oldest first, those answered included
	sessions   map[string]*Session
	byToken    map[string]*Session
	alive      map[string]int  // sessions by profile
	last       uint64          // order of the newest session
	changed    map[string]bool // IDs, see Changes; nil: nobody asks
}

// New returns an empty set of sessions that asks for JWTs as auth says.
func New(auth Auth) *Sessions {
	return &Sessions{
		auth: auth.Complete(), key: rand.Text(), challenges: map[string]Challenge{},
		sessions: map[string]*Session{}, byToken: map[string]*Session{}, alive: map[string]int{},
	}
}

// Start makes a challenge.
func (d *Sessions) Start(id string, now time.Time) Challenge {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := now.Add(challengeLifetime)
	c := Challenge{id, provider, rand.Text(), written(end), end}
	d.challenges[id] = c
	if d.asked = append(d.asked, id); len(d.asked) > maxChallenges {
		delete(d.challenges, d.asked[0])
		d.asked = slices.Delete(d.asked, 0, 1)
	}
	return c
}

// Create starts a session for the answer to a challenge. Its errors are ErrNoChallenge,
// ErrFull and *TokenError; after each, the challenge is gone.
func (d *Sessions) Create(id, space, authentication, token, ip string, device Device, now time.Time) (Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire(now)
	c, ok := d.challenges[authentication]
	delete(d.challenges, authentication)
	if !ok || !now.Before(c.expires) {
		return Session{}, ErrNoChallenge
	}
	profile, err := d.auth.profile(token, c.Nonce, now)
	if err != nil {
		return Session{}, &tokenError{err}
	}
	if len(d.sessions) >= maxSessions {
		return Session{}, ErrFull
	}
	end := now.Add(Lifetime)
	s := &Session{
		ID: id, Nonce: c.Nonce, Provider: provider, ExpiresOn: written(end), IsActive: true,
		State: "SessionStarted", DeviceID: device.DeviceID, Platform: device.Platform,
		PlatformVersion: device.PlatformVersion, SDKType: device.SDKType, SDKVersion: device.SDKVersion,
		SourceIP: ip, StartedOn: written(now), ProfileID: profile, Space: space, expires: end,
	}
	// The JavaScript SDK decodes the payload with atob, which knows no base64url: what
	// stands here must not need its two characters, so a profile ID does not.
	s.Token = Sign(map[string]any{
		"sessionId": id, "apiSpaceId": space, "accountId": 1, "iat": now.Unix(), "exp": end.Unix(),
	}, d.key)
	d.add(s)
	return *s, nil
}

// expire ends the sessions whose time is over. The caller holds the lock.
func (d *Sessions) expire(now time.Time) {
	for _, s := range d.sessions {
		if !now.Before(s.expires) {
			d.end(s)
		}
	}
}

// end forgets a session. The caller holds the lock.
func (d *Sessions) end(s *Session) {
	d.touch(s.ID)
	delete(d.sessions, s.ID)
	delete(d.byToken, s.Token)
	if d.alive[s.ProfileID]--; d.alive[s.ProfileID] == 0 {
		delete(d.alive, s.ProfileID)
	}
}

// Find is the session of a token that is alive.
func (d *Sessions) Find(token string, now time.Time) (Session, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return found(d.byToken[token], now)
}

// Get is the session of an ID that is alive.
func (d *Sessions) Get(id string, now time.Time) (Session, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return found(d.sessions[id], now)
}

func found(s *Session, now time.Time) (Session, bool) {
	if s == nil || !now.Before(s.expires) {
		return Session{}, false
	}
	return *s, true
}

// End ends a session; false when there is none.
func (d *Sessions) End(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[id]
	if s != nil {
		d.end(s)
	}
	return s != nil
}

// Register keeps where the device of a session gets its pushes, nil for nowhere; false
// when session not found.
func (d *Sessions) Register(id string, push *Push) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[id]
	if s != nil {
		s.Push = push
		d.touch(id)
	}
	return s != nil
}

// Alive reports whether somebody has a session.
func (d *Sessions) Alive(profile string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.alive[profile] > 0 {
		d.expire(now)
	}
	return d.alive[profile] > 0
}

// Of returns the sessions of a person in the order in which they began.
func (d *Sessions) Of(profile string, now time.Time) []Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := []Session{}
	for _, s := range d.sessions {
		if s.ProfileID == profile && now.Before(s.expires) {
			all = append(all, *s)
		}
	}
	slices.SortFunc(all, func(a, b Session) int { return cmp.Compare(a.order, b.order) })
	return all
}

// Anonymous is a JWT for somebody without a name, whose profile ID is anon_ and id.
func (d *Sessions) Anonymous(id, nonce string, now time.Time) string {
	return Sign(map[string]any{
		"iss": d.auth.Issuer, "aud": d.auth.Audience, d.auth.IDClaim: "anon_" + id, "nonce": nonce,
		"iat": now.Unix(), "exp": now.Add(Lifetime).Unix(),
	}, d.auth.Secret)
}
