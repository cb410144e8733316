package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
)

// sayRequest is a message as an app posts it.
type sayRequest struct {
	Metadata json.RawMessage `json:"metadata"`
	Parts    json.RawMessage `json:"parts"`
	Alert    json.RawMessage `json:"alert"`
	From     *struct {
		ProfileID string `json:"profileId"`
		ID        string `json:"id"`
		Name      string `json:"name"`
	} `json:"from"`
	Direction string `json:"direction"`
	parts     []part
}

func (q *sayRequest) check(c caller) failures {
	var f failures
	wrong := json.Unmarshal(q.Parts, &q.parts) != nil || len(q.parts) == 0
	f.add(wrong, "parts", "want a list of parts")
	checkParts(&f, "parts", q.parts)
	f.add(!isObject(q.Metadata), "metadata", "want an object")
	f.add(len(q.Alert) > 0 && json.Unmarshal(q.Alert, &alert{}) != nil, "alert", "want an alert")
	f.add(q.Direction != "" && q.Direction != "inbound" && q.Direction != "outbound", "direction", "want inbound or outbound")
	f.add(q.author() != "" && !c.is(q.author()), "from.profileId", "is not that of the session")
	return f
}

// author is the author that a request names.
func (q *sayRequest) author() string {
	if q.From == nil {
		return ""
	}
	if q.From.ProfileID == "" {
		return q.From.ID
	}
	return q.From.ProfileID
}

// name is the name of the author that a request gives.
func (q *sayRequest) name() string {
	if q.From == nil {
		return ""
	}
	return q.From.Name
}

// request is the part of a request that is stored.
func (q *sayRequest) request() json.RawMessage {
	raw, err := json.Marshal(struct {
		Parts json.RawMessage `json:"messageParts"`
		Alert json.RawMessage `json:"alert,omitempty"`
	}{q.Parts, q.Alert})
	if err != nil {
		panic("sandbox: raw JSON does not encode: " + err.Error())
	}
	return raw
}

// postSaid is POST …/conversations/{id}/messages. A message by an app's user is inbound. A
// server names the author.
func (s *Sandbox) postSaid(w http.ResponseWriter, r *http.Request, c caller) {
	var q sayRequest
	if !readJSON(w, r, &q) {
		return
	}
	if f := q.check(c); len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	if s.refuse(w) {
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	if !t.rights(c).CanSend {
		s.mu.Unlock()
		answerError(w, http.StatusForbidden, c.profile+" may not send to the conversation")
		return
	}
	reply := &record{
		Message: Message{
			Profile: c.profile, Conversation: t.ID, Metadata: q.Metadata, Request: q.request(),
			Text: q.parts[0].text(), At: s.config.Clock.Now(),
		},
		space: r.PathValue("space"), posted: true,
	}
	if len(q.Alert) > 0 {
		reply.alerted = t.others(cmp.Or(q.author(), c.id()))
	}
	if c.profile == "" {
		s.postFor(reply, q, t.members)
	} else {
		s.postBy(reply)
	}
	id, number := reply.ID, reply.log[0].Event
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, struct {
		ID      string `json:"id"`
		EventID int    `json:"eventId"`
	}{id, number})
}

// postBy stores a message that an app's user wrote. The caller holds the lock.
func (s *Sandbox) postBy(reply *record) {
	answers := s.store.newest(reply.Profile, reply.Conversation)
	if answers != nil {
		reply.Answers, reply.space = answers.ID, answers.space
	}
	s.take(reply, answers, reply.Text, reply.At)
}

// postFor stores a message that a server put into a conversation. Its person is the first
// member who did not write it. The caller holds the lock.
func (s *Sandbox) postFor(r *record, q sayRequest, members []member) {
	r.ID, r.Status, r.revision = s.newID(), "sent", 1
	if r.Inbound = q.Direction == "inbound"; r.Inbound {
		r.Profile = cmp.Or(q.author(), serverProfile)
	} else {
		r.sender, r.From = cmp.Or(q.author(), serverProfile), q.name()
		if i := slices.IndexFunc(members, func(m member) bool { return m.ProfileID != r.sender }); i >= 0 {
			r.Profile = members[i].ProfileID
		}
	}
	s.store.put(r)
	s.say(r)
}
