package prove

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/flows"
	"nudge/lang/shape"
)

// storyStart is when every written story begins: a Monday.
var storyStart = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// Test writes a story as a file of tests with one test, for nudge test and nudge simulate.
// Why is empty when the test passes: it has been played. Otherwise it says why no test can
// show the story, and the text has comments for what is missing.
func (r *Report) Test(name string, s Story) (text, why string) {
	for _, told := range withValues(s) {
		for _, start := range r.starts() {
			t, y := r.try(name, told, start)
			if text == "" || y == "" || y == whyCapped {
				text, why = t, y
			}
			if why == "" || why == whyCapped {
				return text, why
			}
		}
	}
	return text, why
}

// starts are instants at which a story may begin. It makes a difference where a time of day
// is counted from the start of the run, and where messages wait for their hours.
func (r *Report) starts() []time.Time {
	all := []time.Time{storyStart}
	if r.countsDays() {
		all = append(all, storyStart.Add(-9*time.Hour), storyStart.Add(12*time.Hour))
	}
	return append(all, r.openings...)
}

// countsDays reports whether the flow has a time of day that is counted from another day, or
// a line that waits for hours.
func (r *Report) countsDays() bool {
	counts := func(lines []flows.Line) bool {
		return slices.ContainsFunc(lines, func(l flows.Line) bool { return l.At != nil && l.At.OnDay || l.Open != nil })
	}
	return counts(r.flow.Exits) || slices.ContainsFunc(r.flow.Steps, func(s flows.Step) bool {
		return s.Wait != nil && counts(s.Wait.Lines) || s.Repeat != nil && counts(s.Repeat.Until) || s.Collect != nil && counts(s.Collect.Until)
	})
}

// literals finds values in a condition.
var literals = regexp.MustCompile(`"[^"]*"|\d+(\.\d+)?`)

// withValues are a story and others like it, in which the replies are what their conditions
// name, or near it. A condition too involved to be solved often holds for one of them.
func withValues(s Story) []Story {
	all := []Story{s}
	for i := range s {
		if s[i].Kind != MoveReply || !slices.ContainsFunc(s[i].Needs, func(n Need) bool { return !n.Told }) {
			continue
		}
		values := []string{"hello"}
		for _, n := range s[i].Needs {
			for _, text := range literals.FindAllString(n.Condition, -1) {
				values = append(values, strings.Trim(text, `"`))
				if number, err := strconv.Atoi(text); err == nil {
					values = append(values, strconv.Itoa(number+1), strconv.Itoa(number-1))
				}
			}
		}
		for _, v := range values {
			other := slices.Clone(s)
			other[i].Text, other[i].Needs = v, nil
			all = append(all, other)
		}
	}
	return all
}

// written is a story as a test.
func (r *Report) written(name string, s Story, start time.Time) *writer {
	w := &writer{f: r.flow}
	w.person = "ann"
	w.line("flow: %s", r.Flow)
	w.line("people:")
	w.line("  %s: { timezone: UTC }", w.person)
	w.line("tests:")
	w.line("  - name: %s", quoted(name))
	w.line("    start: %s UTC", start.Format("2006-01-02 15:04"))
	w.arms(s)
	w.line("    story:")
	w.answers(s)
	for i, m := range s {
		if m.Kind == MoveProfile && i+1 < len(s) && s[i+1].Kind == MoveTime && m.At > w.at {
			m.At-- // time that passes lets the timer ring
		}
		w.move(m)
	}
	return w
}

func (r *Report) try(name string, s Story, start time.Time) (text, why string) {
	w := r.written(name, s, start)
	text = w.out.String()
	switch {
	case r.plays(text):
		return text, ""
	case w.missing != "":
		return text, w.missing
	case r.cappedLast(s, start):
		return text, whyCapped
	case len(r.Holds) > 0:
		return text, whyHours
	case r.countsDays():
		return text, whyStart
	}
	return text, WhyUnknown
}

// Why a story does not play of which nothing is missing.
const (
	WhyUnknown = "nudge test plays it otherwise"
	whyCapped  = "a cap holds its last message back"
	whyHours   = "its messages wait for their hours"
	whyStart   = "it hangs on the time of day at which the run starts"
)

// arms says which arms the splits of a story deal.
func (w *writer) arms(s Story) {
	dealt := map[string]string{}
	for _, m := range s {
		for _, n := range m.Needs {
			if n.split != nil {
				dealt[n.split.ID] = n.split.Split[n.arm].As
			}
		}
	}
	if len(dealt) == 0 {
		return
	}
	var words []string
	for _, split := range slices.Sorted(maps.Keys(dealt)) {
		words = append(words, split+": "+dealt[split])
	}
	w.line("    arms: { %s }", strings.Join(words, ", "))
}

// writer writes one story.
type writer struct {
	f       *flows.Flow
	person  string
	missing string // what no test can say
	at      int64  // how far the story has come
	out     strings.Builder
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

func quoted(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("prove: " + err.Error())
	}
	return string(text)
}

// answer is an answer of a fetch that has its shape.
func (w *writer) answer(step string) any {
	if i := w.f.StepNamed(step); i >= 0 && w.f.Steps[i].Fetch != nil && w.f.Steps[i].Fetch.Shape != nil {
		return sample(step, w.f.Steps[i].Fetch.Shape)
	}
	return map[string]any{}
}

// answers says at the beginning how services answer: a story's fetch asks at once.
func (w *writer) answers(story Story) {
	status := map[string]int{}
	for _, m := range story {
		switch m.Kind {
		case MoveFetched:
			status[m.Step] = 200
		case MoveNotFetched:
			status[m.Step] = 500
		}
	}
	for _, step := range slices.Sorted(maps.Keys(status)) {
		w.line("      - answers: { %s: { status: %d, json: %s } }", step, status[step], quoted(w.answer(step)))
	}
}

