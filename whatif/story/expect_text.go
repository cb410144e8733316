package story

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nudge/channels"
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

func clockText(t time.Time) string {
	return strings.ToLower(t.Format("Mon 15:04")) + t.Format(" (2006-01-02)")
}

// timeText is the time that a clock shows, with its seconds where the expectation has them.
func timeText(c *clock, t time.Time) string {
	if c != nil && c.Seconds {
		return strings.ToLower(t.Format("Mon 15:04:05")) + t.Format(" (2006-01-02)")
	}
	return clockText(t)
}
