package sandbox

import (
	"cmp"
	"encoding/json"
)

// Content is what a person sees of a message besides its text.
type Content struct {
	Title string
	Parts []ContentPart // without the one whose text is that of the message
}

// ContentPart is one part of a message. Its text may be anything that a sender wrote; its URL too.
type ContentPart struct {
	Type, Text, URL string
}

// Content is what a person sees of the message besides its text.
func (m *Message) Content() (c Content) {
	var q struct {
		Title string `json:"title"`
	}
	if len(m.Request) == 0 || json.Unmarshal(m.Request, &q) != nil {
		return c
	}
	c.Title = q.Title
	var parts []part
	if json.Unmarshal(partsOf(m.Request), &parts) != nil {
		return c // it has none
	}
	for _, p := range parts {
		if text := p.text(); text != m.Text || p.URL != "" {
			c.Parts = append(c.Parts, ContentPart{Type: cmp.Or(p.Type, "text/plain"), Text: text, URL: p.URL})
		}
	}
	return c
}

// Notice is what a device of the person shows of the push of the message: that of Android, else that of iOS. It is nil where
// they show nothing.
func (m *Message) Notice() *Notice {
	a, _ := m.alert()
	return cmp.Or(a.FCM, a.APNS)
}

// ReadAll lets a person read, as if by hand, what was sent to them and can be read, and returns how many messages they
// had not read before.
func (s *Sandbox) ReadAll(profile string) (read int) {
	now := s.config.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.store.all() {
		switch {
		case r.Profile != profile, r.Inbound, r.dead, r.late, r.gone:
		case r.Status != "processing" && r.Status != "sent" && r.Status != "delivered":
		default:
			s.announce(r)
			s.note(r, "read", "", now, now)
			read++
		}
	}
	return read
}
