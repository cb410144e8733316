package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// statusUpdate is an app's report about messages.
type statusUpdate struct {
	MessageIDs []string `json:"messageIds"`
	Status     string   `json:"status"`
	Timestamp  string   `json:"timestamp"`
}

// takeStatuses is POST …/conversations/{id}/messages/statusupdates: all of them, or none
// when something is wrong with one.
func (s *Sandbox) takeStatuses(w http.ResponseWriter, r *http.Request, c caller) {
	var updates []statusUpdate
	if !readJSON(w, r, &updates) {
		return
	}
	if f := checkStatuses(updates); len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	defer s.mu.Unlock()
	var f failures
	for i, u := range updates {
		for k, id := range u.MessageIDs {
			x := s.store.byID[id]
			f.add(x == nil || x.thread != t || len(x.log) == 0, fmt.Sprintf("[%d].messageIds[%d]", i, k),
				"is not a message of this conversation")
		}
	}
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	now := s.config.Clock.Now()
	for _, u := range updates {
		on, _ := time.Parse(time.RFC3339, u.Timestamp) // it was checked
		for _, id := range u.MessageIDs {
			s.update(s.store.byID[id], u.Status, c.id(), now, on)
		}
	}
	w.WriteHeader(http.StatusOK)
}

func checkStatuses(updates []statusUpdate) failures {
	var f failures
	all := 0
	for i, u := range updates {
		name := fmt.Sprintf("[%d].", i)
		_, err := time.Parse(time.RFC3339, u.Timestamp)
		f.add(len(u.MessageIDs) == 0, name+"messageIds", "is required")
		f.add(u.Status != "delivered" && u.Status != "read", name+"status", "want delivered or read")
		f.add(err != nil, name+"timestamp", "want an ISO 8601 instant, like 2030-01-31T09:00:00.000Z")
		all += len(u.MessageIDs)
	}
	f.add(len(updates) == 0, "request", "want a list of status updates")
	f.add(all > MaxBatch, "request", fmt.Sprintf("want %d message IDs at most", MaxBatch))
	return f
}

// update records that somebody's app got or showed a message. It is a receipt when the message
// was sent to that person, otherwise only an event of the conversation. The caller holds the
// lock.
func (s *Sandbox) update(r *record, status, profile string, now, on time.Time) {
	if r.Profile == profile && !r.Inbound {
		s.note(r, status, "", now, on)
		return
	}
	s.store.touch(r)
	s.see(r, status, profile, now, on)
}
