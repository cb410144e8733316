package story

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
)

// LineKind is what a line of a timeline is about.
type LineKind string

const (
	LineInput     LineKind = "input"     // what happened outside
	LineRun       LineKind = "run"       // what a run did
	LineCondition LineKind = "condition" // what a condition saw
	LineMessage   LineKind = "message"   // a message as it went out
	LineSkip      LineKind = "skip"      // what did not happen
)

// Line is one line of a timeline.
type Line struct {
	At      time.Time `json:"at"`
	Kind    LineKind  `json:"kind"`
	Run     int       `json:"run,omitempty"` // number of the run in the story
	Flow    string    `json:"flow,omitempty"`
	Profile string    `json:"profile,omitempty"`
	Text    string    `json:"text"`

	Campaign bool `json:"-"` // it is about a campaign, which a schedule began
}

// timeline is what happened in a world, in order.
type timeline struct {
	lines []Line
	seen  map[string]string       // the newest look at each condition of each run
	looks map[engine.RunID][]look // that are not told yet
}

func newTimeline() *timeline {
	return &timeline{seen: map[string]string{}, looks: map[engine.RunID][]look{}}
}

// look is a condition that a run looked at, before one of its entries.
type look struct {
	before int // index of the entry
	text   string
}

// Timeline is what has happened so far.
func (w *World) Timeline() []Line { return w.timeline.lines }

func (w *World) say(run int, kind LineKind, text string) {
	if kind == LineInput {
		w.moves(text)
	}
	line := Line{At: w.Now(), Kind: kind, Run: run, Text: text}
	if run > 0 {
		r := w.runs[run-1]
		line.Flow, line.Profile, line.Campaign = r.Flow.Name, r.Profile, r.Campaign != 0
	}
	w.timeline.lines = append(w.timeline.lines, line)
}

// sayCampaign says something of a campaign of a flow.
func (w *World) sayCampaign(f *flows.Flow, kind LineKind, text string) {
	w.timeline.lines = append(w.timeline.lines, Line{At: w.Now(), Kind: kind, Flow: f.Name, Campaign: true, Text: text})
}

// look notes a condition that the engine evaluated. A run that looks again and sees the
// same says so only once.
func (w *World) look(c engine.Condition) {
	text := Explain(c)
	if c.Run == nil {
		if c.Campaign != 0 {
			w.sayCampaign(c.Flow, LineCondition, c.Flow.Name+" for "+c.Profile+": "+text)
		} else {
			w.say(0, LineCondition, c.Flow.Name+": "+text)
		}
		return
	}
	place := c.Run.ID.String() + c.Expr.Span().String()
	if w.timeline.seen[place] == text {
		return
	}
	w.timeline.seen[place] = text
	w.timeline.looks[c.Run.ID] = append(w.timeline.looks[c.Run.ID], look{c.Run.Logged(), text})
}

// Explain is a condition with what it saw, in words.
func Explain(c engine.Condition) string {
	if c.Err != nil {
		return fmt.Sprintf("if %s cannot be evaluated: %v", c.Expr, c.Err)
	}
	text := fmt.Sprintf("if %s is %t", c.Expr, c.Holds)
	var saw []string
	for _, r := range c.Expr.Reads(c.Scope) {
		saw = append(saw, r.Path+" is "+valueText(r.Value))
	}
	if len(saw) > 0 {
		text += ": " + strings.Join(saw, ", ")
	}
	return text
}

// maxValue is how much of a value is shown, in bytes.
const maxValue = 80

