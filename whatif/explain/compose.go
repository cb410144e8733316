package explain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/shape"
	"nudge/whatif/story"
)

// person is what the person of a recorded run is called in its test.
const person = "ann"

// Test returns a recording as a file with one test of a project, which passes. Nobody can
// see from it whose run it was: the person has another name, and every text is replaced
// unless the test would fail without it. An error says why the run cannot be written as a
// test of this project.
func (rec *Recording) Test(p *flows.Project) (string, error) {
	c := &composer{rec: rec, names: map[string]string{rec.Run.Profile: person}, clocks: true}
	failure := c.fails(p)
	if failure != nil { // in virtual time the provider answers sooner
		c.clocks = false
		failure = c.fails(p)
	}
	if failure != nil {
		return "", fmt.Errorf("the run cannot be written as a test of this project: %w", failure)
	}
	for _, text := range c.texts() {
		c.names[text] = fmt.Sprintf("text_%d", len(c.names))
		if c.fails(p) != nil {
			delete(c.names, text)
		}
	}
	return c.text(), nil
}

// composer writes the test of a recording.
type composer struct {
	rec   *Recording
	names map[string]string // texts by what stands in their place

	clocks bool // expect messages at their time

	out strings.Builder
	now int64 // seconds since the start of the test
}

// fails plays the test as it is now.
func (c *composer) fails(p *flows.Project) error {
	file, list := story.Parse(p, story.Folder+"/recorded.yaml", []byte(c.text()))
	if err := list.Err(); err != nil {
		return err
	}
	result, err := story.Play(file.Tests[0], story.Options{})
	if err != nil {
		return err
	}
	if f := result.Failure; f != nil {
		return fmt.Errorf("%s: %s\n%s", f.Span, f.Message, strings.Join(f.Diff, "\n"))
	}
	return nil
}

// start is the minute in which the run started.
func (c *composer) start() time.Time { return c.rec.Run.Started().Time().Truncate(time.Minute) }

func (c *composer) text() string {
	c.out.Reset()
	c.now = 0
	rec, start := c.rec, c.start()
	zone := rec.Zone.String()
	fmt.Fprintf(&c.out, "flow: %s\npeople:\n  %s: %s\n\ntests:\n", rec.Run.Flow, person, c.json(rec.Attributes))
	fmt.Fprintf(&c.out, "  - name: a run that happened\n    start: %s %s\n", start.In(rec.Zone).Format("2006-01-02 15:04"), zone)
	c.arms()
	c.answers()
	c.out.WriteString("    story:\n")
	for i := range rec.Moves {
		c.move(&rec.Moves[i])
	}
	return c.out.String()
}

// arms are those that the splits of the run dealt.
func (c *composer) arms() {
	var dealt []string
	for _, e := range c.rec.Run.Timeline {
		if e.Kind != engine.KindBranch || e.Step < 0 || c.rec.Flow.Steps[e.Step].Split == nil {
			continue
		}
		if arm := c.rec.Flow.Steps[e.Step].ID + ": " + e.Detail; !slices.Contains(dealt, arm) {
			dealt = append(dealt, arm)
		}
	}
	if len(dealt) > 0 {
		fmt.Fprintf(&c.out, "    arms: { %s }\n", strings.Join(dealt, ", "))
	}
}

// answers are what services answered at last.
func (c *composer) answers() {
	last := map[string]*recorded{}
	var steps []string
	for i := range c.rec.Moves {
		if m := &c.rec.Moves[i]; m.Fetched != nil {
			if last[m.Step] == nil {
				steps = append(steps, m.Step)
			}
			last[m.Step] = m
		}
	}
	if len(steps) == 0 {
		return
	}
	c.out.WriteString("    answers:\n")
	for _, step := range steps {
		answer := fmt.Sprintf("status: %d", last[step].Fetched.Status)
		if last[step].Fetched.Status == 0 {
			answer = "error: there was no answer"
		} else if raw := last[step].Fetched.JSON; raw != nil {
			answer += ", json: " + c.json(raw)
		}
		fmt.Fprintf(&c.out, "      %s: { %s }\n", step, answer)
	}
}

