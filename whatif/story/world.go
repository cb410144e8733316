package story

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/shape"
	"nudge/runner"
	"nudge/sandbox/people"
	"nudge/store"
	"nudge/store/memory"
)

// senders is how many messages the provider takes at a time. Nothing waits for one here.
const senders = 1000

// maxSteps is how many steps of the loop one move may take: a story that goes round in
// one instant comes to an end.
const maxSteps = 100_000

// installation is that of every story, so that the same story makes the same ids.
var installation = engine.Installation{'s', 't', 'o', 'r', 'y'}

// World is a project's flows in virtual time: the real loop over a store in memory, and
// people who do what their scripts say. It belongs to one goroutine.
type World struct {
	loop      *runner.Loop
	kv        *memory.KV // what the store is kept in
	kept      *store.Store
	audiences *audience.Snapshots
	now       time.Time
	zone      *time.Location // in which the story tells time
	next      engine.Instant // of the loop's next timer; 0 for none
	again     bool           // the loop has more to do at once
	acts      []act          // that people will do, in the order in which they come
	scripts   map[string]people.Script
	answers   Answers
	queue     []*runner.Group // what follows from posts and fetches at this instant

	runs       []*Run
	byID       map[engine.RunID]*Run
	Others     people.Script // what people do who have no script of their own; nil for nothing
	Messages   []*Message    // that went out, in order
	Skips      []*Skip       // starts that did not happen
	Unanswered []string      // fetch steps that asked what the story has no answer for

	emitted  []*Emission // by runs, as far as the journal was read
	read     uint64      // the number of the input up to which it was
	timeline *timeline
	Coverage *Coverage
}

// Run is a run of a story.
type Run struct {
	*engine.Run
	Number  int // in the story, from 1
	Flow    *flows.Flow
	entries int          // of its timeline that were told
	seen    map[int]bool // entries that an expectation has taken
}

// Message is a message that went out.
type Message struct {
	Run      *Run
	Number   int // within its run
	Step     *flows.Step
	At       time.Time
	Content  channels.Message
	expected bool
}

// Skip is a start that did not happen.
type Skip struct {
	engine.Decision
	seen bool
}

// Emission is an event that a run emitted.
type Emission struct {
	*engine.Event
	seen bool
}

// act is something that somebody will do.
type act struct {
	at   time.Time
	does func() error
}

// NewWorld is a world in which the flows are deployed and the people known, at an
// instant of a zone. The folder of the project is where audiences are read from; it may be
// nil.
func NewWorld(deployed []*flows.Flow, people []Person, start time.Time, folder fs.FS) (*World, error) {
	kv := new(memory.KV)
	if err := store.Create(kv, installation); err != nil {
		return nil, err
	}
	kept, err := store.Open(kv)
	if err != nil {
		return nil, err
	}
	core, err := kept.Engine()
	if err != nil {
		return nil, err
	}
	w := newWorld(kept, core, start, folder)
	w.kv = kv
	return w, w.begin(deployed, people)
}

func newWorld(kept *store.Store, core *engine.Engine, now time.Time, folder fs.FS) *World {
	w := &World{
		loop: runner.NewLoop(kept, core, senders), kept: kept, now: now, zone: now.Location(),
		scripts: map[string]people.Script{}, byID: map[engine.RunID]*Run{}, timeline: newTimeline(), Coverage: NewCoverage(),
		audiences: audience.NewSnapshots(audience.Sources{Project: folder, People: kept}),
	}
	w.loop.UseAudiences(w.audiences)
	core.Observe(engine.Observer{Step: w.Coverage.step, Condition: w.look})
	return w
}

// number makes a run one of the world's.
func (w *World) number(known *engine.Run) *Run {
	r := &Run{Number: len(w.runs) + 1, seen: map[int]bool{},
		Flow: w.loop.Core().Flow(engine.FlowVersion{Flow: known.Flow, Version: known.Version})}
	w.byID[known.ID], w.runs = r, append(w.runs, r)
	return r
}

// begin deploys the flows and makes the people known, in one step: what is due at this very
// instant finds both.
func (w *World) begin(deployed []*flows.Flow, people []Person) error {
	deploy := &engine.Deploy{}
	for _, f := range deployed {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	groups := []*runner.Group{{Inputs: []*engine.Input{{Kind: engine.InputDeploy, Deploy: deploy}}}}
	for _, p := range people {
		w.scripts[p.Name] = p.Script
		if p.Attributes != nil {
			known := &engine.ProfileChange{Profile: p.Name, Set: p.Attributes}
			groups = append(groups, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputProfile, Profile: known}}})
		}
	}
	if err := w.step(groups); err != nil {
		return err
	}
	for _, g := range groups {
		if refused := g.Answers[0].Refused; refused != nil {
			return fmt.Errorf("the %s is refused: %s", g.Inputs[0].Kind, refused.Detail)
		}
	}
	return w.settle()
}

// Now is the present instant, in the zone in which the story tells time.
func (w *World) Now() time.Time { return w.now.In(w.zone) }

// Input applies an input and all that follows from it at this instant. The error of one
// that is refused says why.
func (w *World) Input(in *engine.Input) (engine.Answer, error) {
	group := &runner.Group{Inputs: []*engine.Input{in}}
	w.queue = append(w.queue, group)
	if err := w.settle(); err != nil {
		return engine.Answer{}, err
	}
	answer := group.Answers[0]
	if answer.Refused != nil {
		return answer, fmt.Errorf("refused: %s", answer.Refused.Detail)
	}
	return answer, nil
}

