package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"nudge/engine"
)

// Mention is what a job, a proposal of a deploy, or a review of one says about a person. What they say about others is left out.
type Mention struct {
	Job      string            `json:"job,omitempty"`      // ID of the job, or of that of the review
	Proposal uint64            `json:"proposal,omitempty"` // number of the proposal
	Kind     string            `json:"kind"`               // what the job does, the kind of the review, or "proposal"
	By       engine.Actor      `json:"by"`                 // who asked for it
	At       engine.Instant    `json:"at"`                 // when
	Says     []json.RawMessage `json:"says"`               // objects about the person, and texts that name them under the name of their field
}

// mention returns what a record of jobs, proposals and reviews says about the person; nil if that is nothing.
func (e *erasure) mention(b Bucket, record []byte) (*About, error) {
	var m *Mention
	switch b {
	case Jobs:
		j, err := decodeJob(record)
		if err != nil {
			return nil, err
		}
		m = &Mention{Job: j.ID, Kind: j.Kind, By: j.By, At: j.Asked}
		e.says(m, "problem", j.Problem, true)
		e.says(m, "hint", j.Hint, true)
		for _, object := range []json.RawMessage{j.Params, j.Cursor, j.Result} {
			e.saysIn(m, object, true)
		}
	case Proposals:
		p, err := decodeProposal(record)
		if err != nil {
			return nil, err
		}
		m = &Mention{Proposal: p.Number, Kind: "proposal", By: p.By, At: p.At}
		e.says(m, "note", p.Note, true)
	default:
		p, err := decodeProposed(record)
		if err != nil || p.part == proposedFiles {
			return nil, err
		}
		m = &Mention{Job: p.review.Job, Proposal: p.number, Kind: p.part, By: p.review.By, At: p.review.Asked}
		e.saysIn(m, p.json, false) // every text of it that is not in an object about a person is of the project
	}
	if len(m.Says) == 0 {
		return nil, nil
	}
	return &About{Mention: m}, nil
}

// saysIn takes what JSON says about the person.
func (e *erasure) saysIn(m *Mention, object json.RawMessage, texts bool) {
	var tree any
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if e.mayStandIn(object) && d.Decode(&tree) == nil {
		e.says(m, "", tree, texts)
	}
}

// says takes what a value says about the person: an object about them as a whole, and of every other thing the texts that name
// them, if those count.
func (e *erasure) says(m *Mention, field string, value any, texts bool) {
	switch node := value.(type) {
	case string:
		if texts && e.isWordOf(node) {
			m.Says = append(m.Says, jsonOf(map[string]any{field: node}))
		}
	case []any:
		for _, item := range node {
			e.says(m, field, item, texts)
		}
	case map[string]any:
		if e.isAboutThem(node) || field == "filter" && e.replaceKey(maps.Clone(node)) {
			m.Says = append(m.Says, jsonOf(node))
			return
		}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			switch {
			case slices.Contains(projectFields, name):
			case texts && e.isWordOf(name):
				m.Says = append(m.Says, jsonOf(map[string]any{name: node[name]}))
			default:
				e.says(m, name, node[name], texts)
			}
		}
	}
}

// rememberRuns remembers the keys of the person's runs, of the newest ones if there are too many.
func (e *erasure) rememberRuns() error {
	for before := []byte(nil); len(e.keys) < maxErasedKeys; {
		page := HistoryPage{}
		h := &historyReader{r: e.r, profile: e.profile, page: &page}
		if err := h.past(h.live(before), before, MaxHistory); err != nil {
			return err
		}
		for _, item := range page.Items {
			if item.Run != nil && len(e.keys) < maxErasedKeys {
				e.remember(item.Run)
			}
		}
		if before = page.Next; before == nil {
			return nil
		}
	}
	return nil
}
