package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"nudge/sandbox/people"
)

// Reasons of a failure without one in the script, and of a message without a channel.
const (
	scriptedFailure = "the person cannot be reached"
	noChannel       = "no channel of the rules is supported; the sandbox has appMessaging only"
)

// begin announces a message as sent and plans the acts of its person.
func (s *Sandbox) begin(r *record) {
	s.mu.Lock()
	switch {
	case r.gone:
	case r.late:
		s.note(r, "expired", "", r.At, r.At)
	default:
		s.announce(r)
	}
	over := r.gone || r.late
	s.mu.Unlock()
	if !over {
		s.plan(r)
	}
}

// plan puts the acts that a person has not done yet on the agenda.
func (s *Sandbox) plan(r *record) {
	for _, act := range r.script[r.acted:] {
		s.planned.Add(1)
		if !s.agenda.at(r.At.Add(act.After), func() { s.perform(r, act) }) {
			s.planned.Add(-1)
		}
	}
}

// announce makes message.sent the first event of a message, also when somebody
// acts by hand before its send was answered. The caller holds the lock.
func (s *Sandbox) announce(r *record) {
	if r.revision == 0 {
		s.say(r)
		s.note(r, "sent", "", r.At, r.At)
	}
}

// perform does one act of a script.
func (s *Sandbox) perform(r *record, act people.Act) {
	defer s.planned.Add(-1)
	now := s.config.Clock.Now()
	s.mu.Lock()
	r.acted++
	s.store.touch(r)
	s.mu.Unlock()
	if s.sessions.Alive(r.Profile, now) {
		return // somebody with an app acts by hand
	}
	switch act.Does {
	case people.Delivers:
		s.report(r, "delivered", "", now)
	case people.Reads:
		s.report(r, "read", "", now)
	case people.Fails:
		s.report(r, "failed", cmp.Or(act.Text, scriptedFailure), now)
	case people.Expires:
		s.report(r, "expired", "", now)
	case people.Replies:
		s.answer(r, act.Text, now)
	}
}

// report gives a message a status and sends the webhook about it.
func (s *Sandbox) report(r *record, status, reason string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.gone || r.late {
		return
	}
	s.announce(r)
	s.note(r, status, reason, at, at)
}

// note records the next event of a message. at is the sandbox's time, on the time of the
// person's app. The caller holds the lock.
func (s *Sandbox) note(r *record, status, reason string, at, on time.Time) {
	if rank[status] >= rank[r.Status] {
		r.Status, r.Reason = status, reason
	}
	s.counts.status(status)
	s.store.touch(r)
	r.revision++
	s.see(r, status, r.Profile, at, on)
	about, ok := receiptTopic(status)
	if !ok || r.posted {
		return
	}
	e := &event{topic: about, of: r, revision: r.revision, reason: reason, at: at}
	if r.revision == 1 {
		e.attempted = r.announced
	}
	s.post(e, r.fault)
}

// answer is a reply to a message.
func (s *Sandbox) answer(r *record, text string, at time.Time) Message {
	return s.receive(&record{
		Message: Message{Profile: r.Profile, Conversation: r.Conversation, Answers: r.ID},
		space:   r.space,
		fault:   r.fault,
	}, r, text, at)
}

// receive stores a message that a person wrote and sends the webhook about it.
func (s *Sandbox) receive(reply, answers *record, text string, at time.Time) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(reply, answers, text, at)
}

// take is receive for callers that hold the lock.
func (s *Sandbox) take(reply, answers *record, text string, at time.Time) Message {
	if answers != nil && !answers.gone {
		s.announce(answers)
	}
	reply.ID = s.newID()
	if reply.Conversation == "" {
		reply.Conversation = s.newID()
	}
	reply.Inbound, reply.Status, reply.Text, reply.At = true, "received", text, at
	s.store.put(reply)
	s.counts.replies.Add(1)
	s.say(reply)
	s.post(&event{
		topic: messageInbound, of: reply, answers: answers, text: text, request: reply.Request, at: at,
	}, reply.fault)
	return reply.Message
}

// Reply lets a person write text, as if by hand. Without a conversation it goes to that of the
// newest message to the person, or else to a new one. It answers the newest message in its
// conversation. The error names a missing profile or text.
func (s *Sandbox) Reply(profile, conversation, text string) (Message, error) {
	if profile == "" {
		return Message{}, errors.New("sandbox: a reply has no profile; want the profile ID of the author")
	}
	if text == "" {
		return Message{}, errors.New("sandbox: a reply has no text")
	}
	s.mu.Lock()
	newest := s.store.newest(profile, conversation)
	s.mu.Unlock()
	now := s.config.Clock.Now()
	if newest != nil {
		return s.answer(newest, text, now), nil
	}
	r := &record{Message: Message{Profile: profile, Conversation: conversation}}
	return s.receive(r, nil, text, now), nil
}

// ErrNoMessage reports a message that the sandbox does not have, or does not have any more.
var ErrNoMessage = errors.New("sandbox: message not found")

// Report gives a message a status, as if by hand: sent, delivered, read, failed, expired or
// filtered. It returns ErrNoMessage, or an error that names another status or a message that
// failed at once.
func (s *Sandbox) Report(messageID, status string) error {
	if _, ok := rank[status]; !ok || status == "processing" {
		known := slices.DeleteFunc(slices.Sorted(maps.Keys(rank)),
			func(s string) bool { return s == "processing" })
		return fmt.Errorf("sandbox: unknown status %q; want one of %v", status, known)
	}
	s.mu.Lock()
	r := s.store.byID[messageID]
	var dead string
	if r != nil && (r.dead || r.late) {
		dead = "it expired before it was sent"
		if r.dead {
			dead = "it failed at once: " + r.Reason
		}
	}
	s.mu.Unlock()
	if r == nil || r.Inbound {
		return ErrNoMessage
	}
	if dead != "" {
		return fmt.Errorf("sandbox: nothing can happen to message %s: %s", r.ID, dead)
	}
	reason := ""
	if status == "failed" {
		reason = scriptedFailure
	}
	s.report(r, status, reason, s.config.Clock.Now())
	return nil
}