func valueText(v any) string {
	if v == nil {
		return "absent"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(raw) > maxValue {
		return strings.ToValidUTF8(string(raw[:maxValue]), "") + "…"
	}
	return string(raw)
}

// show tells what is new about runs.
func (w *World) show(changes []engine.Change) {
	for _, c := range changes {
		r := w.byID[c.After.ID]
		looks := w.timeline.looks[c.After.ID]
		delete(w.timeline.looks, c.After.ID)
		fresh := r.Since(r.entries)
		for i, e := range fresh {
			looks = w.sayLooks(r, looks, r.Logged()-len(fresh)+i)
			w.sayEntry(r, e)
		}
		r.entries = r.Logged()
		w.sayLooks(r, looks, r.entries)
	}
}

// sayLooks tells the looks up to an entry and returns the others.
func (w *World) sayLooks(r *Run, looks []look, entry int) []look {
	for len(looks) > 0 && looks[0].before <= entry {
		w.say(r.Number, LineCondition, looks[0].text)
		looks = looks[1:]
	}
	return looks
}

func (w *World) sayEntry(r *Run, e engine.Entry) {
	w.Coverage.entry(r.Flow, e)
	text := engine.Describe(r.Flow, e)
	if e.Kind == engine.KindStarted {
		text = r.Flow.Name + " for " + r.Profile + " " + text
	}
	w.say(r.Number, LineRun, text)
	if e.Kind != engine.KindClaimed {
		return
	}
	for _, m := range slices.Backward(w.Messages) {
		if m.Run == r && m.Number == e.Message {
			if w.frames != nil {
				w.frames.sent = append(w.frames.sent, m)
			}
			w.say(r.Number, LineMessage, Rendered(&m.Content))
			return
		}
	}
}

// Rendered is a message as people see it, one thing to a line.
func Rendered(m *channels.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "to: %s\n", m.To)
	if m.From != nil {
		fmt.Fprintf(&b, "from: %s\n", senderName(m.From))
	}
	if m.Body != "" {
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(m.Body, "\n"))
	}
	for _, p := range m.Parts {
		fmt.Fprintf(&b, "part %s: %s%s\n", strings.TrimSpace(p.Name+" "+p.Type), p.Data, p.URL)
	}
	if a := m.Alert; a != nil {
		fmt.Fprintf(&b, "alert: %s: %s\n", a.Title, a.Body)
		writeJSON(&b, "apns", a.APNS)
		writeJSON(&b, "fcm", a.FCM)
	}
	if m.Metadata != nil {
		writeJSON(&b, "metadata", m.Metadata)
	}
	if len(m.Rules) > 1 || len(m.Rules) == 1 && m.Rules[0] != "appMessaging" { // the usual goes without saying
		fmt.Fprintf(&b, "rules: %s\n", strings.Join(m.Rules, ", "))
	}
	return strings.TrimRight(b.String(), "\n")
}

func senderName(s *channels.Sender) string {
	if s.Name != "" {
		return s.Name
	}
	return s.ID
}

func writeJSON(b *strings.Builder, name string, v any) {
	raw, err := json.Marshal(v)
	if err != nil || string(raw) == "null" {
		return
	}
	fmt.Fprintf(b, "%s: %s\n", name, raw)
}

// Write writes a timeline as text: the instant, the run, and what happened.
func Write(out io.Writer, lines []Line) error {
	for _, l := range lines {
		who := "      "
		if l.Run > 0 {
			who = fmt.Sprintf("run %-2d", l.Run)
		}
		mark := ""
		switch l.Kind {
		case LineInput:
			mark = "> "
		case LineCondition:
			mark = "? "
		case LineMessage:
			mark = "| "
		}
		at := Clock(l.At)
		for text := range strings.SplitSeq(l.Text, "\n") {
			if _, err := fmt.Fprintf(out, "%s  %s  %s%s\n", at, who, mark, text); err != nil {
				return err
			}
			at, who = strings.Repeat(" ", len(at)), "      "
		}
	}
	return nil
}

// Clock is an instant as timelines show it.
func Clock(at time.Time) string {
	return strings.ToLower(at.Format("Mon")) + at.Format(" 2006-01-02 15:04:05")
}

func (w *World) tell(at time.Time) string { return Clock(at.In(w.zone)) }

func decode(raw []byte, into any) bool { return len(raw) > 0 && json.Unmarshal(raw, into) == nil }
