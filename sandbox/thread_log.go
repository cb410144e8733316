package sandbox

import (
	"strconv"
	"time"
)

// maxStatusUpdates is how many status updates of one message a conversation remembers besides its
// being sent; further ones are not remembered. The provider collapses none, so an app may send
// any number.
const maxStatusUpdates = 100

// logged is one event of a conversation. The conversation counts them from 0.
type logged struct {
	Event   int       `json:"event"`
	Status  string    `json:"status"` // sent, delivered or read
	Profile string    `json:"profile"`
	At      time.Time `json:"at"`
}

// note records an event of a message and returns its number. The caller holds the sandbox's
// lock.
func (t *thread) note(r *record, status, profile string, at time.Time) int {
	number := t.events
	t.events++
	if len(r.log) <= maxStatusUpdates {
		r.log = append(r.log, logged{number, status, profile, at})
	}
	return number
}

// topic is the topic of a logged event.
func (l logged) topic() topic {
	about, ok := topicOf("conversationMessage." + l.Status)
	if !ok {
		panic("sandbox: a conversation has no events named " + l.Status)
	}
	return about
}

// eventID is the ID of an event by its number: the same whenever it is shown.
func (t *thread) eventID(number int) string {
	return guidOf(t.ID + "#" + strconv.Itoa(number))
}

// say puts a message into its conversation. The caller holds the lock.
func (s *Sandbox) say(r *record) {
	s.announceThread(r)
	t := r.thread
	t.said = append(t.said, r)
	e := t.sent(r, t.note(r, "sent", r.author(), r.At))
	s.post(e, r.fault)
	s.broadcast(t, t.frame(e))
}

// sent is the event that a message was said.
func (t *thread) sent(r *record, number int) *event {
	return &event{
		topic: conversationMessageSent, of: r, revision: number, text: r.Text, request: r.Request, at: r.At,
		scope: t.scope,
	}
}

// see records in the conversation that somebody's app got or showed a message, at an instant
// of the app's clock. It ignores other statuses. The caller holds the lock.
func (s *Sandbox) see(r *record, status, by string, at, on time.Time) {
	about, ok := topicOf("conversationMessage." + status)
	if !ok || about == conversationMessageSent {
		return
	}
	t := r.thread
	e := &event{topic: about, of: r, revision: t.note(r, status, by, on), by: by, at: at, on: on, scope: t.scope}
	s.post(e, r.fault)
	s.broadcast(t, t.frame(e))
}

// author is the profile ID of the message's author.
func (r *record) author() string {
	if r.Inbound {
		return r.Profile
	}
	return r.sender
}

// actor is the message's author, as the provider writes it.
func (r *record) actor() string {
	if r.Inbound {
		return sessionActor(r.Profile)
	}
	return apiActor
}

// sessionActor is an app's user, as the provider writes it.
func sessionActor(profile string) string { return "session:" + profile }
