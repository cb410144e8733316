package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/replay"
	"nudge/whatif/story"
)

// Question asks about one run, or about a person and a flow.
type Question struct {
	Run     engine.RunID // zero: about Profile and Flow
	Profile string
	Flow    string
}

// Answer is the answer to a question.
type Answer struct {
	Lines []story.Line // what concerned the question, in order
	Runs  int          // runs that the lines are about
	Asked int          // inputs that could have started a run of the flow for the person
	Flow  *flows.Flow  // the flow as it is deployed at the journal's end, or the run's version; nil for none
}

// Ask replays a journal and returns all that concerns a question. It calls tick for every
// input.
func Ask(ctx context.Context, src replay.Source, q Question, tick func()) (*Answer, error) {
	state, err := src.State()
	if err != nil {
		return nil, err
	}
	r, err := newReplayed(state)
	if err != nil {
		return nil, err
	}
	t := &teller{question: q, core: r.Core, store: r.Store, entries: map[engine.RunID]int{}, numbers: map[engine.RunID]int{},
		campaigns: map[uint64]*campaign{}, unheard: map[string]*unheard{}, answer: &Answer{}}
	r.Core.Observe(engine.Observer{Condition: t.look, Excluded: t.excluded})
	if err := r.through(ctx, src, t.tell, tick); err != nil {
		return nil, err
	}
	if t.failed != nil {
		return nil, t.failed
	}
	t.finishUnheard()
	if text := r.LeftOut(); text != "" {
		t.answer.Lines = append(t.answer.Lines, story.Line{At: r.Core.State.Stamp.Time(), Kind: story.LineSkip, Text: text})
	}
	if t.answer.Flow == nil {
		for _, f := range r.Core.Active() {
			if f.Name == q.Flow {
				t.answer.Flow = f
			}
		}
	}
	return t.answer, nil
}

// teller picks out of a replay what concerns a question.
type teller struct {
	question Question
	core     *engine.Engine
	store    *store.Store
	entries  map[engine.RunID]int
	numbers  map[engine.RunID]int
	answer   *Answer
	failed   error

	campaigns map[uint64]*campaign // of the flow that is asked about, by their numbers
	unheard   map[string]*unheard  // by type and reason

	// Of the input in hand.
	looks      []engine.Condition
	texts      []string // of the looks
	exclusions []exclusion
}

func (t *teller) look(c engine.Condition) {
	if c.Run != nil && !t.about(c.Run) || c.Run == nil && c.Flow.Name != t.question.Flow || t.ofAnother(&c) {
		return
	}
	text := story.Explain(c) // at once: what it saw may change
	if c.Run != nil {
		before := *c.Run // its entries so far tell where the look belongs
		c.Run = &before
	}
	t.looks, t.texts = append(t.looks, c), append(t.texts, text)
}

// about reports whether a run is asked about.
func (t *teller) about(r *engine.Run) bool {
	if t.question.Run != (engine.RunID{}) {
		return r.ID == t.question.Run
	}
	return r.Flow == t.question.Flow && r.Profile == t.question.Profile
}

// tell tells an input, if it concerns the question. A run's question ends with the run.
func (t *teller) tell(a *applied) bool {
	looks, texts := t.looks, t.texts
	t.looks, t.texts = nil, nil
	ofCampaign, err := t.campaignInput(a, looks, texts)
	t.exclusions = nil
	if err != nil {
		t.failed = err
		return false
	}
	candidate := t.candidate(a)
	var told []*engine.Run
	for _, c := range a.Changes {
		if t.about(c.After) {
			told = append(told, c.After)
		}
	}
	if !candidate && len(told) == 0 {
		t.passedOver(a)
		t.unheardEvent(a)
		return true
	}
	if !ofCampaign {
		t.say(a, 0, story.LineInput, inputText(a.Input))
	}
	for i, c := range looks {
		if c.Run == nil && (candidate || c.Campaign != 0 && !ofCampaign) {
			t.say(a, 0, story.LineCondition, texts[i])
		}
	}
	t.decisions(a, candidate)
	for _, r := range told {
		t.run(a, r, looks, texts)
	}
	return t.question.Run == (engine.RunID{}) || !slices.ContainsFunc(told, func(r *engine.Run) bool { return !r.Live() })
}

