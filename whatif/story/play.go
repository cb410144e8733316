package story

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
)

// Options are optional.
type Options struct {
	// Snapshot returns a message that was kept under a name, and whether there is one.
	// Nil: there are none.
	Snapshot func(name string) (text string, ok bool)
	// Keep is given the messages of snapshots that differ, or that there are none of, in
	// place of a failure. Nil: they fail.
	Keep func(name, text string)
	// Frames is whether the result has the frames of the story.
	Frames bool
}

// Result is how a test went.
type Result struct {
	Test     *Test
	Failure  *Failure // nil: all went as expected
	Timeline []Line
	Coverage *Coverage
	Frames   []Frame // if they were asked for
	LeftOut  int     // frames beyond MaxFrames
}

// Failure is the first place at which a test failed.
type Failure struct {
	Span    diag.Span
	Message string
	Diff    []string // lines that begin with "- " for expected, "+ " for got, else two blanks
}

// Play plays a test. An error is a fault of ours: the world could not be made. Everything
// after that is a failure of the test.
func Play(t *Test, o Options) (*Result, error) {
	w, err := makeWorld(t.File.Flows, t.People(), t.Start, t.File.Folder, o.Frames)
	if err != nil {
		return nil, err
	}
	w.answers = t.Answers
	w.Deal(t.Arms)
	p := &player{world: w, test: t, options: o}
	failure := p.play()
	result := &Result{Test: t, Failure: failure, Timeline: w.Timeline(), Coverage: w.Coverage}
	if w.frames != nil {
		result.Frames, result.LeftOut = w.frames.all, w.frames.leftOut
	}
	return result, nil
}

// player is a test being played.
type player struct {
	world   *World
	test    *Test
	options Options
}

func (p *player) play() *Failure {
	story := p.test.story
	for i := 0; i < len(story); {
		if story[i].Kind != moveExpect {
			if f := p.move(&story[i]); f != nil {
				return f
			}
			i++
			continue
		}
		var group []expectation // expectations without an input between them are one
		for ; i < len(story) && story[i].Kind == moveExpect; i++ {
			group = append(group, story[i].Expect...)
		}
		if f := p.expect(group); f != nil {
			return f
		}
	}
	return p.end()
}

// move carries out a move that is an input.
func (p *player) move(m *move) *Failure {
	asked := len(p.world.unanswered)
	if err := p.do(m); err != nil {
		return &Failure{Span: m.Span, Message: err.Error()}
	}
	if all := p.world.unanswered; len(all) > asked {
		return &Failure{Span: m.Span, Message: fmt.Sprintf(
			"step %s fetches data, but the test has no answer for it; add answers: { %s: { json: … } }", all[asked], all[asked])}
	}
	return nil
}

func (p *player) do(m *move) error {
	w := p.world
	switch m.Kind {
	case moveEvent:
		for range m.Times {
			if err := w.event(m.ID, m.Name, m.By, m.Data); err != nil {
				return err
			}
		}
		return nil
	case moveCall:
		return w.Call(m.Name, m.By, m.Key, m.Data)
	case moveReply:
		return w.Reply(m.Reply)
	case moveReceipt:
		return w.ReportNth(m.Name, m.By, m.Nth, m.Status, m.Text)
	case moveProfile:
		return w.Profile(m.By, m.Data)
	case moveArms:
		w.Deal(m.Arms)
		return nil
	case moveAnswers:
		w.Answer(m.Answers)
		return nil
	case moveAfter:
		w.say(0, LineInput, "after "+m.After.String())
		return w.PassUntil(m.After.After(w.Now(), w.zone))
	case moveAt:
		return w.passTo(m.At)
	}
	return fmt.Errorf("a move of no kind")
}

// Event sends an event.
func (w *World) Event(kind, who string, data []byte) error { return w.event("", kind, who, data) }

// event sends an event with an id. The same id again is a redelivery; an empty id is none.
func (w *World) event(id, kind, who string, data []byte) error {
	again := ""
	if id != "" {
		again = " " + id
	}
	w.say(0, LineInput, strings.TrimRight("event "+kind+again+byWhom(who)+" "+string(data), " "))
	return w.Input(&engine.Input{ID: id, Payload: &engine.Event{Type: kind, Profile: who, Data: data}})
}

