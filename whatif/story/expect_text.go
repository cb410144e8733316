package story

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nudge/channels"
	"nudge/flows"
)

// textOf is the text of a message: its body, else its first part.
func textOf(m *channels.Message) string {
	if m.Body == "" && len(m.Parts) > 0 {
		return strings.TrimSpace(m.Parts[0].Data)
	}
	return strings.TrimSpace(m.Body)
}

func fromText(s *channels.Sender) string {
	if s == nil {
		return "nobody"
	}
	return senderName(s)
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }

// plain is a value as JSON has it.
func plain(v any) (same any) {
	raw, err := json.Marshal(v)
	if err != nil || json.Unmarshal(raw, &same) != nil {
		return v
	}
	return same
}

// shows reports whether a clock that shows t shows the moment, to the minute.
func shows(m *flows.Moment, t time.Time) bool {
	if m.Date != (flows.Date{}) {
		y, month, d := t.Date()
		if m.Date != (flows.Date{Year: y, Month: month, Day: d}) {
			return false
		}
	} else if !m.Days.Has(t.Weekday()) {
		return false
	}
	return t.Hour() == m.Hour && t.Minute() == m.Minute
}

func momentText(m *flows.Moment) string {
	at := fmt.Sprintf("%02d:%02d", m.Hour, m.Minute)
	switch {
	case m.Date != (flows.Date{}):
		return fmt.Sprintf("%04d-%02d-%02d %s", m.Date.Year, m.Date.Month, m.Date.Day, at)
	case m.Days != flows.EveryDay:
		return m.Days.String() + " " + at
	}
	return at
}

func clockText(t time.Time) string {
	return strings.ToLower(t.Format("Mon 15:04")) + t.Format(" (2006-01-02)")
}
