package prove

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
)

// Report is what was proved of one flow.
type Report struct {
	Flow   string `json:"flow"`
	Proved bool   `json:"proved"` // false: the budget was used up, and nothing below is a bound
	States int    `json:"states"`
	Coarse bool   `json:"coarse,omitempty"` // its bounds hold, but perhaps no run comes up to them
	Place  *Place `json:"place,omitempty"`  // where the budget ended, of a flow that is not proved

	Most       int        `json:"most"`               // messages of one run; NoBound for any number
	Loop       *Place     `json:"loop,omitempty"`     // the loop without times that may send any number
	Fewest     int        `json:"fewest"`             //
	Attempts   int        `json:"attempts,omitempty"` // posts, where on_unknown: resend may post a message again
	Categories []Category `json:"categories,omitempty"`
	Life       Life       `json:"life"`

	Endings     []Ending  `json:"endings"`
	Unreachable []Place   `json:"unreachable,omitempty"`
	Unhandled   []Place   `json:"unhandled,omitempty"` // waits that can end by an outcome no line of theirs names
	Holds       []Hold    `json:"holds,omitempty"`     // messages that wait for their hours
	Broken      []Promise `json:"broken,omitempty"`
	Unproved    []Promise `json:"unproved,omitempty"` // neither proved nor broken
	flow        *flows.Flow
	used        Budget // of states and work
	ranOut      bool   // with a larger budget, it may say more
	life        int64
	openings    []time.Time // of the hours of messages, on the days of a story
	project     *flows.Project
}

// RanOut reports whether the proof used up its budget at some place, so that with a larger one the
// report may say more.
func (r *Report) RanOut() bool { return r.ranOut }

// Moved is the report of a flow that is not proved, for the same version of the flow in a file in
// which its steps have moved.
func (r *Report) Moved(f *flows.Flow, p *flows.Project) *Report {
	moved := *r
	moved.flow, moved.project = f, p
	moved.Place = &Place{Step: r.Place.Step, Span: f.Steps[f.StepNamed(r.Place.Step)].Span}
	return &moved
}

// Category is the most messages of one category that a run can send.
type Category struct {
	Name string   `json:"name"`
	Most int      `json:"most"` // of one run
	Caps []CapUse `json:"caps,omitempty"`
}

// CapUse is a cap that nudge.yaml sets for a person, and the most that one run sends within
// its period.
type CapUse struct {
	Cap string `json:"cap"` // 3 per 7d
	In  int    `json:"in"`
}

// Life is how long a run can live.
type Life struct {
	Endless bool
	Most    time.Duration // a day counts as 24 hours; 292 years stand for more; 0 when it is endless
	Waits   []string      // the steps that may never end
	millis  int64
}

// String is the life in words.
func (l Life) String() string {
	if l.Endless {
		return "without end"
	}
	return span(l.millis)
}

// MarshalJSON writes the life in words.
func (l Life) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"most": l.String(), "endless": l.Endless, "waits": l.Waits})
}

// Ending is one way in which runs end.
type Ending struct {
	Outcome string `json:"outcome"`
	Goal    bool   `json:"goal,omitempty"`
	Story   Story  `json:"story"` // a shortest one that leads there
}

// Place is a step, with what is to be said of it.
type Place struct {
	Step    string    `json:"step"`
	Outcome string    `json:"outcome,omitempty"`
	Span    diag.Span `json:"span"`
}

// Hold is a message that may have to wait for its hours.
type Hold struct {
	Step    string `json:"step"`
	Longest string `json:"longest"`            // for which its hours are closed
	TooLate bool   `json:"too_late,omitempty"` // it may be unsent, because its max_delay is shorter
}

// Promise is one that is broken.
type Promise struct {
	What    string    `json:"what"`  // what was promised, as it is written
	Found   string    `json:"found"` // what can happen instead
	Span    diag.Span `json:"span"`
	Story   Story     `json:"story,omitempty"` // a shortest one that breaks it
	hint    string    // what to do where it is not proved
	ofCap   bool      // it is of a cap
	endless bool      // runs without end break it
}

// span is milliseconds in words: 3d, 2d 13h.
func span(ms int64) string {
	if ms == 0 {
		return "0s"
	}
	var words []string
	for _, u := range []struct {
		size int64
		name string
	}{{86_400_000, "d"}, {3_600_000, "h"}, {60_000, "m"}, {1000, "s"}, {1, "ms"}} {
		if n := ms / u.size; n > 0 {
			words = append(words, fmt.Sprintf("%d%s", n, u.name))
			ms -= n * u.size
		}
	}
	return strings.Join(words, " ")
}

// fails notes that a run can come to a limit of the engine, which fails it.
func (r *Report) fails() {
	if !slices.ContainsFunc(r.Endings, func(e Ending) bool { return e.Outcome == engine.OutcomeFailed }) {
		r.Endings = append(r.Endings, Ending{Outcome: engine.OutcomeFailed})
	}
}
