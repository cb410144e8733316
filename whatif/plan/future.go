package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// Ahead is what is ahead of some runs.
type Ahead struct {
	Runs     int   `json:"runs"`      // of those that were looked at
	IfUnread Story `json:"if_unread"` // where the person reads and answers nothing
	IfRead   Story `json:"if_read"`   // where the person reads everything, and answers nothing
}

// Story is the rest of a run.
type Story struct {
	Messages []string `json:"messages"`          // their templates, in order
	Outcome  string   `json:"outcome,omitempty"` // empty where it does not end within MaxAhead
}

// MaxAhead is how far ahead a run is lived.
const MaxAhead = 400 * 24 * time.Hour

const maxSteps = 10_000 // of the loop, for one run

func (a *Ahead) key() string {
	return fmt.Sprintf("%q %q %q %q", a.IfUnread.Messages, a.IfUnread.Outcome, a.IfRead.Messages, a.IfRead.Outcome)
}

// String is the story in a line.
func (s Story) String() string {
	sent := "no message"
	if len(s.Messages) > 0 {
		sent = strings.Join(s.Messages, ", ")
	}
	if s.Outcome == "" {
		return sent + ", still live"
	}
	return sent + ", " + s.Outcome
}

// future is what is ahead of one run.
type future struct {
	unread, read Story
	Refused      string // why it could not be moved
}

// live lives a run to its end, twice: on its own version, or taken over by another.
func (m *maker) live(r *engine.Run, person *engine.Person, own, to *flows.Flow) (*future, error) {
	f := &future{}
	for _, reads := range []bool{false, true} {
		l, err := m.lifetime(r, person, own, to, reads)
		if err != nil {
			return nil, err
		}
		if to != nil {
			if f.Refused, err = l.move(to); err != nil || f.Refused != "" {
				return f, err
			}
		}
		story, err := l.rest()
		if err != nil {
			return nil, err
		}
		if reads {
			f.read = story
		} else {
			f.unread = story
		}
	}
	return f, nil
}

// lifetime is one run in a store of its own.
type lifetime struct {
	run   engine.RunID
	store *store.Store
	loop  *runner.Loop
	now   engine.Instant
	reads bool
	next  engine.Instant
	due   []owed
	story Story
}

// owed is what the provider or the person will still say.
type owed struct {
	at    engine.Instant
	group *runner.Group
}

func (m *maker) lifetime(r *engine.Run, person *engine.Person, own, to *flows.Flow, reads bool) (*lifetime, error) {
	kv := new(memory.KV)
	if err := store.Create(kv, m.state.Installation); err != nil {
		return nil, err
	}
	s, err := store.Open(kv)
	if err != nil {
		return nil, err
	}
	state := engine.State{Installation: m.state.Installation, Seq: m.state.Seq, Stamp: m.now, Outbound: engine.OutboundLive}
	active := m.active
	if to != nil {
		active = slices.Clone(m.next)
		active[slices.IndexFunc(active, func(f *flows.Flow) bool { return f.Name == to.Name })] = to
	}
	versions := []*flows.Flow{own}
	for _, f := range active {
		state.Active = append(state.Active, engine.FlowVersion{Flow: f.Name, Version: f.Version})
		if f.Version != own.Version {
			versions = append(versions, f)
		}
	}
	slices.SortFunc(state.Active, func(a, b engine.FlowVersion) int { return strings.Compare(a.Flow, b.Flow) })
	batch := &engine.Batch{State: state, Changes: []engine.Change{{After: r}}}
	if person != nil {
		batch.People = []*engine.Person{person}
	}
	if err := s.Commit(batch); err != nil {
		return nil, err
	}
	core, err := engine.New(state, versions)
	if err != nil {
		return nil, err
	}
	l := &lifetime{run: r.ID, store: s, loop: runner.NewLoop(s, core, 1<<20), now: m.now, reads: reads}
	return l, l.underWay(r)
}

// underWay lets the provider take the message that is out, if one is.
func (l *lifetime) underWay(r *engine.Run) error {
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Status == engine.Claimed {
			l.accept(r.ID, i+1, m.Attempt)
		}
	}
	return nil
}

// move takes the run to another version, and says why where that was refused.
func (l *lifetime) move(to *flows.Flow) (refused string, err error) {
	g := &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputMove, Move: &engine.Move{Run: l.run, Version: to.Version}}}}
	if err := l.step(l.now, []*runner.Group{g}); err != nil {
		return "", err
	}
	for _, d := range g.Answers[0].Decisions {
		if d.Action == engine.DidStay {
			return d.Reason, nil
		}
	}
	return g.Answers[0].Ignored, nil
}

// rest lives on until the run ends.
func (l *lifetime) rest() (Story, error) {
	until := l.now.Add(MaxAhead)
	if err := l.step(l.now, l.come(l.now)); err != nil { // from here on it knows when its timers are due
		return l.story, err
	}
	for range maxSteps {
		r, err := l.store.Run(l.run)
		if err != nil {
			return l.story, err
		}
		if !r.Live() {
			l.story.Outcome = r.Outcome
			break
		}
		at := l.next
		for _, o := range l.due {
			if at == 0 || o.at < at {
				at = o.at
			}
		}
		if at == 0 || at > until {
			break
		}
		if err := l.step(max(at, l.now), l.come(at)); err != nil {
			return l.story, err
		}
	}
	return l.story, nil
}

// come takes what is owed by an instant.
func (l *lifetime) come(at engine.Instant) (groups []*runner.Group) {
	l.due = slices.DeleteFunc(l.due, func(o owed) bool {
		if o.at > at {
			return false
		}
		groups = append(groups, o.group)
		return true
	})
	return groups
}

func (l *lifetime) step(at engine.Instant, groups []*runner.Group) error {
	l.now = at
	for again := true; again; groups = nil {
		step, err := l.loop.Step(at.Time(), groups)
		if err != nil {
			return err
		}
		for _, p := range step.Posts {
			l.posted(p)
		}
		for _, f := range step.Fetches {
			l.due = append(l.due, owed{l.now, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputFetched,
				Fetched: &engine.FetchResult{Run: f.Run, Step: f.Step, Attempt: f.Attempt, Error: "nothing is asked in a plan", Final: true}}}}})
		}
		l.next, again = step.Next, step.Again
	}
	return nil
}

// posted takes down a message of the run, and lets the provider and the person respond.
func (l *lifetime) posted(p engine.Post) {
	if p.Run == l.run && p.Attempt == 1 {
		if r, err := l.store.Run(p.Run); err == nil && r != nil {
			f := l.loop.Core().Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
			l.story.Messages = append(l.story.Messages, f.Steps[r.Message(p.Message).Step].Send.Template)
		}
	}
	l.accept(p.Run, p.Message, p.Attempt)
	if l.reads {
		l.due = append(l.due, owed{l.now.Add(time.Minute), &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputReceipt,
			Receipt: &channels.Receipt{Ref: p.Content.Ref, Status: channels.Read}}}}})
	}
}

func (l *lifetime) accept(run engine.RunID, message, attempt int) {
	l.due = append(l.due, owed{l.now, &runner.Group{Frees: 1, Inputs: []*engine.Input{{Kind: engine.InputResult,
		Result: &engine.SendResult{Run: run, Message: message, Attempt: attempt, Result: channels.Result{Outcome: channels.Accepted}}}}}})
}
