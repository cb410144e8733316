package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// history is GET …/profiles/{profile}/messages?channelId=&direction=&from=&limit=: the
// messages to and from a person, newest first. from is the newest instant wanted; the provider
// documents only its name.
func (s *Sandbox) history(w http.ResponseWriter, r *http.Request) {
	limit, ok := readLimit(w, r)
	if !ok {
		return
	}
	query := r.URL.Query()
	direction, channel := query.Get("direction"), cmp.Or(query.Get("channelId"), channelID)
	var f failures
	f.add(direction != "" && direction != "outbound" && direction != "inbound", "direction", "want outbound or inbound")
	from, err := time.Parse(time.RFC3339, cmp.Or(query.Get("from"), "9999-12-31T23:59:59Z"))
	f.add(err != nil, "from", "is not an ISO 8601 instant, like 2030-01-31T09:00:00.000Z")
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	profile := r.PathValue("profile")
	found := s.messages(func(rec *record) bool {
		return rec.Profile == profile && channel == channelID && !rec.At.After(from) &&
			(direction == "" || direction == rec.direction())
	})
	slices.Reverse(found)
	entries := []historyEntry{}
	for _, m := range found[:min(limit, len(found))] {
		entries = append(entries, historyEntry{
			m.ID, at(m.At), m.Profile, channelID, m.direction(), m.Status, content{m.Text},
		})
	}
	answerJSON(w, http.StatusOK, entries)
}

type (
	historyEntry struct {
		MessageID   string  `json:"messageId"`
		SubmittedOn string  `json:"submittedOn"`
		ProfileID   string  `json:"profileId"`
		ChannelID   string  `json:"channelId"`
		Direction   string  `json:"direction"`
		Status      string  `json:"status"`
		Message     content `json:"message"`
	}
	content struct {
		Body string `json:"body"`
	}
)

// readLimit reads the number of wanted items, or answers with the mistake.
func readLimit(w http.ResponseWriter, r *http.Request) (limit int, ok bool) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return DefaultKeep, true
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		answerInvalid(w, failures{{"limit", "want a number from 1"}})
		return 0, false
	}
	return limit, true
}
