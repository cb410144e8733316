package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"nudge/engine"
)

// JournalHead is the first line of an exported journal: whose it is, and how far it goes.
type JournalHead struct {
	Installation engine.Installation `json:"installation"`
	Seq          uint64              `json:"seq"` // number of the last input
	Stamp        engine.Instant      `json:"stamp,omitzero"`
	Dropped      uint64              `json:"dropped,omitempty"`   // number of the last input that the journal no longer holds
	DroppedAt    engine.Instant      `json:"dropped_at,omitzero"` // when that one was applied
}

const journalPage = 1024 // inputs read from the store at a time

// getJournal exports the journal as NDJSON: a JournalHead, then an engine.Journaled a
// line, from a number on up to what was the last input when the export began.
func (s *Server) getJournal(w http.ResponseWriter, r *http.Request) {
	from, err := journalFrom(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	gone, err := s.config.Store.Purged()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	err = lines.Encode(JournalHead{state.Installation, state.Seq, state.Stamp, gone.Journal, gone.Stamp})
	page := journalPart{read: s.config.Store.Entries, from: from, until: state.Seq, at: state.Stamp}
	// A page at a time: the store is not held open while a slow client reads.
	for !page.ended && err == nil && r.Context().Err() == nil {
		err = page.write(lines, v)
		page.read = s.config.Store.EntriesAfter
	}
	if err != nil {
		// The status is out already; the connection is cut, so that nobody takes half for whole.
		s.config.Log.Error("export of the journal", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// journalPart is the part of a journal that is still to be exported.
type journalPart struct {
	read  func(from uint64, visit func(*engine.Journaled) bool) error
	from  uint64
	until uint64         // the last input; 0: there is none
	at    engine.Instant // when that one was applied
	ended bool
}

// write writes the next page.
func (p *journalPart) write(lines *json.Encoder, v *view) error {
	page := make([]*engine.Journaled, 0, journalPage)
	if p.until != 0 {
		if err := p.read(p.from, func(j *engine.Journaled) bool {
			if j.Stamp > p.at {
				return false
			}
			page = append(page, j)
			return j.Seq != p.until && len(page) < journalPage
		}); err != nil {
			return err
		}
	}
	for _, j := range page {
		p.from = j.Seq
		j, err := v.journaled(j)
		if err != nil {
			return err
		}
		if err := lines.Encode(j); err != nil {
			return err
		}
	}
	p.ended = len(page) < journalPage || p.from == p.until
	return nil
}

func journalFrom(values url.Values) (uint64, error) {
	if err := onlyParameters(values, []string{"from"}); err != nil {
		return 0, err
	}
	text := values.Get("from")
	if text == "" {
		return 1, nil
	}
	from, err := strconv.ParseUint(text, 10, 64)
	if err != nil || from == 0 {
		return 0, wrongParameter("from", "must be the number of an input, from 1")
	}
	return from, nil
}
