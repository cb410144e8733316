package server

import (
	"encoding/json"
	"net/http"

	"nudge/engine"
	"nudge/store"
)

// exportLine is one line of everything about a person. Exactly one of its fields is there.
type exportLine struct {
	Profile  *profileShown     `json:"profile,omitempty"`  // what is known: the first line, with all its fields
	Standing *Standing         `json:"standing,omitempty"` // what they may get now
	Run      *Run              `json:"run,omitempty"`      // with its data, its messages and its timeline
	Input    *engine.Journaled `json:"input,omitempty"`    // of the journal, that names them or came for a run of theirs
	Audit    *AuditEntry       `json:"audit,omitempty"`    // who changed what is known of them
	Notice   *FailedNotice     `json:"notice,omitempty"`   // for another system, not taken yet or given up
	Refused  *RefusedEvent     `json:"refused,omitempty"`  // an event that names them and was not taken
	Mention  *store.Mention    `json:"mention,omitempty"`  // by a job, a proposal of a deploy or a review of one
	End      *exportEnd        `json:"end,omitempty"`      // the last line: without it the export is not complete
}

// exportEnd says how much was exported.
type exportEnd struct {
	Runs   int `json:"runs"`
	Inputs int `json:"inputs"`
	Others int `json:"others"` // entries of the audit trail, notices, refused events and mentions
}

// exportProfile streams everything about one person, for a request of theirs. One export runs at a time, and another
// waits, because it reads the whole journal, slice by slice.
func (s *Server) exportProfile(w http.ResponseWriter, r *http.Request) {
	select {
	case s.exporting <- struct{}{}:
		defer func() { <-s.exporting }()
	case <-r.Context().Done():
		return
	}
	profile := r.PathValue("id")
	// The trail says who asked for whose data; the entry is about the person, so forgetting them hides whom.
	if err := s.noteOn(r.Context(), actorOf(w, r), "export person", profile); err != nil {
		s.fail(w, r, err)
		return
	}
	standing, err := s.standingOf(profile, engine.InstantOf(s.now()))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", mediaLines)
	x := &export{server: s, request: r, lines: json.NewEncoder(w), profile: profile}
	x.lines.SetEscapeHTML(false)
	if err = x.known(); err == nil {
		err = x.lines.Encode(exportLine{Standing: standing})
	}
	if err == nil {
		err = x.runs()
	}
	if err == nil {
		err = x.records()
	}
	if err == nil {
		err = x.lines.Encode(exportLine{End: &x.end})
	}
	if err != nil {
		s.config.Log.Error("export of a person", "error", err)
		panic(http.ErrAbortHandler) // the status is out already, and nobody must take half for whole
	}
}

// export is one under way.
type export struct {
	server  *Server
	request *http.Request
	lines   *json.Encoder
	profile string
	end     exportEnd
}

func (x *export) known() error {
	p, err := x.server.config.Store.Person(x.profile)
	if err != nil {
		return err
	}
	if p == nil {
		p = &engine.Person{ID: x.profile}
	}
	return x.lines.Encode(map[string]any{"profile": profileOf(p, new(view))})
}

func (x *export) runs() error {
	for before := []byte(nil); ; {
		page, err := x.server.config.Store.History(x.profile, before, store.MaxHistory)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if item.Run == nil {
				continue // the input is among those of the journal
			}
			f, err := x.server.flows.of(item.Run)
			if err != nil {
				return err
			}
			run, err := x.server.detail(item.Run, f)
			if err != nil {
				return err
			}
			x.end.Runs++
			if err := x.lines.Encode(exportLine{Run: &run}); err != nil {
				return err
			}
		}
		if before = page.Next; before == nil {
			return nil
		}
		if err := x.request.Context().Err(); err != nil {
			return err
		}
	}
}

// records streams what the journal, the audit trail, the notices, the refusals, the jobs and the proposals have of the person.
func (x *export) records() error {
	for place := (store.AboutPlace{}); !place.Ended(); {
		found, err := x.server.config.Store.About(x.profile, &place)
		if err == nil {
			err = x.request.Context().Err()
		}
		for i := 0; i < len(found) && err == nil; i++ {
			err = x.record(&found[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *export) record(about *store.About) error {
	switch {
	case about.Input != nil:
		x.end.Inputs++
		return x.lines.Encode(exportLine{Input: about.Input})
	case about.Audit != nil:
		x.end.Others++
		entry := AuditEntry(*about.Audit)
		return x.lines.Encode(exportLine{Audit: &entry})
	}
	x.end.Others++
	if about.Mention != nil {
		return x.lines.Encode(exportLine{Mention: about.Mention})
	}
	if about.Refusal != nil {
		refused := refusedOf(about.Refusal)
		return x.lines.Encode(exportLine{Refused: &refused})
	}
	n := about.Notice
	return x.lines.Encode(exportLine{Notice: &FailedNotice{n.ID, n.Endpoint, n.Type, n.At, n.Attempts, n.Error, n.Failed, n.Data}})
}
