package graph

// Options say how a flow is laid out.
type Options struct {
	// Numbers leaves room for numbers: three rows in a send, one beside what a run waits at and in each end,
	// and a place beside each line.
	Numbers bool
	// Most is how many boxes are drawn. Beyond it, a step with steps inside is closed, which is one box. 0: any number.
	Most int
	// Open are the steps that stay open.
	Open []string
	// Left names the steps from which an exit leaves; an empty one is before the first. Without it, and where it
	// names none, an exit leaves each step at which a run can stay.
	Left func(exit int) []string
}

// Drawing is a flow with the place of every element, in pixels from the left and the top.
type Drawing struct {
	W     float64 `json:"w"`
	H     float64 `json:"h"`
	Boxes []Box   `json:"boxes"` // frames before what they are around
	Lines []Line  `json:"lines"`
}

// Shape is the form of a box.
type Shape string

// The forms of boxes.
const (
	Card  Shape = "card"  // a step
	Pill  Shape = "pill"  // the label of a line
	Final Shape = "end"   // where a run ends
	Frame Shape = "frame" // around the steps of a repeat
	Begin Shape = "start" // what starts the flow
)

// Tone is the class of a colour.
type Tone string

// The colours: what a step does, and what a line depends on.
const (
	Send   Tone = "send"
	Wait   Tone = "wait"   // and what depends on time
	Choose Tone = "choose" // and what depends on a condition
	Do     Tone = "do"     // and what depends on an event
	Good   Tone = "good"   // the goal, and what depends on the person
	Bad    Tone = "bad"    // a failure
	End    Tone = "end"
)

// Box is one element of a drawing.
type Box struct {
	ID     string     `json:"id"` // step-ID, line-ID-1, exit-1, left-1 for the end of an exit, loop-ID, start or end
	Shape  Shape      `json:"shape"`
	Step   string     `json:"step,omitempty"` // the step that it shows, or that its line leaves
	Verb   string     `json:"verb,omitempty"` // of a card or an end
	Tone   Tone       `json:"tone"`
	Goal   bool       `json:"goal,omitempty"`
	Inside []string   `json:"inside,omitempty"` // the steps inside of a closed one, which are not drawn
	X      float64    `json:"x"`
	Y      float64    `json:"y"`
	W      float64    `json:"w"`
	H      float64    `json:"h"`
	Texts  []TextLine `json:"texts,omitempty"`
	Hint   string     `json:"hint,omitempty"` // a label in full
	Ways   []Way      `json:"ways,omitempty"` // what comes to an end, or by the line of a pill
	Number *Spot      `json:"number,omitempty"`
	Rows   []Row      `json:"rows,omitempty"` // of a send: sent, read, and goal or replied
}

// TextLine is one line of text in a box.
type TextLine struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"` // of its base line
	Size   float64 `json:"size"`
	Bold   bool    `json:"bold,omitempty"`
	Middle bool    `json:"middle,omitempty"` // X is its middle
	Said   string  `json:"said"`
}

// Row is room in a box for a bar and two numbers.
type Row struct {
	Said    string  `json:"said"` // its label
	Y       float64 `json:"y"`    // of the base line of its texts
	X       float64 `json:"x"`
	Bar     float64 `json:"bar"`
	BarW    float64 `json:"bar_w"`
	Number  float64 `json:"number"`  // where it ends
	Percent float64 `json:"percent"` // likewise
}

// Spot is room for a number.
type Spot struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// Line is a connection through points.
type Line struct {
	From   string  `json:"from"` // ID of the box that it leaves; of an exit whose lines have met, the first one's
	To     string  `json:"to"`
	Points []Point `json:"points"`
	Arrow  bool    `json:"arrow,omitempty"`
	Tone   Tone    `json:"tone,omitempty"` // good for the goal, bad for a failure
	Exit   int     `json:"exit,omitempty"` // of an exit: its place in the flow, from 1
	Back   bool    `json:"back,omitempty"` // it leads back to a step
	Ways   []Way   `json:"ways,omitempty"` // what takes it: their sum
	Number *Spot   `json:"number,omitempty"`
}

// Point is a place in a drawing.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Way names one of the counts of a flow.
type Way struct {
	Count Count  `json:"count"`
	Step  string `json:"step,omitempty"` // of an exit: empty before the first step
	At    int    `json:"at"`             // the place of a line or an exit, from 0
	As    string `json:"as,omitempty"`   // the name of an arm, or the outcome of what no line ended
}

// Count says what a way counts.
type Count string

// The counts of a flow that can stand at a line.
const (
	Came    Count = "came"    // runs that came to the step
	Skipped Count = "skipped" // of those, the ones for whom its condition was false
	Done    Count = "done"    // and the others
	On      Count = "on"      // runs that went on from the step
	Rest    Count = "rest"    // of those, the ones that no end counts
	ByLine  Count = "line"    // runs that a line of the step took on
	ByEnd   Count = "end"     // runs that went on by the outcome As, without a line
	ByArm   Count = "arm"     // runs that took the arm As
	ByExit  Count = "exit"    // runs that left the flow from the step by an exit
)
