package client

import (
	"context"
	"net/url"
	"strconv"
	"strings"
)

// Drawing is one version of a flow as it is drawn, in pixels from the left and the top.
type Drawing struct {
	Flow    string        `json:"flow"`
	Version string        `json:"version"`
	Active  bool          `json:"active"`
	About   string        `json:"about,omitempty"` // what the flow is for, in its own words
	W       float64       `json:"w"`
	H       float64       `json:"h"`
	Boxes   []DrawingBox  `json:"boxes"` // frames before what they are around
	Lines   []DrawingLine `json:"lines"`
}

// DrawingBox is one element of a drawing.
type DrawingBox struct {
	ID     string        `json:"id"`             // step-ID, line-ID-1, exit-1, left-1 for the end of an exit, loop-ID, start or end
	Shape  string        `json:"shape"`          // card, pill, end, frame or start
	Step   string        `json:"step,omitempty"` // the step that it shows, or that its line leaves
	Verb   string        `json:"verb,omitempty"` // of a card or an end
	Tone   string        `json:"tone"`           // send, wait, choose, do, good, bad or end
	Goal   bool          `json:"goal,omitempty"`
	Inside []string      `json:"inside,omitempty"` // the steps inside of a closed one, which are not drawn
	X      float64       `json:"x"`
	Y      float64       `json:"y"`
	W      float64       `json:"w"`
	H      float64       `json:"h"`
	Texts  []DrawingText `json:"texts,omitempty"`
	Hint   string        `json:"hint,omitempty"` // a label in full
	Ways   []Way         `json:"ways,omitempty"` // what comes to an end, or by the line of a pill
	Number *DrawingSpot  `json:"number,omitempty"`
	Rows   []DrawingRow  `json:"rows,omitempty"` // of a send: sent, read, and goal or replied
}

// DrawingText is one line of text in a box.
type DrawingText struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"` // of its base line
	Size   float64 `json:"size"`
	Bold   bool    `json:"bold,omitempty"`
	Middle bool    `json:"middle,omitempty"` // X is its middle
	Said   string  `json:"said"`
}

// DrawingRow is room in a box for a bar and two numbers.
type DrawingRow struct {
	Said    string  `json:"said"` // its label
	Y       float64 `json:"y"`    // of the base line of its texts
	X       float64 `json:"x"`
	Bar     float64 `json:"bar"`
	BarW    float64 `json:"bar_w"`
	Number  float64 `json:"number"`  // where it ends
	Percent float64 `json:"percent"` // likewise
}

// DrawingSpot is room for a number.
type DrawingSpot struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// DrawingLine is a connection through points.
type DrawingLine struct {
	From   string         `json:"from"` // ID of the box that it leaves; of an exit whose lines have met, the first one's
	To     string         `json:"to"`
	Points []DrawingPoint `json:"points"`
	Arrow  bool           `json:"arrow,omitempty"`
	Tone   string         `json:"tone,omitempty"` // good for the goal, bad for a failure
	Exit   int            `json:"exit,omitempty"` // of an exit: its place in the flow, from 1
	Back   bool           `json:"back,omitempty"` // it leads back to a step
	Ways   []Way          `json:"ways,omitempty"` // what takes it: their sum
	Number *DrawingSpot   `json:"number,omitempty"`
}

// DrawingPoint is a place in a drawing.
type DrawingPoint struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Way names one of the counts of a flow. Counts.Of finds it.
type Way struct {
	Count string `json:"count"` // came, skipped, done, on, rest, line, end, arm or exit
	Step  string `json:"step,omitempty"`
	At    int    `json:"at"`           // the place of a line or an exit, from 0
	As    string `json:"as,omitempty"` // the name of an arm, or the outcome of what no line ended
}

// DrawingQuery says what is drawn and how.
type DrawingQuery struct {
	Version      string   // empty: the active one
	Numbers      bool     // with room for numbers
	Open         []string // steps that are drawn with what is inside of them
	Since, Until string   // exits leave the steps from which runs left, as in CountsQuery; empty: every step at which a run can stay
}

// Drawing returns how a flow is drawn.
func (c *Client) Drawing(ctx context.Context, flow string, q DrawingQuery) (*Drawing, error) {
	values := url.Values{}
	for name, value := range map[string]string{"version": q.Version, "since": q.Since, "until": q.Until, "open": strings.Join(q.Open, ",")} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.Numbers {
		values.Set("numbers", strconv.FormatBool(true))
	}
	drawing := &Drawing{}
	return drawing, c.get(ctx, "/v1/flows/"+segment(flow)+"/drawing", values, drawing)
}

// Of returns the count that a way names. Runs that failed at a step count as gone on from it.
func (c *Counts) Of(w Way) int64 {
	if w.Count == "exit" {
		if w.At >= len(c.Exits) {
			return 0
		}
		for _, from := range c.Exits[w.At].From {
			if from.Step == w.Step {
				return from.Taken
			}
		}
		return 0
	}
	for i := range c.Steps {
		if c.Steps[i].Step == w.Step {
			return c.ofStep(&c.Steps[i], w)
		}
	}
	return 0
}

func (c *Counts) ofStep(s *StepCounts, w Way) int64 {
	taken := func(all []LineCount) int64 {
		for _, line := range all {
			if line.As == w.As {
				return line.Taken
			}
		}
		return 0
	}
	switch w.Count {
	case "came":
		return s.Came
	case "skipped":
		return s.Skipped
	case "done":
		return s.Came - s.Skipped
	case "line":
		if w.At < len(s.Lines) {
			return s.Lines[w.At].Taken
		}
	case "end":
		return taken(s.Ends)
	case "arm":
		return taken(s.Arms)
	case "rest":
		return max(0, c.wentOn(s)-sum(s.Ends))
	case "on":
		return c.wentOn(s)
	}
	return 0
}

// wentOn is how many runs went on from a step: by its lines, or those that came and are neither there nor left from there.
func (c *Counts) wentOn(s *StepCounts) int64 {
	if s.Verb == "repeat" || s.Verb == "wait" || s.Verb == "collect" {
		return s.Skipped + sum(s.Lines) + sum(s.Ends)
	}
	on := s.Came - s.Here
	for _, exit := range c.Exits {
		for _, from := range exit.From {
			if from.Step == s.Step {
				on -= from.Taken
			}
		}
	}
	return max(0, on)
}

func sum(all []LineCount) (n int64) {
	for _, line := range all {
		n += line.Taken
	}
	return n
}
