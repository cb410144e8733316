package sandbox

import (
	"cmp"
	"net/http"
)

// newRecord is a message that was asked for and not yet accepted.
func (s *Sandbox) newRecord(q *request, space string) *record {
	from := q.from()
	r := &record{
		Message: Message{
			Profile:      q.profile(),
			Conversation: q.ConversationID,
			From:         cmp.Or(from.Name, from.ProfileID),
			Text:         q.text(),
			Status:       "processing",
			At:           s.config.Clock.Now(),
			Metadata:     q.Metadata,
			Request:      q.raw,
		},
		space:  space,
		sender: from.ProfileID,
	}
	r.script = s.config.People(r.Message).Drawn(s.config.Seed, r.Profile, r.Text)
	if end := q.expires(); !end.IsZero() {
		if r.late = !end.After(r.At); !r.late {
			r.script = expiring(r.script, end.Sub(r.At))
		}
	}
	s.mu.Lock()
	var optedIn []string
	if q.RequireOptIn {
		optedIn = s.optedIn(s.people[r.Profile])
	}
	if reason := q.reach(optedIn); reason != "" {
		r.Status, r.Reason, r.dead = "failed", reason, true
	}
	r.ID = s.newID()
	if r.Conversation == "" {
		r.Conversation, r.assigned = s.newID(), true
	}
	s.mu.Unlock()
	r.fault = s.config.Fault(r.Message)
	if r.fault.WebhooksFirst {
		r.announced = make(chan struct{})
	}
	return r
}

// accept stores messages, answers the request and starts the scripts, in an order that the
// messages' faults may change.
func (s *Sandbox) accept(w http.ResponseWriter, r *http.Request, records []*record, respond func()) {
	var all Fault
	for _, rec := range records {
		all = merge(all, rec.fault)
	}
	if all.Status != 0 {
		s.counts.refused.Add(1)
		answerFault(w, all)
		return
	}
	s.shelve(records)
	s.hooks.main.outbox.hold()
	defer s.hooks.main.outbox.release()
	if all.WebhooksFirst {
		s.beginAll(records)
		s.awaitAnnounced(r, records)
	} else {
		defer s.beginAll(records)
	}
	if all.DropResponse {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	respond()
}

func (s *Sandbox) shelve(records []*record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rec := range records {
		s.store.put(rec)
	}
	s.counts.accepted.Add(int64(len(records)))
}

// beginAll starts the scripts for all messages that have not failed already.
func (s *Sandbox) beginAll(records []*record) {
	for _, rec := range records {
		if !rec.dead {
			s.begin(rec)
		}
	}
}

// awaitAnnounced waits until the receivers have seen message.sent, or the client or the
// service leaves.
func (s *Sandbox) awaitAnnounced(r *http.Request, records []*record) {
	for _, rec := range records {
		if rec.announced == nil || rec.dead {
			continue
		}
		select {
		case <-rec.announced:
		case <-r.Context().Done():
		case <-s.closing.Done():
		}
	}
}

// merge is the fault of a request that holds messages with faults a and b.
func merge(a, b Fault) Fault {
	if a.Status == 0 {
		a.Status, a.RetryAfter = b.Status, b.RetryAfter
	}
	a.DropResponse = a.DropResponse || b.DropResponse
	a.WebhooksFirst = a.WebhooksFirst || b.WebhooksFirst
	return a
}
