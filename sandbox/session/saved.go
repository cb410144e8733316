package session

import (
	"cmp"
	"slices"
	"time"
)

// Saved is a session as it is kept over a restart.
type Saved struct {
	Session Session   `json:"session"`
	Space   string    `json:"space"`
	Token   string    `json:"token"`
	Push    *Push     `json:"push,omitempty"`
	Expires time.Time `json:"expires"`
	Order   uint64    `json:"order"`
}

// Track starts to record changes for [Sessions.Changes].
func (d *Sessions) Track() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = map[string]bool{}
}

// touch notes that a session has changed. The caller holds the lock.
func (d *Sessions) touch(id string) {
	if d.changed != nil {
		d.changed[id] = true
	}
}

// Changes returns the sessions that changed since the last call, by ID; nil means ended.
func (d *Sessions) Changes() map[string]*Saved {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string]*Saved{}
	for id := range d.changed {
		all[id] = nil
		if s := d.sessions[id]; s != nil {
			all[id] = &Saved{*s, s.Space, s.Token, s.Push, s.expires, s.order}
		}
	}
	clear(d.changed)
	return all
}

// Restore adds sessions from before a restart. Their tokens are valid again. It drops
// sessions that have expired.
func (d *Sessions) Restore(all []Saved, now time.Time) {
	slices.SortFunc(all, func(a, b Saved) int { return cmp.Compare(a.Order, b.Order) })
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range all {
		if !now.Before(x.Expires) {
			d.touch(x.Session.ID)
			continue
		}
		s := x.Session
		s.Space, s.Token, s.Push, s.expires = x.Space, x.Token, x.Push, x.Expires
		d.add(&s)
	}
}

// add adds a session behind all others. The caller holds the lock.
func (d *Sessions) add(s *Session) {
	d.last++
	s.order = d.last
	d.sessions[s.ID], d.byToken[s.Token] = s, s
	d.alive[s.ProfileID]++
	d.touch(s.ID)
}