func (w *writer) move(m Move) {
	if m.At > w.at && m.Kind != MoveTime {
		w.pass(m.At)
	}
	switch m.Kind {
	case MoveStart:
		w.start(m)
	case MoveTime:
		w.pass(m.At)
	case MoveMessage:
		w.line("      - expect: %s", m.Message)
	case MoveHeldBack:
		w.missing = "it needs a message that is held back: " + m.Message
		w.line("      # %s is held back by an opt-out, a cap or its max_delay", m.Message)
	case MoveRefused, MoveFailed:
		w.line("      - failed: %s", w.message(m))
	case MoveDelivered, MoveRead:
		w.line("      - %s: %s", m.Kind, w.message(m))
	case MoveReply:
		w.line("      - reply: %s", quoted(m.Text))
	case MoveProfile:
		if len(m.Data) > 0 {
			w.line("      - profile: %s", quoted(m.Data))
		}
	case MoveEvent:
		w.line("      - event: %s", m.Event)
		if m.By != "" {
			w.line("        by: %s", m.By)
		}
		w.data(w.values(flows.NameEvent, w.f.EventShape(m.Event), m.Data))
	case MoveEnd:
		w.end(m)
	}
	w.needs(m)
}

// needs says in comments for what no value was found.
func (w *writer) needs(m Move) {
	for _, n := range m.Needs {
		if n.Told {
			continue
		}
		condition := n.Condition
		if !n.Holds {
			condition = "not " + condition
		}
		w.line("        # here: %s", condition)
		w.missing = "no value was found for the condition " + n.Condition
	}
	if m.odd != "" {
		w.missing = m.odd
	}
}

// message names the message of a receipt: by its step where several steps send it.
func (w *writer) message(m Move) string {
	steps := 0
	for i := range w.f.Steps {
		if s := w.f.Steps[i].Send; s != nil && s.Template == m.Message {
			steps++
		}
	}
	switch {
	case m.Message == "":
		return "any"
	case steps > 1:
		return m.Step
	}
	return m.Message
}

func (w *writer) end(m Move) {
	if m.Goal {
		w.line("      - expect: { end: %s, goal: true }", m.Outcome)
		return
	}
	w.line("      - expect: { end: %s }", m.Outcome)
}

// pass lets time pass up to an instant of the story.
func (w *writer) pass(to int64) {
	if to > w.at {
		w.line("      - after: %s", strings.ReplaceAll(span(to-w.at), " ", ""))
		w.at = to
	}
}

func (w *writer) data(data map[string]any) {
	if len(data) > 0 {
		w.line("        data: %s", quoted(data))
	}
}

// values are data of a shape: what is given, and for the rest any value that fits. All
// keys are alike, so that events find the run.
func (w *writer) values(root string, t *shape.Type, given map[string]any) map[string]any {
	data := map[string]any{}
	if t != nil {
		for name, field := range t.Fields {
			if !field.Optional {
				data[name] = sample(name, field)
			}
		}
	}
	for i := range w.f.Triggers {
		if key := w.f.Triggers[i].Key; key != nil {
			w.sameKey(root, t, key, data)
		}
	}
	if t := w.f.Listening; root == flows.NameEvent {
		for _, heard := range t {
			for _, line := range slices.Concat(heard.Exits, heard.Waits, heard.Untils) {
				w.sameKey(root, heard.Shape, line.Key, data)
			}
		}
	}
	w.nameFields(t, data)
	for name, value := range given {
		if at, ok := value.(anchored); ok {
			value = textOf(at, t, name)
		}
		data[name] = value
	}
	if t != nil && t.Kind == shape.KindMap && !t.Open {
		maps.DeleteFunc(data, func(name string, _ any) bool { _, ok := t.Fields[name]; return !ok })
	}
	return data
}

// textOf is an instant as a field of a shape has it: a day, or a time.
func textOf(at anchored, t *shape.Type, field string) string {
	layout := time.RFC3339
	if t != nil && t.Fields[field] != nil && t.Fields[field].Kind == shape.KindDate {
		layout = time.DateOnly
	}
	return storyStart.Add(time.Duration(at) * time.Millisecond).Format(layout)
}

// sameKey sets the field that a key reads.
func (w *writer) sameKey(root string, t *shape.Type, key *flows.Expr, data map[string]any) {
	if key == nil {
		return
	}
	field, ok := strings.CutPrefix(key.String(), flows.NameEvent+".")
	if !ok || strings.Contains(field, ".") {
		return
	}
	if t != nil && t.Fields[field] != nil && t.Fields[field].Kind == shape.KindNumber {
		data[field] = 1
		return
	}
	if root == flows.NameEvent || data[field] != nil {
		data[field] = "k1"
	}
}

// sample is any value of a type.
func sample(name string, t *shape.Type) any {
	switch {
	case len(t.Words) > 0:
		return t.Words[0]
	case t.Kind == shape.KindString && strings.Contains(name, "currency"):
		return "EUR" // templates refuse codes that do not exist
	case t.Kind == shape.KindNumber:
		return 1
	case t.Kind == shape.KindBoolean:
		return true
	case t.Kind == shape.KindTime:
		return storyStart.Add(30 * 24 * time.Hour).Format(time.RFC3339)
	case t.Kind == shape.KindDate:
		return storyStart.Add(30 * 24 * time.Hour).Format(time.DateOnly)
	case t.Kind == shape.KindList:
		return []any{sample(name, t.Elem)}
	case t.Kind == shape.KindMap:
		fields := map[string]any{}
		for field, of := range t.Fields {
			if !of.Optional {
				fields[field] = sample(field, of)
			}
		}
		return fields
	}
	return name
}
