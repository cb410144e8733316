package console

import (
	"crypto/rand"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	keptLasts    = 10 * time.Minute // a form that was sent without a session, until somebody has logged in and confirmed it
	maxKeptForms = 1000             // forms; beyond them the oldest is dropped
	maxKeptBytes = 16 << 20         // of all of them, likewise
	maxKeptForm  = 64 << 10         // bytes of one; a larger one is not kept
)

// keptForm is what somebody filled in while they had no session.
type keptForm struct {
	name   string // random, so that nobody else finds it
	at     string // address of the action, to which it was sent
	fields url.Values
	bytes  int
	until  time.Time
}

// keptForms are those that wait for a login. They stay in memory and never stand in an address, which proxies log.
type keptForms struct {
	mu    sync.Mutex
	all   []*keptForm // oldest first
	bytes int
}

// keep keeps what somebody filled in, and returns its name; none, if it is too much.
func (k *keptForms) keep(at string, form url.Values) string {
	f := &keptForm{name: rand.Text(), at: at, fields: url.Values{}, until: time.Now().Add(keptLasts)}
	for name, values := range form {
		if name != formField && name != expectField {
			f.fields[name] = values
		}
	}
	if f.bytes = len(at) + len(f.fields.Encode()); len(f.fields) == 0 || f.bytes > maxKeptForm {
		return ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all, k.bytes = append(k.all, f), k.bytes+f.bytes
	k.drop(func(old *keptForm) bool {
		return len(k.all) > maxKeptForms || k.bytes > maxKeptBytes || time.Now().After(old.until)
	})
	return f.name
}

// drop drops the oldest forms as long as something is so, while the lock is held.
func (k *keptForms) drop(so func(*keptForm) bool) {
	for len(k.all) > 0 && so(k.all[0]) {
		k.bytes -= k.all[0].bytes
		k.all = k.all[1:]
	}
}

// has reports whether a form is still kept.
func (k *keptForms) has(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(func(old *keptForm) bool { return time.Now().After(old.until) })
	return slices.ContainsFunc(k.all, func(f *keptForm) bool { return f.name == name })
}

// take hands a form out, once; nil if it is not kept any more.
func (k *keptForms) take(name string) *keptForm {
	if !k.has(name) {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.all, func(f *keptForm) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	found := k.all[i]
	k.all, k.bytes = slices.Delete(k.all, i, i+1), k.bytes-found.bytes
	return found
}

// keptFor is what was filled in before the login, for the question of an action.
func (s *session) keptFor(at string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || s.kept.at != at || time.Now().After(s.kept.until) {
		return nil
	}
	return s.kept.fields
}

// forgetKept forgets it, once the form of the action was sent again.
func (s *session) forgetKept(at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != nil && s.kept.at == at {
		s.kept = nil
	}
}
