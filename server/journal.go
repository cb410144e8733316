package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"nudge/engine"
	"nudge/store"
)

// JournalHead is the first line of an exported journal: whose it is, and how far it goes.
type JournalHead struct {
	Installation engine.Installation `json:"installation"`
	Seq          uint64              `json:"seq"` // number of the last input
	Stamp        engine.Instant      `json:"stamp,omitzero"`
	Dropped      uint64              `json:"dropped,omitempty"`    // number of the last input that the journal no longer holds
	DroppedAt    engine.Instant      `json:"dropped_at,omitzero"`  // when that one was applied
	Moved        uint64              `json:"moved,omitempty"`      // number of the last input from before the store was moved, 0 for none; the numbers up to it have gaps, and those inputs cannot be replayed
	MovedAt      engine.Instant      `json:"moved_at,omitzero"`    // when that one was applied
	Partitions   int                 `json:"partitions,omitempty"` // of a divided installation: how many there are
	Partition    *int                `json:"partition,omitempty"`  // of which this is the journal; without it, it is that of all by time
}

const journalPage = 1024 // inputs read from the store at a time

// getJournal exports the journal as NDJSON: a JournalHead, then an engine.Journaled a
// line, from a number on up to what was the last input when the export began.
func (s *Server) getJournal(w http.ResponseWriter, r *http.Request) {
	of, from, err := s.journalOf(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	head, err := headOf(of)
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
	err = lines.Encode(head)
	page := journalPart{read: of.Entries, from: from, until: head.Seq, at: head.Stamp}
	// A page at a time: the store is not held open while a slow client reads.
	for !page.ended && err == nil && r.Context().Err() == nil {
		err = page.write(lines, v)
		page.read = of.EntriesAfter
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

// journalOf returns the store whose journal is asked for, and its first number.
func (s *Server) journalOf(values url.Values) (of *store.Store, from uint64, err error) {
	if err := onlyParameters(values, []string{"from", "partition"}); err != nil {
		return nil, 0, err
	}
	of, from = s.config.Store, 1
	if text := values.Get("from"); text != "" {
		if from, err = strconv.ParseUint(text, 10, 64); err != nil || from == 0 {
			return nil, 0, wrongParameter("from", "must be the number of an input, from 1")
		}
	}
	if text := values.Get("partition"); text != "" {
		parts := of.Parts()
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 || number >= len(parts) {
			return nil, 0, wrongParameter("partition", fmt.Sprintf("must be the number of a partition, from 0 to %d", len(parts)-1))
		}
		of = parts[number]
	}
	return of, from, nil
}

func headOf(s *store.Store) (*JournalHead, error) {
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	gone, err := s.Purged()
	if err != nil {
		return nil, err
	}
	head := &JournalHead{Installation: state.Installation, Seq: state.Seq, Stamp: state.Stamp, Dropped: gone.Journal, DroppedAt: gone.Stamp}
	if gone.Moved > 0 {
		head.Moved, head.MovedAt = gone.Moved, gone.MovedAt
		if head.Seq, err = s.LastInput(); err != nil { // the last one of the state may be in another partition's journal
			return nil, err
		}
	}
	if p := state.Partition; p.Divided() {
		head.Partitions = p.Of
		if len(s.Parts()) == 1 {
			head.Partition = &p.Number
		}
	}
	return head, nil
}
