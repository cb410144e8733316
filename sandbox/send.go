package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// send is POST …/messages.
func (s *Sandbox) send(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	s.counts.requests.Add(1)
	if !ok || s.refuse(w) {
		return
	}
	q, failures := s.parseMerged(body)
	if len(failures) > 0 {
		s.counts.refused.Add(1)
		answerInvalid(w, failures)
		return
	}
	rec := s.newRecord(q, r.PathValue("space"))
	created := spliced(rec.Message, rec)
	s.accept(w, r, []*record{rec}, func() { answer(w, http.StatusCreated, created) })
}

// sendBatch is POST …/messages/batch. One invalid message refuses all of them.
func (s *Sandbox) sendBatch(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	s.counts.requests.Add(1)
	if !ok || s.refuse(w) {
		return
	}
	requests, failures := s.parseBatch(body)
	if len(failures) > 0 {
		s.counts.refused.Add(1)
		answerInvalid(w, failures)
		return
	}
	type item struct {
		Index     int    `json:"index"`
		MessageID string `json:"messageId"`
	}
	items := make([]item, len(requests))
	records := make([]*record, len(requests))
	for i, q := range requests {
		records[i] = s.newRecord(q, r.PathValue("space"))
		items[i] = item{i, records[i].ID}
	}
	s.accept(w, r, records, func() { answerJSON(w, http.StatusAccepted, items) })
}

func (s *Sandbox) parseBatch(body []byte) (requests []*request, failures failures) {
	var raws []json.RawMessage
	if f := decode(body, &raws); len(f) > 0 {
		return nil, f
	}
	if len(raws) == 0 || len(raws) > MaxBatch {
		return nil, []failure{{"request", fmt.Sprintf("want 1 to %d messages, not %d", MaxBatch, len(raws))}}
	}
	for i, raw := range raws {
		q, wrong := s.parseMerged(raw)
		for _, f := range wrong {
			failures = append(failures, failure{fmt.Sprintf("[%d].%s", i, f.ParamName), f.Message})
		}
		requests = append(requests, q)
	}
	return requests, failures
}

// refuse answers when the service takes nothing at all for now.
func (s *Sandbox) refuse(w http.ResponseWriter) bool {
	if status := s.takeFailure(); status != 0 {
		s.counts.refused.Add(1)
		answerError(w, status, "a fault on demand")
		return true
	}
	if s.pending() >= int64(s.config.Pending) {
		s.counts.refused.Add(1)
		w.Header().Set("Retry-After", "1")
		answerError(w, http.StatusServiceUnavailable, "too many acts and events are still pending")
		return true
	}
	return false
}
