package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// MaxPage is how many messages, or events, of a conversation are answered at once
// (Dotdigital, conversation message API).
const MaxPage = 100

// The JSON of the messages of a conversation.
type (
	messagePage struct {
		Earliest int             `json:"earliestEventId"`
		Latest   int             `json:"latestEventId"`
		Messages []pagedMessage  `json:"messages"`
		Orphaned []orphanedEvent `json:"orphanedEvents"`
	}
	pagedMessage struct {
		ID       string                  `json:"id"`
		Sent     int                     `json:"sentEventId"`
		Metadata json.RawMessage         `json:"metadata"`
		Context  saidContext             `json:"context"`
		Parts    json.RawMessage         `json:"parts"`
		Statuses map[string]pagedUpdates `json:"statusUpdates"`
	}
	pagedUpdates struct {
		Status string `json:"status"`
		On     string `json:"on"`
	}
	orphanedEvent struct {
		ID   int        `json:"id"`
		Data orphanData `json:"data"`
	}
	orphanData struct {
		Name    string    `json:"name"`
		EventID string    `json:"eventId"`
		Profile string    `json:"profileId"`
		Payload shownSeen `json:"payload"`
	}
)

// listSaid is GET …/conversations/{id}/messages?limit=&from=: backwards from an event.
func (s *Sandbox) listSaid(w http.ResponseWriter, r *http.Request, c caller) {
	var f failures
	limit := number(&f, r, "limit", 1, MaxPage)
	from := -1
	if r.URL.Query().Get("from") != "" {
		from = number(&f, r, "from", 0, maxEvent)
	}
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	if from < 0 || from >= t.events {
		from = t.events - 1
	}
	page := t.page(from, limit)
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, page)
}

// maxEvent is above the number of every event.
const maxEvent = 1<<31 - 1

// number reads a parameter that is a number between two others.
func number(f *failures, r *http.Request, name string, least, most int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	f.add(err != nil || n < least || n > most, name, fmt.Sprintf("want a number from %d to %d", least, most))
	return n
}

// page is what was said up to an event, the newest first: limit messages at most, and
// what the events between say of older ones. It goes back to 0 when no more was said.
func (t *thread) page(from, limit int) messagePage {
	p := messagePage{Latest: max(0, from), Messages: []pagedMessage{}, Orphaned: []orphanedEvent{}}
	i := len(t.said)
	for ; i > 0 && len(p.Messages) < limit; i-- {
		if r := t.said[i-1]; r.log[0].Event <= from {
			p.Messages = append(p.Messages, t.paged(r))
		}
	}
	if i > 0 {
		p.Earliest = p.Messages[len(p.Messages)-1].Sent
	}
	for _, r := range t.said[:i] {
		for _, l := range r.log[1:] {
			if l.Event >= p.Earliest && l.Event <= from {
				p.Orphaned = append(p.Orphaned, t.orphaned(r, l))
			}
		}
	}
	slices.SortFunc(p.Orphaned, func(a, b orphanedEvent) int { return b.ID - a.ID })
	return p
}

// paged is a message as a page shows it.
func (t *thread) paged(r *record) pagedMessage {
	said := t.sent(r, r.log[0].Event).said()
	m := pagedMessage{said.ID, said.ConversationEventID, said.Metadata, said.Context, said.Parts, map[string]pagedUpdates{}}
	for _, l := range r.log[1:] {
		if rank[l.Status] > rank[m.Statuses[l.Profile].Status] {
			m.Statuses[l.Profile] = pagedUpdates{l.Status, at(l.At)}
		}
	}
	return m
}

func (t *thread) orphaned(r *record, l logged) orphanedEvent {
	seen := shownSeen{r.ID, t.ID, t.IsPublic, l.Profile, at(l.At)}
	return orphanedEvent{l.Event, orphanData{l.Status, t.eventID(l.Event), l.Profile, seen}}
}

