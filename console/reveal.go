package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"nudge/client"
)

const (
	revealLasts = 10 * time.Minute // from a reveal on, what is private of the person is shown to the session
	maxRevealed = 100              // people whose private values a session may see at once; beyond them the first is masked again
)

// reveal lets a session see what is private of a person.
func (s *session) reveal(profile string, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := profile
	for other, ends := range s.revealed {
		if other != profile && (first == profile || ends.Before(s.revealed[first])) {
			first = other
		}
	}
	if _, again := s.revealed[profile]; !again && len(s.revealed) == maxRevealed {
		delete(s.revealed, first)
	}
	s.revealed[profile] = until
}

// sees says how long a session still sees what is private of a person.
func (s *session) sees(profile string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := time.Until(s.revealed[profile])
	if left <= 0 {
		delete(s.revealed, profile)
		return 0
	}
	return left
}

// unmasked is a client of the API whose answers have what is private.
func (v *visit) unmasked() *client.Client {
	return v.console.newClient(v.r, client.Config{Token: v.session.token})
}

// reveals lets the rest of a page, which must be about one person, show what is private of them, and reports whether this session may
// see it now.
func (v *visit) reveals(profile string) bool {
	if v.session.sees(profile) == 0 || !v.May("operate") {
		return false
	}
	v.api = v.unmasked()
	return true
}

// private is what a page says of the private values of a person.
type private struct {
	Person string
	Hidden bool   // there are some, and this visitor may see them on demand
	Left   string // how long they are shown; empty: they are not
	Path   string // of the page, to which the visitor comes back
}

// privateOf says what a page says of private values that it shows or hides.
func (v *visit) privateOf(profile string, page any) private {
	p := private{Person: profile, Path: v.Path()}
	if profile == "" || !v.May("operate") {
		return p
	}
	if left := v.session.sees(profile); left > 0 {
		p.Left = v.Many(uint64((left+time.Minute-1)/time.Minute), "minute", "minutes")
		return p
	}
	raw, err := json.Marshal(page)
	p.Hidden = err != nil || bytes.Contains(raw, []byte(masked)) // what cannot be looked through is offered
	return p
}

func askReveal(v *visit) (*question, error) {
	id, next := v.whom(), v.revealNext()
	return &question{
		Title: "Show what is private of " + id + "?", Touches: fmt.Sprintf("You see what is private of %s for %d minutes: what is known of them, their runs and their events. Nobody else does.", id, int(revealLasts.Minutes())),
		Stays: "Nobody is touched.", Undo: "The audit trail says that you looked, why, and at which fields. It does not have the values.",
		Button: "Show", Reason: mayReason, Fields: []field{{"next", next}}, Back: next,
	}, nil
}

// revealNext is the page on which private values are to be shown.
func (v *visit) revealNext() string {
	if next := v.asked("next"); next != "" {
		return nextOf(next)
	}
	return personPath(v.whom())
}

func revealPerson(v *visit) (*done, error) {
	id := v.whom()
	if _, err := v.api.RevealProfile(v.ctx(), id, v.posted(reasonField)); err != nil {
		return nil, err
	}
	v.session.reveal(id, time.Now().Add(revealLasts))
	return &done{To: v.revealNext(), Said: "What is private of " + id + " is shown to you."}, nil
}

// isMasked reports whether a value, or something in it, is masked.
func isMasked(raw json.RawMessage) bool { return bytes.Contains(raw, []byte(masked)) }