// move writes one move, after the time that has passed until then.
func (c *composer) move(m *recorded) {
	if m.Fetched != nil {
		return
	}
	c.pass(m.At)
	say := func(format string, args ...any) { fmt.Fprintf(&c.out, "      - "+format+"\n", args...) }
	and := func(key, value string) {
		if value != "" && value != "{}" {
			fmt.Fprintf(&c.out, "        %s: %s\n", key, value)
		}
	}
	switch {
	case m.Event != nil:
		say("event: %s", m.Event.Type)
		and("data", c.json(m.Event.Data))
	case m.Call != nil:
		say("call: %s", m.Call.Flow)
		and("key", c.quoted(m.Call.Key))
		and("data", c.json(m.Call.Data))
	case m.Reply != nil:
		say("reply: %s", cmp.Or(c.quoted(m.Reply.Text), `""`))
		and("parts", c.json(partsOf(m.Reply)))
		and("metadata", c.json(m.Reply.Metadata))
	case m.Profile != nil:
		say("profile: %s", c.json(m.Profile.Set))
	case m.Receipt != nil:
		say("%s: %s", m.Receipt.Status, m.Step)
		and("reason", c.quoted(m.Receipt.Reason))
	case m.Message && c.clocks:
		say("expect: { message: %s, to: %s, at: %s }", m.Step, person, strings.ToLower(c.instant(m.At).In(c.rec.Zone).Format("Mon 15:04")))
	case m.Message:
		say("expect: { message: %s, to: %s }", m.Step, person)
	case m.Ended:
		say("expect: { end: %s, goal: %t }", c.rec.Run.Outcome, c.rec.Run.Goal)
	}
}

// instant is when something happens in the test: the whole second after it did.
func (c *composer) instant(at time.Time) time.Time {
	return c.start().Add(time.Duration(c.seconds(at)) * time.Second)
}

func (c *composer) seconds(at time.Time) int64 {
	since := at.Sub(c.rec.Run.Started().Time())
	return int64((since + time.Second - 1) / time.Second)
}

// pass lets time pass until an instant.
func (c *composer) pass(at time.Time) {
	if until := c.seconds(at); until > c.now {
		passed := flows.Duration{Clock: time.Duration(until-c.now) * time.Second}
		fmt.Fprintf(&c.out, "      - after: %s\n", passed)
		c.now = until
	}
}

// texts are all texts that were said, each once.
func (c *composer) texts() (all []string) {
	add := func(text string) {
		if _, isTime := shape.ParseTime(text); text != "" && isTime != nil && c.names[text] == "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	eachText(c.rec.Attributes, func(key, text string) {
		if key != "timezone" {
			add(text)
		}
	})
	for i := range c.rec.Moves {
		switch m := &c.rec.Moves[i]; {
		case m.Event != nil:
			eachText(m.Event.Data, func(_, text string) { add(text) })
		case m.Call != nil:
			add(m.Call.Key)
			eachText(m.Call.Data, func(_, text string) { add(text) })
		case m.Reply != nil:
			add(m.Reply.Text)
			eachText(partsOf(m.Reply), func(_, text string) { add(text) })
			eachText(m.Reply.Metadata, func(_, text string) { add(text) })
		case m.Profile != nil:
			eachText(m.Profile.Set, func(_, text string) { add(text) })
		case m.Receipt != nil:
			add(m.Receipt.Reason)
		case m.Fetched != nil:
			eachText(m.Fetched.JSON, func(_, text string) { add(text) })
		}
	}
	return all
}

// partsOf is the parts of a reply as a story has them, or nil.
func partsOf(r *channels.Reply) json.RawMessage {
	if len(r.Parts) == 0 {
		return nil
	}
	raw, err := json.Marshal(r.Parts)
	if err != nil {
		return nil // data that is no JSON never came through a channel
	}
	return raw
}

// json is data with its texts replaced, on one line.
func (c *composer) json(raw json.RawMessage) string {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return "{}"
	}
	out, err := json.Marshal(mapTexts(value, func(text string) string {
		if name := c.names[text]; name != "" {
			return name
		}
		return text
	}))
	if err != nil {
		return "{}"
	}
	return string(out)
}

func (c *composer) quoted(text string) string {
	if text == "" {
		return ""
	}
	if name := c.names[text]; name != "" {
		text = name
	}
	raw, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(raw)
}

// eachText calls f with every text in JSON, and the key it stands under.
func eachText(raw json.RawMessage, f func(key, text string)) {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return
	}
	walkTexts("", value, f)
}

func walkTexts(key string, value any, f func(key, text string)) {
	switch v := value.(type) {
	case string:
		f(key, v)
	case []any:
		for _, item := range v {
			walkTexts(key, item, f)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			walkTexts(k, v[k], f)
		}
	}
}

// mapTexts is a value with every text put through f.
func mapTexts(value any, f func(string) string) any {
	switch v := value.(type) {
	case string:
		return f(v)
	case []any:
		for i := range v {
			v[i] = mapTexts(v[i], f)
		}
	case map[string]any:
		for k := range v {
			v[k] = mapTexts(v[k], f)
		}
	}
	return value
}