// settle steps the loop until there is nothing left to do at this instant.
func (w *World) settle() error {
	for range maxSteps {
		groups := w.queue
		w.queue = nil
		if len(groups) > 1 { // one after the other, so that what follows from each comes before the next
			groups, w.queue = groups[:1], groups[1:]
		}
		if err := w.step(groups); err != nil {
			return err
		}
		if len(w.queue) == 0 && !w.again {
			return nil
		}
	}
	return fmt.Errorf("it does not come to rest at %s", w.tell(w.now))
}

// step makes one step of the loop, and notes what it led to.
func (w *World) step(groups []*runner.Group) error {
	step, err := w.loop.Step(w.now, groups)
	if err != nil {
		return err
	}
	if len(step.Panics) > 0 {
		return fmt.Errorf("the engine broke: %s", step.Panics[0])
	}
	w.next, w.again = step.Next, step.Again
	w.take(groups, step)
	return w.freeze(step.Freezes)
}

// take notes what a step led to, and has the provider and the services answer.
func (w *World) take(groups []*runner.Group, step *runner.Step) {
	for _, c := range step.Changes {
		r := w.byID[c.After.ID]
		if r == nil {
			r = w.number(c.After)
			if c.Before != nil { // it was there before the world was
				r.entries = len(c.Before.Timeline)
			}
		}
		r.Run = c.After
	}
	for i := range step.Posts {
		w.post(&step.Posts[i])
	}
	w.show(step.Changes)
	for _, g := range groups {
		for i := range g.Answers {
			w.skipped(&g.Answers[i])
		}
	}
	for i := range step.Fetches {
		w.fetch(&step.Fetches[i])
	}
}

// freeze copies the audiences of campaigns.
func (w *World) freeze(freezes []engine.SnapshotRequest) error {
	for _, f := range freezes {
		frozen, err := w.audiences.Freeze(context.Background(), f)
		if err != nil {
			return err
		}
		frozen.Campaign = f.Campaign
		w.say(0, LineInput, fmt.Sprintf("%s has an audience of %d", f.Flow.Name, frozen.Rows))
		if frozen.Failed != "" {
			w.say(0, LineSkip, frozen.Failed)
		}
		w.queue = append(w.queue, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputSnapshot, Snapshot: frozen}}})
	}
	return nil
}

// skipped notes the starts that did not happen.
func (w *World) skipped(a *engine.Answer) {
	for _, d := range a.Decisions {
		if d.Action == engine.DidSkip || d.Action == engine.DidQueue {
			w.Skips = append(w.Skips, &Skip{Decision: d})
			w.say(0, LineSkip, fmt.Sprintf("%s %s: %s", d.Flow, d.Action, d.Reason))
		}
	}
	if a.Ignored != "" {
		w.say(0, LineSkip, a.Ignored)
	}
}

// PassUntil lets time pass, from what happens next to what happens after.
func (w *World) PassUntil(until time.Time) error {
	if err := w.Rest(until); err != nil {
		return err
	}
	if until.After(w.now) {
		w.now = until
	}
	return w.settle()
}

// Rest lets happen what is to happen until an instant, and stands still at the last of
// it.
func (w *World) Rest(until time.Time) error {
	for {
		next, does := w.upcoming()
		if does == nil || next.After(until) {
			return nil
		}
		if next.After(w.now) {
			w.now = next
		}
		if err := does(); err != nil {
			return err
		}
	}
}

// Next is when something happens by itself, if it ever does.
func (w *World) Next() (at time.Time, ok bool) {
	at, does := w.upcoming()
	return at.In(w.zone), does != nil
}

// Runs are all runs, in the order in which they started.
func (w *World) Runs() []*Run { return w.runs }

// upcoming is what happens next and when: a timer, or somebody acts.
func (w *World) upcoming() (time.Time, func() error) {
	var timer time.Time
	if w.next != 0 {
		timer = w.next.Time()
	}
	switch {
	case len(w.acts) > 0 && (w.next == 0 || !w.acts[0].at.After(timer)):
		next := w.acts[0]
		return next.at, func() error { w.acts = w.acts[1:]; return next.does() }
	case w.next != 0:
		return timer, w.settle
	}
	return time.Time{}, nil
}

// zoneOf is where somebody lives, as far as it is known: else where the flow does.
func (w *World) zoneOf(profile string, f *flows.Flow) *time.Location {
	p, err := w.kept.Person(profile)
	if err == nil && p != nil {
		var known struct{ Timezone string }
		if decode(p.Attributes, &known) && known.Timezone != "" {
			if zone := shape.Zone(known.Timezone); zone != nil {
				return zone
			}
		}
	}
	if f == nil {
		return w.zone
	}
	return f.Zone
}

// emissions are the events that runs have emitted: the journal has them among the
// inputs that followed from others.
func (w *World) emissions() ([]*Emission, error) {
	err := w.kept.Entries(w.read+1, func(j *engine.Journaled) bool {
		if in := j.Input; in.Kind == engine.InputEvent && in.Derived != 0 && in.Event.FanOut == nil {
			w.emitted = append(w.emitted, &Emission{Event: in.Event})
		}
		w.read = j.Seq
		return true
	})
	return w.emitted, err
}
