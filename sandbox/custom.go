package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// These endpoints let the owner of a custom channel report statuses (Dotdigital, omnichannel
// API). Here they work for every message.

var feedbackStatuses = []string{"failed", "delivered", "read", "expired", "sent", "filtered"}

// messageStatus is a status of a message, as it is reported and answered.
type messageStatus struct {
	Channel       string          `json:"channel"`
	ChannelStatus json.RawMessage `json:"channelStatus,omitempty"`
	Timestamp     string          `json:"timestamp,omitempty"`
	FailureReason string          `json:"failureReason,omitempty"`
}

// takeStatus is POST …/messages/{id}/statuses/{status}.
func (s *Sandbox) takeStatus(w http.ResponseWriter, r *http.Request) {
	var q messageStatus
	if !readJSON(w, r, &q) {
		return
	}
	var f failures
	status := r.PathValue("status")
	f.add(!slices.Contains(feedbackStatuses, status), "status", fmt.Sprintf("want one of %v", feedbackStatuses))
	f.add(q.Channel == "", "channel", "is required")
	f.add(!isObject(q.ChannelStatus), "channelStatus", "want an object")
	on := s.instant(&f, q.Timestamp)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	rec := s.lockMessage(w, r, toPerson)
	if rec == nil {
		return
	}
	dead := rec.dead
	s.mu.Unlock()
	if !dead {
		s.report(rec, status, q.FailureReason, on)
	}
	q.Timestamp = at(on)
	answerJSON(w, http.StatusOK, q)
}

// instant reads a timestamp. A missing one means now.
func (s *Sandbox) instant(f *failures, text string) time.Time {
	if text == "" {
		return s.config.Clock.Now()
	}
	on, err := time.Parse(time.RFC3339, text)
	f.add(err != nil, "timestamp", "is not an ISO 8601 instant, like 2030-01-31T09:00:00.000Z")
	return on
}

// takeInboundStatus is POST …/messages/inbounds/{id}/statuses/{delivered|read}.
func (s *Sandbox) takeInboundStatus(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Timestamp     string          `json:"timestamp"`
		ChannelStatus json.RawMessage `json:"channelStatus"`
	}
	if !readJSON(w, r, &q) {
		return
	}
	var f failures
	status := r.PathValue("status")
	f.add(status != "delivered" && status != "read", "status", "want delivered or read")
	f.add(q.Timestamp == "", "timestamp", "is required")
	f.add(!isObject(q.ChannelStatus), "channelStatus", "want an object")
	s.instant(&f, q.Timestamp)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	rec := s.lockMessage(w, r, fromPerson)
	if rec == nil {
		return
	}
	if rec.Status != "read" {
		rec.Status = status
		s.store.touch(rec)
	}
	shown := s.shownInbound(rec)
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, shown)
}
