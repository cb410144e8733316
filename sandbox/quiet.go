package sandbox

import "time"

// Next returns when somebody acts next by their script, or a webhook is tried again, and whether
// anything is planned.
func (s *Sandbox) Next() (at time.Time, ok bool) {
	a := s.agenda
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) == 0 {
		return time.Time{}, false
	}
	return a.entries[0].due, true
}

// Quiet reports whether nothing is under way: nobody is to act now, and every webhook that is due
// has been answered.
func (s *Sandbox) Quiet() bool {
	s.agenda.mu.Lock()
	busy := s.agenda.running || len(s.agenda.entries) > 0 && !s.agenda.entries[0].due.After(s.config.Clock.Now())
	s.agenda.mu.Unlock()
	if busy {
		return false
	}
	s.mu.Lock()
	all := append([]*hook{s.hooks.main}, s.hooks.registered...)
	s.mu.Unlock()
	for _, h := range all {
		if !h.outbox.atRest() {
			return false
		}
	}
	return true
}

// atRest reports that nothing is due and nothing on its way.
func (o *outbox) atRest() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.resting() || o.closed
}

// MessagesOf are the messages kept of one person, oldest first, those they wrote included.
func (s *Sandbox) MessagesOf(profile string) []Message {
	return s.messages(func(r *record) bool { return r.Profile == profile })
}
