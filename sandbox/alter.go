package sandbox

import (
	"encoding/json"
	"net/http"
)

// redacted replaces the words of a message.
const redacted = "[redacted]"

// direction is which way a message goes.
type direction bool

const (
	toPerson   direction = false
	fromPerson direction = true
)

// lockMessage finds the message of a request and keeps the sandbox locked. Otherwise it
// unlocks, answers 404 and returns nil.
func (s *Sandbox) lockMessage(w http.ResponseWriter, r *http.Request, way direction) *record {
	s.mu.Lock()
	rec := s.store.byID[r.PathValue("id")]
	if rec != nil && direction(rec.Inbound) == way {
		return rec
	}
	s.mu.Unlock()
	answerError(w, http.StatusNotFound, "message not found")
	return nil
}

// remove is DELETE …/messages/{id}. Nothing more happens to the message.
func (s *Sandbox) remove(w http.ResponseWriter, r *http.Request) {
	rec := s.lockMessage(w, r, toPerson)
	if rec == nil {
		return
	}
	rec.gone = true
	s.store.remove(rec)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// redact is PATCH …/messages/{id}. It removes the words of a message here and from later
// events. The fact that the message was sent stays.
func (s *Sandbox) redact(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Redact       bool   `json:"redact"`
		RedactSource string `json:"redactSource"`
	}
	if !readJSON(w, r, &q) {
		return
	}
	var f failures
	f.add(!q.Redact, "redact", "want true")
	f.add(q.RedactSource != "" && q.RedactSource != "message" && q.RedactSource != "chat", "redactSource", "want message or chat")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	rec := s.lockMessage(w, r, toPerson)
	if rec == nil {
		return
	}
	s.store.redact(rec)
	s.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

// redact removes the words of a message. Its request keeps the recipient and the options.
func (s *messageStore) redact(r *record) {
	var all map[string]json.RawMessage
	if json.Unmarshal(r.Request, &all) != nil {
		all = map[string]json.RawMessage{}
	}
	for _, key := range []string{"title", "messageParts", "customBody", "metadata"} {
		delete(all, key)
	}
	all["body"] = json.RawMessage(`"` + redacted + `"`)
	clean, err := json.Marshal(all)
	if err != nil {
		panic("sandbox: raw JSON does not encode: " + err.Error())
	}
	s.bytes += len(clean) - len(r.Request)
	r.Request, r.Text = clean, redacted
	s.touch(r)
	s.retell(r.thread)
}
