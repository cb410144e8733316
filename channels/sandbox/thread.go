package sandbox

import (
	"slices"
	"time"
)

// Conversation is a summary of the messages kept of one conversation.
type Conversation struct {
	ID           string    `json:"conversationId"`
	Profile      string    `json:"profileId"`              // the person of its newest message
	Participants []string  `json:"participants,omitempty"` // profile IDs; the first began it
	Messages     int       `json:"messages"`               // that are kept
	Last         string    `json:"last"`                   // text of the newest message
	Updated      time.Time `json:"updated"`
}

// MaxParticipants is how many participants of a conversation are known by name.
const MaxParticipants = 100

// thread is a conversation as the service keeps it: made by its first message, gone
// with the last one that is kept. Its ID never changes.
type thread struct {
	Conversation
	events    int  // how many it has had, which is the number of the next
	announced bool // conversation.create was posted
}

// tell makes a message the newest one.
func (t *thread) tell(r *record) { t.Profile, t.Last, t.Updated = r.Profile, r.Text, r.At }

// nextEvent is the number of the next event. The caller holds the sandbox's lock.
func (t *thread) nextEvent() int {
	t.events++
	return t.events - 1
}

// join makes somebody a participant, and reports whether they were none.
func (t *thread) join(profile string) bool {
	if profile == "" || slices.Contains(t.Participants, profile) || len(t.Participants) >= MaxParticipants {
		return false
	}
	t.Participants = append(t.Participants, profile)
	return true
}

// announceThread tells of a new conversation, and of who joined an old one. The
// caller holds the lock.
func (s *Sandbox) announceThread(r *record) {
	t := r.thread
	if t.announced {
		for _, id := range []string{r.sender, r.Profile} {
			if t.join(id) {
				s.post(&event{topic: participantAdded, of: r, thread: t, members: []string{id}, at: r.At}, r.fault)
			}
		}
		return
	}
	t.announced = true
	t.join(r.sender)
	t.join(r.Profile)
	s.post(&event{topic: conversationCreate, of: r, thread: t, members: slices.Clone(t.Participants), at: r.At}, r.fault)
}

// say puts a message into its conversation. The caller holds the lock.
func (s *Sandbox) say(r *record) {
	s.announceThread(r)
	s.post(&event{
		topic: conversationMessageSent, of: r, revision: r.thread.nextEvent(), text: r.Text, request: r.Request, at: r.At,
	}, r.fault)
}

// see tells a conversation that a message was delivered or read; other statuses are
// none of its business. The caller holds the lock.
func (s *Sandbox) see(r *record, status string, at time.Time) {
	about, ok := topicOf("conversationMessage." + status)
	if !ok || about == conversationMessageSent {
		return
	}
	s.post(&event{topic: about, of: r, revision: r.thread.nextEvent(), at: at}, r.fault)
}
