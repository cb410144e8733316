package prove

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
)

// Proof is what was proved of a project.
type Proof struct {
	Flows   []*Report `json:"flows"`
	Circles []Circle  `json:"circles,omitempty"`
}

// Broken reports whether any promise can be broken.
func (p *Proof) Broken() bool {
	return slices.ContainsFunc(p.Flows, func(r *Report) bool { return len(r.Broken) > 0 })
}

// Project explores every flow of a project that loads.
func Project(p *flows.Project) *Proof {
	j := &job{project: p, lives: map[string]int64{}}
	proof := &Proof{Circles: circles(p.Flows)}
	for _, f := range p.Flows {
		proof.Flows = append(proof.Flows, j.report(f))
	}
	return proof
}

// job is one proof being made.
type job struct {
	project *flows.Project
	lives   map[string]int64 // longest lives of flows that others wait for
}

// lifeOf is the longest life of a flow; without end for one that waits for itself.
func (j *job) lifeOf(name string) int64 {
	if life, ok := j.lives[name]; ok {
		return life
	}
	j.lives[name] = unbounded
	if f := j.project.Flow(name); f != nil {
		j.lives[name] = j.explore(f).life()
	}
	return j.lives[name]
}

func (j *job) explore(f *flows.Flow) *explorer {
	x := newExplorer(f, j.holds(f), j.lifeOf)
	x.explore()
	return x
}

// closed is how long a message may be held for its hours: its own, and those of its
// category.
func (j *job) closed(s *flows.Send) int64 {
	windows := s.Window
	if c := j.project.Categories[s.Category]; c != nil {
		windows = windows.And(c.Window)
	}
	return longestHold(windows)
}

// longest is how long a message waits for its hours at the most: not beyond its
// max_delay.
func (j *job) longest(s *flows.Send) int64 {
	hold := j.closed(s)
	if late := nominal(s.MaxDelay); late > 0 {
		hold = min(hold, late)
	}
	return hold
}

// holds is how long each message of a flow may be held.
func (j *job) holds(f *flows.Flow) []int64 {
	holds := make([]int64, len(f.Steps))
	for i := range f.Steps {
		if s := f.Steps[i].Send; s != nil {
			holds[i] = j.longest(s)
		}
	}
	return holds
}

func (j *job) report(f *flows.Flow) *Report {
	x := j.explore(f)
	all := x.measure(func(e *edge) (int, int) { return e.posted, e.planned })
	r := &Report{
		Flow: f.Name, Proved: !x.limited, States: len(x.nodes), flow: f,
		Most: min(all.most, engine.MaxMessagesPerRun), Fewest: all.fewest, Life: x.lifeInWords(),
		Endings: x.endings(), Unreachable: x.unreachable(), Unhandled: x.unhandledPlaces(), Holds: j.holdsOf(f),
	}
	attempts := x.measure(func(e *edge) (int, int) { return e.posted * x.attempts(e), 0 }).most
	if attempts > r.Most {
		r.Attempts = attempts
	}
	j.promises(r, x)
	j.categories(r, x)
	return r
}

// attempts is how often the message of an edge may be posted.
func (x *explorer) attempts(e *edge) int {
	if s := x.f.Steps[e.send].Send; s != nil && s.OnUnknown == flows.OnUnknownResend {
		return 1 + engine.MaxResends
	}
	return 1
}

// life is how long a run can live, in milliseconds.
func (x *explorer) life() (longest int64) {
	for i := range x.nodes {
		longest = max(longest, x.nodes[i].age)
	}
	if len(x.endless) > 0 {
		return unbounded
	}
	return longest
}

func (x *explorer) lifeInWords() Life {
	life := x.life()
	if life < unbounded {
		return Life{Most: time.Duration(life) * time.Millisecond}
	}
	l := Life{Endless: true}
	for _, step := range slices.Sorted(maps.Keys(x.endless)) {
		l.Waits = append(l.Waits, x.f.Steps[step].ID)
	}
	return l
}

// endings are the ways in which runs end, each with a shortest story.
func (x *explorer) endings() []Ending {
	var all []Ending
	ways := x.shortest(0, nil)
	for _, i := range ways.order {
		n := &x.nodes[i]
		same := func(e Ending) bool { return e.Outcome == n.outcome && e.Goal == n.goal }
		if n.outcome != "" && !slices.ContainsFunc(all, same) {
			all = append(all, Ending{n.outcome, n.goal, x.tell(ways.to(i), false)})
		}
	}
	slices.SortFunc(all, func(a, b Ending) int { return cmp.Compare(a.Outcome, b.Outcome) })
	return all
}

