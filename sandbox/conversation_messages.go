package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// maxPage is the largest `limit` of messages or events of a conversation; a larger one is
// answered 400. It is the provider's (Dotdigital, conversation message API).
const maxPage = 100

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
	limit := number(&f, r, "limit", 1, maxPage)
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

// page is up to limit messages before and at an event, newest first. It also has the status
// events in that range that belong to older messages. Its earliest event is 0 when there are
// no older messages.
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
	limit := number(&f, r, "limit", 1, maxPage)
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