// listLogged is GET …/conversations/{id}/events?from=&limit=: forward from an event, in
// the shape of the websocket.
func (s *Sandbox) listLogged(w http.ResponseWriter, r *http.Request, c caller) {
	var f failures
	limit := number(&f, r, "limit", 1, MaxPage)
	from := number(&f, r, "from", 0, maxEvent)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	t := s.lockThread(w, r, c)
	if t == nil {
		return
	}
	frames := t.logged(from, limit)
	s.mu.Unlock()
	for _, x := range frames {
		x.APISpaceID = r.PathValue("space")
	}
	answerJSON(w, http.StatusOK, frames)
}

// logged are the events from one on, limit at most.
func (t *thread) logged(from, limit int) []*frame {
	type entry struct {
		logged
		of *record
	}
	var all []entry
	for _, r := range t.said {
		for _, l := range r.log {
			if l.Event >= from {
				all = append(all, entry{l, r})
			}
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return a.Event - b.Event })
	frames := []*frame{}
	for _, x := range all[:min(limit, len(all))] {
		e := t.sent(x.of, x.Event)
		if x.Status != "sent" {
			e = &event{topic: x.topic(), of: x.of, revision: x.Event, by: x.Profile, at: x.At, on: x.At}
		}
		frames = append(frames, t.frame(e))
	}
	return frames
}

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
	f.add(c.profile == "" && q.author() == "", "from.profileId", "is required")
	f.add(q.author() != "" && !c.is(q.author()), "from.profileId", "is not that of the session")
	return f
}

// author is who a request says wrote it.
func (q *sayRequest) author() string {
	if q.From == nil {
		return ""
	}
	if q.From.ProfileID == "" {
		return q.From.ID
	}
	return q.From.ProfileID
}

// request is what is kept of it.
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

// postSaid is POST …/conversations/{id}/messages. What an app's user writes is inbound;
// a server says whose message it is.
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

// postBy keeps what an app's user wrote. The caller holds the lock.
func (s *Sandbox) postBy(reply *record) {
	answers := s.shelf.newest(reply.Profile, reply.Conversation)
	if answers != nil {
		reply.Answers, reply.space = answers.ID, answers.space
	}
	s.take(reply, answers, reply.Text, reply.At)
}

// postFor keeps what a server put into a conversation, for the first of its members that
// did not write it. The caller holds the lock.
func (s *Sandbox) postFor(r *record, q sayRequest, members []member) {
	r.ID, r.Status, r.revision = s.newID(), "sent", 1
	if r.Inbound = q.Direction == "inbound"; r.Inbound {
		r.Profile = q.author()
	} else {
		r.sender, r.From = q.author(), q.From.Name
		if i := slices.IndexFunc(members, func(m member) bool { return m.ProfileID != r.sender }); i >= 0 {
			r.Profile = members[i].ProfileID
		}
	}
	s.shelf.put(r)
	s.say(r)
}

// statusUpdate is what an app says of messages.
type statusUpdate struct {
	MessageIDs []string `json:"messageIds"`
	Status     string   `json:"status"`
	Timestamp  string   `json:"timestamp"`
}

// takeStatuses is POST …/conversations/{id}/messages/statusupdates: all of them, or none
// when something is wrong with one.
func (s *Sandbox) takeStatuses(w http.ResponseWriter, r *http.Request, c caller) {
	if c.profile == "" {
		answerError(w, http.StatusForbidden, "status updates are of somebody with a session")
		return
	}
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var updates []statusUpdate
	if err := json.Unmarshal(body, &updates); err != nil {
		answerInvalid(w, failures{notAsWanted("", err)})
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
			x := s.shelf.byID[id]
			f.add(x == nil || x.thread != t || len(x.log) == 0, fmt.Sprintf("[%d].messageIds[%d]", i, k),
				"is no message of this conversation")
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
			s.update(s.shelf.byID[id], u.Status, c.profile, now, on)
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

// update is that somebody's app got or showed a message: a receipt of the message when it
// was sent to them, else only an event of the conversation. The caller holds the lock.
func (s *Sandbox) update(r *record, status, profile string, now, on time.Time) {
	if r.Profile == profile && !r.Inbound {
		s.note(r, status, "", now, on)
		return
	}
	s.shelf.touch(r)
	s.see(r, status, profile, now, on)
}