// candidate reports whether an input could have started a run of the flow for the person.
func (t *teller) candidate(a *applied) bool {
	if t.question.Run != (engine.RunID{}) || !slices.Contains(a.Needs.People, t.question.Profile) {
		return false
	}
	for _, f := range t.core.Active() {
		if f.Name == t.question.Flow && slices.ContainsFunc(f.Triggers, func(tr flows.Trigger) bool { return triggers(tr, a.Input) }) {
			t.answer.Asked++
			return true
		}
	}
	call, called := a.Input.Payload.(*engine.Call)
	called = called && call.Flow == t.question.Flow
	if called {
		t.answer.Asked++
	}
	return called
}

func triggers(t flows.Trigger, in *engine.Input) bool {
	switch p := in.Payload.(type) {
	case *engine.Event:
		return t.Event != "" && t.Event == p.Type
	case *engine.Reply:
		return t.Reply
	}
	return false
}

// decisions tells what a candidate came to.
func (t *teller) decisions(a *applied, candidate bool) {
	if !candidate {
		return
	}
	found := false
	for _, d := range a.Outcome.Answer.Decisions {
		if d.Flow != t.question.Flow {
			continue
		}
		found = true
		if d.Action == engine.DidPass {
			t.say(a, 0, story.LineSkip, passedText(d))
		}
		if d.Action == engine.DidSkip || d.Action == engine.DidQueue || d.Action == engine.DidCollect {
			t.say(a, 0, story.LineSkip, strings.TrimRight(fmt.Sprintf("%s %s: %s", d.Flow, d.Action, d.Reason), ": "))
		}
	}
	if !found && !elsewhere(a) {
		t.say(a, 0, story.LineSkip, t.question.Flow+" did not see it: something else handled it")
	}
}

// elsewhere reports whether other partitions have an event too. What the flow does by it may be decided there, or come back here
// afterwards.
func elsewhere(a *applied) bool {
	ev, ok := a.Input.Payload.(*engine.Event)
	return ok && (ev.Passed != nil || slices.ContainsFunc(a.Outcome.Answer.Decisions, func(d engine.Decision) bool { return d.Follows() }))
}

// run tells the new entries of a run, each condition where it was looked at.
func (t *teller) run(a *applied, r *engine.Run, looks []engine.Condition, texts []string) {
	if t.numbers[r.ID] == 0 {
		t.answer.Runs++
		t.numbers[r.ID] = t.answer.Runs
	}
	number, f := t.numbers[r.ID], t.core.Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
	if t.question.Run == r.ID {
		t.answer.Flow = f
	}
	sayLooks := func(upTo int) {
		for i := range looks {
			if c := &looks[i]; c.Run != nil && c.Run.ID == r.ID && c.Run.Logged() <= upTo {
				t.say(a, number, story.LineCondition, texts[i])
				c.Run = nil
			}
		}
	}
	fresh := r.Since(t.entries[r.ID])
	for i, e := range fresh {
		sayLooks(r.Logged() - len(fresh) + i)
		t.say(a, number, story.LineRun, engine.Describe(f, e))
		for _, p := range a.Outcome.Posts {
			if e.Kind == engine.KindClaimed && p.Run == r.ID && p.Message == e.Message {
				shown := p.Content.WithPreferences(channels.ExamplePreferencesURL)
				t.say(a, number, story.LineMessage, story.Rendered(&shown))
			}
		}
	}
	sayLooks(r.Logged())
	t.entries[r.ID] = r.Logged()
}

func (t *teller) say(a *applied, run int, kind story.LineKind, text string) {
	t.answer.Lines = append(t.answer.Lines, story.Line{At: a.Stamp.Time(), Kind: kind, Run: run,
		Flow: t.question.Flow, Profile: t.question.Profile, Text: text})
}

// inputText is an input in words.
func inputText(in *engine.Input) string {
	switch p := in.Payload.(type) {
	case *engine.Event:
		return strings.TrimRight(fmt.Sprintf("event %s of %s %s", p.Type, orNobody(p.Profile), p.Data), " ")
	case *engine.Reply:
		where := ""
		if p.Conversation != "" {
			where = " in " + p.Conversation
		}
		return fmt.Sprintf("reply by %s%s: %s", p.Profile, where, p.Text)
	case *engine.Receipt:
		return "receipt: " + p.Status.String()
	case *engine.SendResult:
		return "the provider: " + p.Outcome.String()
	case *engine.Call:
		return fmt.Sprintf("call of %s for %s", p.Flow, p.Profile)
	case *engine.ProfileChange:
		return fmt.Sprintf("profile of %s %s", p.Profile, p.Set)
	}
	return in.Kind().String()
}

func orNobody(profile string) string {
	if profile == "" {
		return "nobody"
	}
	return profile
}
