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
	"nudge/whatif/virtual"
)

// Ahead is how some runs would go on.
type Ahead struct {
	Runs     int   `json:"runs"`      // of those that were looked at
	IfUnread Story `json:"if_unread"` // if the person reads and answers nothing
	IfRead   Story `json:"if_read"`   // if the person reads everything and answers nothing
}

// Story is the rest of a run.
type Story struct {
	Messages []string `json:"messages"`          // their templates, in order
	Outcome  string   `json:"outcome,omitempty"` // empty where it does not end within MaxAhead
}

// maxAhead is how far into the future a run is played.
const maxAhead = 400 * 24 * time.Hour

const (
	maxSteps = 10_000  // instants at which something happens, for one run
	places   = 1 << 20 // no message waits for a sender
)

func (a *Ahead) key() string {
	return fmt.Sprintf("%q %q %q %q", a.IfUnread.Messages, a.IfUnread.Outcome, a.IfRead.Messages, a.IfRead.Outcome)
}

// String returns the story on one line.
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

// leftOut stands for the outcome of a run that does not begin, because its campaign leaves its person out.
const leftOut = "left out"

// live plays a run to its end, twice: on its own version, or taken over by another.
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

// lifetime is one run, played in a store of its own.
type lifetime struct {
	run     engine.RunID
	store   *store.Store
	core    *engine.Engine
	virtual *virtual.World
	reads   bool
	story   Story
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
	if batch.Campaigns, err = m.campaignOf(r); err != nil {
		return nil, err
	}
	if err := s.Commit(batch); err != nil {
		return nil, err
	}
	core, err := engine.New(state, versions)
	if err != nil {
		return nil, err
	}
	l := &lifetime{run: r.ID, store: s, core: core, reads: reads, story: Story{Messages: []string{}}}
	l.virtual = virtual.New(runner.NewLoop(s, core, places), m.now.Time(), l.respond)
	l.underWay(r)
	return l, nil
}

// campaignOf is the campaign of a run, as if all its rows were taken and nobody else's run lived; none for other runs.
func (m *maker) campaignOf(r *engine.Run) ([]*engine.Campaign, error) {
	if r.Campaign == 0 {
		return nil, nil
	}
	c, err := m.store.Campaign(r.Campaign)
	if err != nil || c == nil {
		return nil, err
	}
	alone := *c
	alone.Status, alone.Live = engine.Walked, 1
	return []*engine.Campaign{&alone}, nil
}

// underWay lets the provider take the message that is out, if one is.
func (l *lifetime) underWay(r *engine.Run) {
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Status == engine.Claimed {
			l.accept(r.ID, m.Number, m.Attempt)
		}
	}
}

// move takes the run to another version, and says why where that was refused.
func (l *lifetime) move(to *flows.Flow) (refused string, err error) {
	g := virtual.One(&engine.Input{Payload: &engine.Move{Run: l.run, Version: to.Version}})
	if err := l.virtual.Step([]*runner.Group{g}); err != nil {
		return "", err
	}
	for _, d := range g.Answers[0].Decisions {
		if d.Action == engine.DidStay {
			return d.Reason, nil
		}
	}
	return g.Answers[0].Ignored, nil
}

// rest plays the run until it ends.
func (l *lifetime) rest() (Story, error) {
	until := l.virtual.Now().Add(maxAhead)
	for range maxSteps {
		if err := l.virtual.Settle(); err != nil {
			return l.story, err
		}
		r, err := l.store.Run(l.run)
		if err != nil {
			return l.story, err
		}
		if r == nil { // it had not begun, and nothing is kept of it
			l.story.Outcome = leftOut
			break
		}
		if !r.Live() {
			l.story.Outcome = r.Outcome
			break
		}
		at, ok := l.virtual.Next()
		if !ok || at.After(until) {
			break
		}
		l.virtual.JumpTo(at)
	}
	return l.story, nil
}

// respond takes down the messages of the run, and lets the provider, the person and the
// services answer.
func (l *lifetime) respond(step *runner.Step, _ []*runner.Group) error {
	for _, p := range step.Posts {
		if err := l.posted(p); err != nil {
			return err
		}
	}
	for _, f := range step.Fetches {
		l.virtual.Arrive(virtual.Fetched(f, engine.FetchResult{Error: "a plan asks no service", Final: true}))
	}
	return nil
}

func (l *lifetime) posted(p engine.Post) error {
	if p.Run == l.run && p.Attempt == 1 {
		r, err := l.store.Run(p.Run)
		if err != nil {
			return err
		}
		f := l.core.Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
		l.story.Messages = append(l.story.Messages, f.Steps[r.Message(p.Message).Step].Send.Template)
	}
	l.accept(p.Run, p.Message, p.Attempt)
	if l.reads {
		l.virtual.Later(l.virtual.Now().Add(time.Minute), virtual.Receipt(channels.Receipt{Ref: p.Content.Ref, Status: channels.Read}))
	}
	return nil
}

func (l *lifetime) accept(run engine.RunID, message, attempt int) {
	l.virtual.Arrive(virtual.Result(run, message, attempt, channels.Result{Outcome: channels.Accepted}))
}