// Call calls a flow for somebody.
func (w *World) Call(flow, who, key string, data []byte) error {
	w.say(0, LineInput, strings.TrimRight("call "+flow+byWhom(who)+" "+string(data), " "))
	if len(data) == 0 {
		data = []byte("{}")
	}
	return w.Input(&engine.Input{Payload: &engine.Call{Flow: flow, Profile: who, Key: key, By: "call", Data: data}})
}

// AnyMessage is the name of the newest message, whatever it is called.
const AnyMessage = "any"

// Report has the provider report a status of the newest message with a name, to somebody or,
// if who is empty, to anybody. The name is that of a template or a step, or [AnyMessage].
func (w *World) Report(name, who string, status channels.Status, reason string) error {
	return w.ReportNth(name, who, 0, status, reason)
}

// ReportNth is Report for the nth message with that name, from 1; 0 is the newest.
func (w *World) ReportNth(name, who string, nth int, status channels.Status, reason string) error {
	m, err := w.sent(name, who, nth)
	if err != nil {
		return fmt.Errorf("%s cannot be %s: %w", name, status, err)
	}
	w.say(0, LineInput, fmt.Sprintf("%s to %s: %s", m.Step.ID, m.Content.To, status))
	return w.Input(w.receipt(m, status, reason))
}

// Profile changes what is known of somebody.
func (w *World) Profile(who string, set []byte) error {
	w.say(0, LineInput, "profile of "+who+" "+string(set))
	return w.Input(&engine.Input{Payload: &engine.ProfileChange{Profile: who, Set: set}})
}

// Deal sets which arms splits deal from here on, by the id of the split. Splits that are not
// named deal as they did.
func (w *World) Deal(arms Arms) {
	all := maps.Clone(w.arms)
	if all == nil {
		all = Arms{}
	}
	maps.Copy(all, arms)
	w.arms = all
}

// Answer sets what services answer from here on. Fetch steps that are not named keep their
// answers.
func (w *World) Answer(a Answers) {
	all := Answers{}
	for _, given := range []Answers{w.answers, a} {
		for id, answer := range given {
			all[id] = answer
		}
	}
	w.answers = all
}

// PassTo lets time pass until the next time that a clock shows the moment.
func (w *World) PassTo(m *flows.Moment) error { return w.passTo(&clock{Moment: m}) }

// passTo lets time pass until the next time that a clock shows the moment.
func (w *World) passTo(m *clock) error {
	at, ahead, err := m.next(w.Now(), w.zone)
	if err != nil {
		return err
	}
	if !ahead {
		return fmt.Errorf("%s is in the past: it is already %s", Clock(at.In(w.zone)), w.tell(w.Now()))
	}
	w.say(0, LineInput, "until "+w.tell(at))
	return w.PassUntil(at)
}

// sent returns the nth message with a name, to somebody or, if who is empty, to anybody; 0 is
// the newest.
func (w *World) sent(name, who string, nth int) (*Message, error) {
	all := slices.DeleteFunc(slices.Clone(w.Messages), func(m *Message) bool {
		return name != AnyMessage && !m.called(name) || who != "" && m.Content.To != who
	})
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("it was not sent%s", toWhom(who))
	case nth > len(all):
		return nil, fmt.Errorf("it was sent%s only %d times, not %d", toWhom(who), len(all), nth)
	case nth > 0:
		return all[nth-1], nil
	}
	return all[len(all)-1], nil
}

func (w *World) newest(is func(*Message) bool) *Message {
	for i := len(w.Messages) - 1; i >= 0; i-- {
		if is(w.Messages[i]) {
			return w.Messages[i]
		}
	}
	return nil
}

// called reports whether a message goes by a name: its template's or its step's.
func (m *Message) called(name string) bool { return m.Step.ID == name || m.Step.Send.Template == name }

func toWhom(who string) string {
	if who == "" {
		return ""
	}
	return " to " + who
}

func byWhom(who string) string {
	if who == "" {
		return ""
	}
	return " by " + who
}