func (x *explorer) unreachable() []Place {
	var all []Place
	for i, reached := range x.reached {
		if !reached {
			all = append(all, Place{Step: x.f.Steps[i].ID, Span: x.f.Steps[i].Span})
		}
	}
	return all
}

func (x *explorer) unhandledPlaces() []Place {
	var all []Place
	for u := range x.unhandled {
		all = append(all, Place{x.f.Steps[u.step].ID, u.outcome, x.f.Steps[u.step].Span})
	}
	slices.SortFunc(all, func(a, b Place) int {
		return cmp.Or(a.Span.Start.Compare(b.Span.Start), cmp.Compare(a.Outcome, b.Outcome))
	})
	return all
}

func (j *job) holdsOf(f *flows.Flow) []Hold {
	var all []Hold
	for i := range f.Steps {
		s := f.Steps[i].Send
		if s == nil {
			continue
		}
		if longest := j.closed(s); longest > 0 {
			late := nominal(s.MaxDelay)
			all = append(all, Hold{Step: f.Steps[i].ID, Longest: span(longest), TooLate: late > 0 && late < longest})
		}
	}
	return all
}

// promises holds the report against what the flow promises.
func (j *job) promises(r *Report, x *explorer) {
	p := x.f.Promises
	if p == nil || x.limited {
		return
	}
	if p.Messages > 0 && r.Most > p.Messages {
		r.Broken = append(r.Broken, Promise{
			What: fmt.Sprintf("messages: %d", p.Messages), Found: fmt.Sprintf("a run can send %d", r.Most), Span: p.MessagesAt,
			Story: x.storyOfMany(p.Messages+1, func(e *edge) int { return e.posted }),
		})
	}
	if ends := nominal(p.Ends); ends > 0 && x.life() > ends {
		r.Broken = append(r.Broken, Promise{
			What: "ends: " + p.Ends.String(), Found: "a run can live " + r.Life.String(), Span: p.EndsAt, Story: x.storyOfAge(ends),
		})
	}
}

// storyOfAge is a shortest story of a run that lives longer than that.
func (x *explorer) storyOfAge(ends int64) Story {
	ways := x.shortest(0, nil)
	for _, i := range ways.order {
		if n := &x.nodes[i]; n.age > ends && n.outcome != "" {
			return x.tell(ways.to(i), true)
		}
	}
	return nil // it never ends: no story leads there
}

// categories counts by category, and holds the counts against the caps.
func (j *job) categories(r *Report, x *explorer) {
	names := map[string]diag.Span{}
	for i := range x.f.Steps {
		if s := x.f.Steps[i].Send; s != nil && s.Category != "" {
			if _, ok := names[s.Category]; !ok {
				names[s.Category] = x.f.Steps[i].Span
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		of := func(e *edge) int {
			if s := x.f.Steps[e.send].Send; s == nil || s.Category != name {
				return 0
			}
			return e.posted
		}
		c := Category{Name: name, Most: x.measure(func(e *edge) (int, int) { return of(e), 0 }).most}
		c.In = c.Most
		if declared := j.project.Categories[name]; declared != nil {
			c.Cap, c.Per = declared.AtMost, declared.Per
		}
		if c.Cap > 0 && c.Most > c.Cap && !x.limited {
			j.capped(r, x, &c, names[name])
		}
		r.Categories = append(r.Categories, c)
	}
}

// capped counts the messages of a category within the period of its cap.
func (j *job) capped(r *Report, x *explorer, c *Category, at diag.Span) {
	in := newExplorer(x.f, x.holds, x.lifeOf)
	in.period = &period{c.Name, nominal(c.Per)}
	in.explore()
	of := func(e *edge) int { return e.counted }
	c.In = in.measure(func(e *edge) (int, int) { return of(e), 0 }).most
	if c.In <= c.Cap || in.limited {
		return
	}
	allowed := fmt.Sprintf("category %s: at_most: %d", c.Name, c.Cap)
	within := "at all"
	if c.Per != (flows.Duration{}) {
		allowed, within = allowed+" per "+c.Per.String(), "within "+c.Per.String()
	}
	r.Broken = append(r.Broken, Promise{
		What: allowed, Found: fmt.Sprintf("a run alone can send %d %s", c.In, within), Span: at, Story: in.storyOfMany(c.Cap+1, of),
	})
}
