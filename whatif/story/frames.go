package story

import (
	"time"

	"nudge/engine"
	"nudge/flows"
)

const (
	// MaxFrames is how many frames of one story are kept; those beyond it are counted.
	MaxFrames = 1000
	// maxFrameRuns is how many runs a frame shows; those beyond it are in no frame.
	maxFrameRuns = 100
)

// Frame is one thing that happens in a story, with all that follows from it at that instant. Time
// that passes makes a frame for each instant at which something happens.
type Frame struct {
	At         time.Time      `json:"at"`
	Input      string         `json:"input,omitempty"` // the move of the story; empty before the first
	Entries    []Line         `json:"entries"`         // what runs did, and what did not happen
	Steps      []FrameStep    `json:"steps"`           // that runs took, in order
	Messages   []FrameMessage `json:"messages"`        // that went out
	Conditions []Line         `json:"conditions"`      // that were looked at, with the values they saw
	Runs       []FrameRun     `json:"runs"`            // where the runs of the story are then
}

// FrameStep is a step that a run took.
type FrameStep struct {
	Run  int    `json:"run"` // number of the run in the story
	Flow string `json:"flow"`
	Step string `json:"step"`
}

// FrameMessage is a message that went out, as its person reads it.
type FrameMessage struct {
	Run  int    `json:"run"`
	Flow string `json:"flow"`
	Step string `json:"step"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// FrameRun is where a run is after a frame.
type FrameRun struct {
	Run     int    `json:"run"`
	Flow    string `json:"flow"`
	Profile string `json:"profile"`
	Step    string `json:"step,omitempty"`    // where it waits
	Outcome string `json:"outcome,omitempty"` // how it ended
	Goal    bool   `json:"goal,omitempty"`
}

// frames takes down the frames of a world.
type frames struct {
	all     []Frame
	leftOut int
	read    int         // lines of the timeline that are in frames
	input   string      // the newest move
	fresh   bool        // it has no frame yet
	steps   []takenStep // that are in no frame yet
	sent    []*Message  // likewise
}

// takenStep is a step that a run took, whose number may not be known yet.
type takenStep struct {
	run  engine.RunID
	flow string
	step string
}

// steps notes a step that a run takes.
func (w *World) steps(r *engine.Run, f *flows.Flow, step int) {
	w.Coverage.step(r, f, step)
	if s := w.frames; s != nil {
		s.steps = append(s.steps, takenStep{r.ID, f.Name, f.Steps[step].ID})
	}
}

// frame makes a frame of what has happened since the last one, at this instant; if that is nothing,
// only with always, for a move that led to nothing.
func (w *World) frame(always bool) {
	s := w.frames
	if s == nil {
		return
	}
	f := Frame{At: w.Now(), Input: s.input, Entries: []Line{}, Steps: []FrameStep{}, Messages: []FrameMessage{}, Conditions: []Line{}, Runs: []FrameRun{}}
	for _, l := range w.timeline.lines[s.read:] {
		switch l.Kind {
		case LineRun, LineSkip:
			f.Entries = append(f.Entries, l)
		case LineCondition:
			f.Conditions = append(f.Conditions, l)
		}
	}
	s.read = len(w.timeline.lines)
	for _, t := range s.steps {
		if r := w.byID[t.run]; r != nil {
			f.Steps = append(f.Steps, FrameStep{r.Number, t.flow, t.step})
		}
	}
	for _, m := range s.sent {
		f.Messages = append(f.Messages, FrameMessage{m.Run.Number, m.Run.Flow.Name, m.Step.ID, m.Content.To, Rendered(&m.Content)})
	}
	s.steps, s.sent = nil, nil
	if !(always && s.fresh) && len(f.Entries)+len(f.Conditions)+len(f.Steps)+len(f.Messages) == 0 {
		return
	}
	s.fresh = false
	if len(s.all) == MaxFrames {
		s.leftOut++
		return
	}
	for _, r := range w.runs[:min(len(w.runs), maxFrameRuns)] {
		f.Runs = append(f.Runs, r.frame())
	}
	s.all = append(s.all, f)
}

// frame is where a run is.
func (r *Run) frame() FrameRun {
	shown := FrameRun{Run: r.Number, Flow: r.Flow.Name, Profile: r.Profile, Outcome: r.Outcome, Goal: r.Goal}
	if r.Live() {
		shown.Step = r.Flow.Steps[r.At].ID
	}
	return shown
}

// moves notes a move of the story. Its frame comes with what follows from it.
func (w *World) moves(text string) {
	if s := w.frames; s != nil {
		s.input, s.fresh = text, true
	}
}
