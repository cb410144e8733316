package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// savedThread is a conversation in the file: one that the API has created or changed. All
// others follow from their messages.
type savedThread struct {
	ID string `json:"id"`
	document
	Team      string    `json:"team,omitempty"`
	Members   []member  `json:"members"`
	Scope     string    `json:"scope,omitempty"`
	Announced bool      `json:"announced,omitempty"`
	Revision  int       `json:"revision"`
	Events    int       `json:"events"`
	Created   stamp     `json:"created"`
	Updated   stamp     `json:"updated"`
	Deleted   time.Time `json:"deleted,omitzero"`
}

// savedPerson is a profile in the file.
type savedPerson struct {
	ID         string                     `json:"id"`
	Properties map[string]json.RawMessage `json:"properties"`
	Revision   int                        `json:"revision"`
	Created    stamp                      `json:"created"`
	Updated    stamp                      `json:"updated"`
	Deleted    time.Time                  `json:"deleted,omitzero"`
}

// unsaved are the conversations, profiles and templates that changed since they were saved, by ID.
// The sandbox's lock guards it.
type unsaved struct {
	threads map[string]bool
	people  map[string]bool

	templates map[string]bool
}

// takeApps takes the changes of everything beside messages; nil means gone. The caller holds
// the lock.
func (s *Sandbox) takeApps(c *changes) {
	c.threads, c.people = map[string]*savedThread{}, map[string]*savedPerson{}
	for id := range s.unsaved.threads {
		c.threads[id] = s.store.conversations[id].saved()
	}
	for id := range s.unsaved.people {
		c.people[id] = s.people[id].saved()
	}
	c.sessions, c.templates = s.sessions.Changes(), s.changedTemplates()
	clear(s.unsaved.threads)
	clear(s.unsaved.people)
}

// saved is a conversation as it is written; nil when there is none.
func (t *thread) saved() *savedThread {
	if t == nil {
		return nil
	}
	return &savedThread{
		ID: t.ID, document: t.document, Team: t.Team, Members: slices.Clone(t.members), Scope: t.scope, Announced: t.announced,
		Revision: t.revision, Events: t.events, Created: t.created, Updated: t.updated, Deleted: t.deleted,
	}
}

// saved is a profile as it is written; nil when there is none.
func (p *person) saved() *savedPerson {
	if p == nil {
		return nil
	}
	return &savedPerson{p.id, maps.Clone(p.properties), p.revision, p.created, p.updated, p.deleted}
}

// loadThread puts back a conversation, before its messages.
func (s *Sandbox) loadThread(x savedThread) {
	s.store.conversations[x.ID] = &thread{
		Conversation: Conversation{ID: x.ID, Team: x.Team, Updated: x.Updated.At}, document: x.document, members: x.Members,
		scope: x.Scope, announced: x.Announced, kept: true, revision: x.Revision, events: x.Events,
		created: x.Created, updated: x.Updated, deleted: x.Deleted,
	}
}

// loadPerson puts back a profile.
func (s *Sandbox) loadPerson(x savedPerson) {
	s.people[x.ID] = &person{x.ID, x.Properties, x.Revision, x.Created, x.Updated, x.Deleted}
}
