package story

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
	"nudge/whatif/virtual"
)

// senders is how many messages the provider takes at a time. Nothing waits for one here.
const senders = 1000

// installation is that of every story, so that the same story makes the same ids.
var installation = engine.Installation{'s', 't', 'o', 'r', 'y'}

// World is a project's flows in virtual time: the real loop over a store in memory, and
// people who do what their scripts say. It belongs to one goroutine.
type World struct {
	virtual   *virtual.World
	core      *engine.Engine
	kv        *memory.KV // what the store is kept in
	kept      *store.Store
	audiences *audience.Snapshots
	zone      *time.Location // in which the story tells time
	scripts   map[string]people.Script
	answers   Answers
	arms      Arms  // that splits deal
	refused   error // the first input that was refused since the world settled last

	runs       []*Run
	byID       map[engine.RunID]*Run
	Others     people.Script // what people do who have no script of their own; nil for nothing
	Messages   []*Message    // that went out, in order
	fresh      int           // conversations that the provider has assigned
	skips      []*skip       // starts that did not happen
	fetches    []*fetching   // that runs asked for, in order
	unanswered []string      // fetch steps that asked what the story has no answer for

	emitted  []*emission // by runs, as far as the journal was read
	read     uint64      // the number of the input up to which it was
	timeline *timeline
	frames   *frames // nil: nobody asks for them
	Coverage *Coverage
}

