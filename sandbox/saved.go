package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"nudge/sandbox/people"
	"nudge/sandbox/session"
)

// savedMessage is a message in the file.
type savedMessage struct {
	Message
	Space    string        `json:"space,omitempty"`
	Sender   string        `json:"sender,omitempty"`
	Assigned bool          `json:"assigned,omitempty"`
	Late     bool          `json:"late,omitempty"`
	Dead     bool          `json:"dead,omitempty"`
	Script   people.Script `json:"script,omitempty"`
	Acted    int           `json:"acted,omitempty"`
	Revision int           `json:"revision,omitempty"`
	Events   int           `json:"events,omitempty"` // that its conversation has had

	Posted  bool     `json:"posted,omitempty"`
	Alerted []string `json:"alerted,omitempty"`
	Log     []logged `json:"log,omitempty"`
}

// savedWebhook is a webhook in the file.
type savedWebhook struct {
	Webhook
	Space    string    `json:"space,omitempty"`
	Revision int       `json:"revision"`
	Updated  time.Time `json:"updated"`
}

// changes are the changes to write.
type changes struct {
	messages  map[uint64]*savedMessage  // by number; nil: it is gone
	oldest    uint64                    // messages before it are gone
	threads   map[string]*savedThread   // by ID; nil: it is gone
	people    map[string]*savedPerson   // by ID; nil: it is gone
	templates map[string]*template      // by ID; nil: it is gone
	sessions  map[string]*session.Saved // by ID; nil: it has ended
	webhooks  []savedWebhook            // all of them; nil: they are as they were
}

// changeSet is changes that add up.
type changeSet struct{ changes }

func (c *changeSet) add(more changes) {
	if c.messages == nil {
		c.messages = map[uint64]*savedMessage{}
		c.threads, c.people = map[string]*savedThread{}, map[string]*savedPerson{}
		c.sessions, c.templates = map[string]*session.Saved{}, map[string]*template{}
	}
	maps.Copy(c.messages, more.messages)
	maps.Copy(c.threads, more.threads)
	maps.Copy(c.people, more.people)
	maps.Copy(c.sessions, more.sessions)
	maps.Copy(c.templates, more.templates)
	if more.oldest > c.oldest {
		c.oldest = more.oldest
		maps.DeleteFunc(c.messages, func(number uint64, _ *savedMessage) bool { return number < c.oldest })
	}
	if more.webhooks != nil {
		c.webhooks = more.webhooks
	}
}

func (c *changeSet) empty() bool {
	return len(c.messages)+len(c.threads)+len(c.people)+len(c.sessions)+len(c.templates) == 0 && c.webhooks == nil
}

// savedAtOnce is how many messages are copied under one hold of the lock.
const savedAtOnce = 1000

// changes takes the changes since the last call.
func (s *Sandbox) changes() changes {
	c := changes{messages: map[uint64]*savedMessage{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	dirty := slices.Sorted(maps.Keys(s.store.dirty))
	for i, number := range dirty {
		if i%savedAtOnce == savedAtOnce-1 { // let requests pass
			s.mu.Unlock()
			s.mu.Lock()
		}
		if r, ok := s.store.dirty[number]; ok {
			c.messages[number] = r.saved()
			delete(s.store.dirty, number)
		}
	}
	c.oldest = s.store.number + 1
	if kept := s.store.all(); len(kept) > 0 {
		c.oldest = kept[0].number
	}
	s.takeApps(&c)
	if s.hooks.revision != s.savedHooks {
		s.savedHooks, c.webhooks = s.hooks.revision, s.hooks.saved()
	}
	return c
}

// saved is a record as it is written; nil when there is none. The caller holds the lock.
func (r *record) saved() *savedMessage {
	if r == nil {
		return nil
	}
	return &savedMessage{
		Message: r.Message, Space: r.space, Sender: r.sender, Assigned: r.assigned, Late: r.late, Dead: r.dead,
		Script: r.script, Acted: r.acted, Revision: r.revision, Events: r.thread.events,
		Posted: r.posted, Alerted: r.alerted, Log: slices.Clone(r.log),
	}
}

func (h *hooks) saved() []savedWebhook {
	all := []savedWebhook{}
	for _, x := range h.registered {
		if x.deleted.IsZero() {
			all = append(all, savedWebhook{x.Webhook, x.space, x.revision, x.updated})
		}
	}
	return all
}

// load restores everything from the file and plans the acts that people had not done yet.
// Nobody else uses the sandbox yet.
func (s *Sandbox) load() error {
	var sessions []session.Saved
	err := s.archive.readApps(s.loadThread, s.loadPerson, s.loadTemplate, func(x session.Saved) { sessions = append(sessions, x) })
	if err != nil {
		return err
	}
	s.sessions.Track()
	s.sessions.Restore(sessions, s.config.Clock.Now())
	err = s.archive.read(s.loadMessage, func(w savedWebhook) {
		w.revision, w.updated = w.Revision, w.Updated
		s.hooks.registered = append(s.hooks.registered, s.newHook(w.Space, w.Webhook))
	})
	if err != nil {
		return err
	}
	slices.SortFunc(s.hooks.registered, func(a, b *hook) int {
		return cmp.Or(a.updated.Compare(b.updated), cmp.Compare(a.ID, b.ID))
	})
	s.hooks.changed()
	s.savedHooks = s.hooks.revision
	clear(s.store.dirty)
	for _, t := range s.store.conversations {
		slices.SortFunc(t.said, func(a, b *record) int { return a.log[0].Event - b.log[0].Event })
	}
	for _, r := range s.store.all() {
		if !r.Inbound && !r.dead && !r.late {
			s.plan(r)
		}
	}
	return nil
}

func (s *Sandbox) loadMessage(number uint64, m savedMessage) {
	r := &record{
		Message: m.Message, space: m.Space, sender: m.Sender, assigned: m.Assigned, late: m.Late, dead: m.Dead,
		script: m.Script, acted: min(m.Acted, len(m.Script)), revision: m.Revision, number: number,
		posted: m.Posted, alerted: m.Alerted, log: m.Log,
	}
	s.store.number = number
	s.store.add(r)
	r.thread.events = max(r.thread.events, m.Events)
	if (r.Inbound || r.revision > 0 && !r.late) && !r.thread.kept {
		r.thread.announced = true
		r.thread.join(r.sender)
		r.thread.join(r.Profile)
	}
	if len(r.log) > 0 {
		r.thread.said = append(r.thread.said, r)
	}
	s.store.trim()
}
