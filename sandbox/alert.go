package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Alert is the push of a message, as the devices of a person show it.
type Alert struct {
	MessageID    string    `json:"messageId"`
	Profile      string    `json:"profileId"`
	Conversation string    `json:"conversationId"`
	At           time.Time `json:"at"`
	APNS         *Notice   `json:"apns,omitempty"` // iOS; nil: it shows nothing
	FCM          *Notice   `json:"fcm,omitempty"`  // Android; nil: it shows nothing
}

// Notice is what one kind of device shows, with the data that its app gets.
type Notice struct {
	Title string          `json:"title,omitempty"`
	Body  string          `json:"body,omitempty"`
	Badge int             `json:"badge,omitempty"`
	Icon  string          `json:"icon,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// alertOf is the alert of a request as the request gave it, nil for none: the alert of the
// app's own message, or of a message that an app posted.
func alertOf(request []byte) json.RawMessage {
	var q struct {
		Alert      json.RawMessage `json:"alert"`
		CustomBody struct {
			App struct {
				Alert json.RawMessage `json:"alert"`
			} `json:"appMessaging"`
		} `json:"customBody"`
	}
	if len(request) == 0 || json.Unmarshal(request, &q) != nil {
		return nil
	}
	if q.CustomBody.App.Alert != nil {
		return q.CustomBody.App.Alert
	}
	return q.Alert
}

// alert is the push of a message without its recipient. It returns false when the message has
// none. When platforms are given, title and body are ignored, and a kind of device that is
// missing there shows nothing (Dotdigital, "Push notifications").
func (m *Message) alert() (Alert, bool) {
	var given alert
	raw := alertOf(m.Request)
	if len(raw) == 0 || json.Unmarshal(raw, &given) != nil {
		return Alert{}, false
	}
	a := Alert{MessageID: m.ID, Conversation: m.Conversation, At: m.At}
	p := given.Platforms
	if p.APNS == nil && p.FCM == nil {
		a.APNS = &Notice{Title: given.Title, Body: given.Body}
		a.FCM = &Notice{Title: given.Title, Body: given.Body}
		return a, true
	}
	if p.APNS != nil {
		a.APNS = &Notice{Body: p.APNS.Alert, Badge: p.APNS.Badge, Data: p.APNS.Payload}
	}
	if p.FCM != nil {
		a.FCM = &Notice{Data: p.FCM.Data}
		if n := p.FCM.Notification; n != nil {
			a.FCM.Title, a.FCM.Body, a.FCM.Icon = n.Title, n.Body, n.Icon
		}
	}
	return a, true
}

// recipients are the people whose devices show the alert of a message: its person, or the
// other participants when it was posted into a conversation.
func (r *record) recipients() []string {
	switch {
	case r.posted:
		return r.alerted
	case r.Inbound || r.dead || r.late:
		return nil
	}
	return []string{r.Profile}
}

// Alerts are the pushes of the kept messages to a person, oldest first. An empty profile
// means everybody.
func (s *Sandbox) Alerts(profile string) []Alert {
	type pushed struct {
		Message
		to []string
	}
	var found []pushed
	s.mu.Lock()
	for _, r := range s.store.all() {
		if to := r.recipients(); len(to) > 0 && (profile == "" || slices.Contains(to, profile)) {
			found = append(found, pushed{r.Message, to})
		}
	}
	s.mu.Unlock()
	all := []Alert{}
	for _, p := range found {
		a, ok := p.alert()
		for _, a.Profile = range p.to {
			if ok && (profile == "" || a.Profile == profile) {
				all = append(all, a)
			}
		}
	}
	return all
}

// listAlerts is GET /sandbox/alerts?profile=&limit=: the newest, in order.
func (s *Sandbox) listAlerts(w http.ResponseWriter, r *http.Request) {
	limit, ok := readLimit(w, r)
	if !ok {
		return
	}
	all := s.Alerts(r.URL.Query().Get("profile"))
	answerJSON(w, http.StatusOK, all[max(0, len(all)-limit):])
}