// Run is a run of a story.
type Run struct {
	*engine.Run
	Number  int // in the story, from 1
	Flow    *flows.Flow
	entries int          // of its timeline that are in the story's
	seen    map[int]bool // entries that an expectation has matched
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

// skip is a start that did not happen.
type skip struct {
	engine.Decision
	seen bool
}

// fetching is a question to a service.
type fetching struct {
	step    string
	profile string
	at      time.Time
	run     *Run
	seen    bool
}

// emission is an event that a run emitted.
type emission struct {
	*engine.Event
	seen bool
}

// NewWorld returns a world with deployed flows and known people, at an instant. The zone of
// the instant is the zone of the timeline. Audiences are read from the folder of the
// project, which may be nil.
func NewWorld(deployed []*flows.Flow, people []Person, start time.Time, folder fs.FS) (*World, error) {
	return makeWorld(deployed, people, start, folder, false)
}

// makeWorld is NewWorld, with frames or without.
func makeWorld(deployed []*flows.Flow, people []Person, start time.Time, folder fs.FS, framed bool) (*World, error) {
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
	if framed {
		w.frames = &frames{}
	}
	return w, w.begin(deployed, people)
}

func newWorld(kept *store.Store, core *engine.Engine, now time.Time, folder fs.FS) *World {
	w := &World{
		core: core, kept: kept, zone: now.Location(),
		scripts: map[string]people.Script{}, byID: map[engine.RunID]*Run{}, timeline: newTimeline(), Coverage: NewCoverage(),
		audiences: audience.NewSnapshots(audience.Sources{Project: folder, People: kept}),
	}
	loop := runner.NewLoop(kept, core, senders)
	loop.UseAudiences(w.audiences)
	w.virtual = virtual.New(loop, now, w.respond)
	w.virtual.OneByOne = true // a timeline tells what follows from an input before the next
	core.DealBy(func(_ *flows.Flow, _ string, s *flows.Step) (string, bool) {
		arm, ok := w.arms[s.ID]
		return arm, ok
	})
	core.Observe(engine.Observer{Step: w.steps, Condition: w.look})
	return w
}

// number makes a run one of the world's.
func (w *World) number(known *engine.Run) *Run {
	r := &Run{Number: len(w.runs) + 1, seen: map[int]bool{},
		Flow: w.core.Flow(engine.FlowVersion{Flow: known.Flow, Version: known.Version})}
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
	groups := []*runner.Group{virtual.One(&engine.Input{Payload: deploy})}
	for _, p := range people {
		w.scripts[p.Name] = p.Script
		if p.Attributes == nil && asksStored(deployed) { // nothing is stored of somebody of whom nothing is known
			p.Attributes = fmt.Appendf(nil, `{"timezone":%q}`, deployed[0].Zone)
		}
		if p.Attributes != nil {
			known := &engine.ProfileChange{Profile: p.Name, Set: p.Attributes}
			groups = append(groups, virtual.One(&engine.Input{Payload: known}))
		}
	}
	if err := w.virtual.Step(groups); err != nil {
		return err
	}
	return w.settle()
}

// asksStored reports whether a flow is for the stored profiles, which are then all people of
// the story.
func asksStored(deployed []*flows.Flow) bool {
	return slices.ContainsFunc(deployed, func(f *flows.Flow) bool {
		return slices.ContainsFunc(f.Triggers, func(t flows.Trigger) bool { return t.Schedule != nil && t.Schedule.Audience.If != nil })
	})
}

// Now is the present instant, in the zone in which the story tells time.
func (w *World) Now() time.Time { return w.virtual.Now().In(w.zone) }

// Input applies an input and all that follows from it at this instant. The error of one
// that is refused says why.
func (w *World) Input(in *engine.Input) error {
	w.virtual.Arrive(virtual.One(in))
	err := w.settle()
	w.frame(true)
	return err
}

// settle does all that is left to do at this instant. Its error may be that of a refused
// input; the world goes on after that.
func (w *World) settle() error {
	err := w.virtual.Settle()
	if errors.Is(err, virtual.ErrRestless) {
		err = fmt.Errorf("%w at %s", err, w.tell(w.Now()))
	}
	if err != nil {
		return err
	}
	w.frame(false)
	refused := w.refused
	w.refused = nil
	return refused
}

// respond notes what a step led to, and has the provider and the services answer.
func (w *World) respond(step *runner.Step, groups []*runner.Group) error {
	for _, c := range step.Changes {
		r := w.byID[c.After.ID]
		if r == nil {
			r = w.number(c.After)
			if c.Before != nil { // it was there before the world was
				r.entries = c.Before.Logged()
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
			w.answered(g.Inputs[i], &g.Answers[i])
		}
	}
	for i := range step.Fetches {
		w.fetch(&step.Fetches[i])
	}
	return w.freeze(step.Freezes)
}

// freeze copies the audiences of campaigns.
func (w *World) freeze(freezes []engine.SnapshotRequest) error {
	for _, f := range freezes {
		frozen, err := w.audiences.Freeze(context.Background(), f)
		if err != nil {
			return err
		}
		frozen.Campaign = f.Campaign
		w.sayCampaign(f.Flow, LineInput, fmt.Sprintf("%s has an audience of %d", f.Flow.Name, frozen.Rows))
		if frozen.Failed != "" {
			w.sayCampaign(f.Flow, LineSkip, frozen.Failed)
		}
		w.virtual.Arrive(virtual.Snapshot(frozen))
	}
	return nil
}

// answered notes the starts that did not happen, and why an input was refused.
func (w *World) answered(in *engine.Input, a *engine.Answer) {
	if a.Refused != nil && w.refused == nil {
		w.refused = fmt.Errorf("%s refused: %s", in.Kind(), a.Refused.Detail)
	}
	for _, d := range a.Decisions {
		if d.Action == engine.DidPass {
			w.say(0, LineSkip, fmt.Sprintf("the reply passed over %s: %s", d.Flow, d.Reason))
		}
		if d.Action == engine.DidSkip || d.Action == engine.DidQueue {
			w.skips = append(w.skips, &skip{Decision: d})
			w.say(0, LineSkip, fmt.Sprintf("%s %s: %s", d.Flow, d.Action, d.Reason))
		}
	}
	if a.Ignored != "" {
		w.say(0, LineSkip, a.Ignored)
	}
}

// PassUntil lets time pass until an instant, with all that happens on the way.
func (w *World) PassUntil(until time.Time) error {
	if err := w.Rest(until); err != nil {
		return err
	}
	w.virtual.JumpTo(until)
	err := w.settle()
	w.frame(true)
	return err
}

// Rest lets everything happen that is due until an instant, and stops at the last of it.
func (w *World) Rest(until time.Time) error {
	for {
		next, ok := w.virtual.Next()
		if !ok || next.After(until) {
			return nil
		}
		w.virtual.JumpTo(next)
		if err := w.settle(); err != nil {
			return err
		}
	}
}

// Next returns when something happens by itself next, and whether anything ever does.
func (w *World) Next() (at time.Time, ok bool) {
	at, ok = w.virtual.Next()
	return at.In(w.zone), ok
}

// Runs are all runs, in the order in which they started.
func (w *World) Runs() []*Run { return w.runs }

// zoneOf returns the time zone of a person if it is known, else that of the flow.
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
func (w *World) emissions() ([]*emission, error) {
	err := w.kept.Entries(w.read+1, func(j *engine.Journaled) bool {
		if ev, ok := j.Input.Payload.(*engine.Event); ok && j.Input.Derived != 0 && ev.FanOut == nil {
			w.emitted = append(w.emitted, &emission{Event: ev})
		}
		w.read = j.Seq
		return true
	})
	return w.emitted, err
}
