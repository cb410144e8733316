package sandbox

import (
	"slices"
	"strings"
	"time"
)

// Conversation is a summary of the messages kept of one conversation.
type Conversation struct {
	ID           string    `json:"conversationId"`
	Team         string    `json:"team,omitempty"`         // whose chat it is, when it has the form of one
	Profile      string    `json:"profileId"`              // the person of its newest message
	Participants []string  `json:"participants,omitempty"` // profile IDs; the first began it
	Messages     int       `json:"messages"`               // that are kept
	Last         string    `json:"last"`                   // text of the newest message
	Updated      time.Time `json:"updated"`
}

// maxParticipants is how many participants a conversation may have; one more is answered 400.
const maxParticipants = 100

// thread is a conversation as the service keeps it. Its first message creates it, and it goes
// with the last kept one. One that the API created stays until it is deleted. Its ID never
// changes. members is current; Participants of the summary is not kept up.
type thread struct {
	Conversation
	document
	members   []member  // the first began it
	said      []*record // its messages, in the order in which they were said
	events    int       // how many it has had, which is the number of the next
	announced bool      // conversation.create was posted
	kept      bool      // the API has made or changed it, so that it stays without messages
	scope     string    // a2p or p2p; empty: a2p
	revision  int       // of the document
	created   stamp
	updated   stamp
	deleted   time.Time // zero: it is there
}

// document is the part of a conversation that the API can change.
type document struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Roles       roles  `json:"roles"`
	IsPublic    bool   `json:"isPublic"`
}

// stamp is the actor and time of a change.
type stamp struct {
	At time.Time
	By string
}

// newThread is the conversation of a message that is the first of it.
func newThread(r *record) *thread {
	t := &thread{Conversation: Conversation{ID: r.Conversation, Team: teamOf(r)}}
	t.Name = t.ID
	if t.Team != "" {
		t.Name = t.Team
	}
	t.Roles = roles{rights{true, true, true}, rights{true, false, false}}
	t.created = stamp{r.At, r.actor()}
	t.updated = t.created
	return t
}

// teamOf is the name of the team whose chat a message belongs to, empty for none. In a chat
// the sender is TEAM\{team} and the conversation {team}_{profile}, with _ for spaces. The
// vendor's page shows the prefix in two cases, so case is ignored.
func teamOf(r *record) string {
	prefix, team, ok := strings.Cut(r.sender, `\`)
	if !ok || team == "" || !strings.EqualFold(prefix, "TEAM") {
		return ""
	}
	joined := strings.ReplaceAll(team+"_"+r.Profile, " ", "_")
	if strings.ReplaceAll(r.Conversation, " ", "_") != joined {
		return ""
	}
	if r.From != r.sender {
		return r.From
	}
	return strings.ReplaceAll(team, "_", " ")
}

// tell makes r the newest message of the summary.
func (t *thread) tell(r *record) { t.Profile, t.Last, t.Updated = r.Profile, r.Text, r.At }

// tag is the entity tag of the document.
func (t *thread) tag() string { return etag(t.revision, guidOf(t.ID)) }

// member finds a participant; nil when it is none.
func (t *thread) member(profile string) *member {
	i := slices.IndexFunc(t.members, func(m member) bool { return m.ProfileID == profile })
	if i < 0 {
		return nil
	}
	return &t.members[i]
}

// others are the participants except one.
func (t *thread) others(profile string) []string {
	var ids []string
	for _, m := range t.members {
		if m.ProfileID != profile {
			ids = append(ids, m.ProfileID)
		}
	}
	return ids
}

// join makes somebody a participant, and reports whether they were none.
func (t *thread) join(profile string) bool {
	if profile == "" || t.member(profile) != nil || len(t.members) >= maxParticipants {
		return false
	}
	role := roleParticipant
	if len(t.members) == 0 {
		role = roleOwner
	}
	t.members = append(t.members, member{profile, role})
	return true
}

// summary is the conversation for the local view.
func (t *thread) summary() Conversation {
	c := t.Conversation
	for _, m := range t.members {
		c.Participants = append(c.Participants, m.ProfileID)
	}
	return c
}

// announceThread sends the events of a new conversation, of one that comes back, and of new
// participants. The caller holds the lock.
func (s *Sandbox) announceThread(r *record) {
	t := r.thread
	if !t.announced {
		t.announced = true
		t.join(r.sender)
		t.join(r.Profile)
		if o := overridesOf(r.Request); o != nil && !r.Inbound {
			t.override(o)
		}
		s.spread(t, &event{topic: conversationCreate, of: r, at: r.At}, r.fault)
		s.announceMembers(t, &event{of: r, at: r.At}, r.fault)
		return
	}
	if !t.deleted.IsZero() {
		t.deleted = time.Time{}
		s.spread(t, &event{topic: conversationUndelete, of: r, at: r.At}, r.fault)
	}
	for _, id := range []string{r.sender, r.Profile} {
		if t.join(id) {
			s.spread(t, &event{topic: participantAdded, of: r, payload: joined{*t.member(id), t.ID}, at: r.At}, r.fault)
		}
	}
}

// announceMembers sends participantAdded for everybody in a conversation that was just
// created. e has the rest of the event. The caller holds the lock.
func (s *Sandbox) announceMembers(t *thread, e *event, f Fault) {
	for _, m := range t.members {
		joins := *e
		joins.topic, joins.payload = participantAdded, joined{m, t.ID}
		s.spread(t, &joins, f)
	}
}

// spread posts an event of a conversation to the webhooks and to the apps of its participants.
// The caller holds the lock.
func (s *Sandbox) spread(t *thread, e *event, f Fault) {
	if e.payload == nil {
		e.payload = t.shape()
	}
	if !e.topic.ofParticipant() && e.topic != conversationDelete {
		e.revision, e.tag = t.revision, t.tag()
	}
	if t.kept {
		s.unsaved.threads[t.ID] = true
	}
	s.post(e, f)
	s.broadcast(t, t.frame(e))
}

// shape is the conversation as its events show it.
func (t *thread) shape() *createdConversation {
	return &createdConversation{ID: t.ID, document: t.document, Participants: slices.Clone(t.members)}
}
