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

// Options say how a project is proved.
type Options struct {
	Budget  Budget                        // zero: Full
	Stories bool                          // tell stories of endings and of broken promises
	Only    string                        // the only flow to prove; empty: all
	Begins  func(flow string, n, all int) // is called before each flow, the n-th of all from 0; may be nil
}

// Project explores the flows of a project that loads, with the full budget and with
// stories.
func Project(p *flows.Project) *Proof { return ProjectWith(p, Options{Stories: true}) }

// ProjectWith explores the flows of a project that loads. What one flow leaves of the
// budget is there for those after it.
func ProjectWith(p *flows.Project, o Options) *Proof {
	if o.Budget == (Budget{}) {
		o.Budget = Full
	}
	j := &job{project: p, options: o, left: o.Budget, lives: map[string]int64{}, closes: map[string]int64{}}
	proof := &Proof{Circles: circles(p.Flows)}
	for i, f := range p.Flows {
		if o.Only != "" && o.Only != f.Name {
			continue
		}
		if o.Begins != nil {
			o.Begins(f.Name, i, len(p.Flows))
		}
		later := len(p.Flows) - 1 - i
		if o.Only != "" {
			later = 0
		}
		whole := j.left.share(o.Budget, len(p.Flows), later)
		j.budget = whole
		j.ranOut = false
		r := j.report(f)
		r.used, r.ranOut = Budget{States: whole.States - j.budget.States, Work: whole.Work - j.budget.Work}, j.ranOut
		proof.Flows = append(proof.Flows, r)
		j.left.States -= r.used.States
		j.left.Work -= r.used.Work
	}
	return proof
}

// job is one proof being made.
type job struct {
	project *flows.Project
	options Options
	left    Budget           // for this flow and those after it
	budget  Budget           // for this flow
	ranOut  bool             // an exploration for this flow used up what it had
	lives   map[string]int64 // longest lives of flows that others wait for
	closes  map[string]int64 // by hours: how long they are closed at the longest
}

// lifeOf is the longest life of a flow; without end for one that waits for itself, or that
// is too large to be proved.
func (j *job) lifeOf(name string) int64 {
	if life, ok := j.lives[name]; ok {
		return life
	}
	j.lives[name] = unbounded
	if f := j.project.Flow(name); f != nil {
		if x := j.explore(f, nil); !x.limited {
			j.lives[name], _ = x.life()
		}
	}
	return j.lives[name]
}

// explore explores a flow: exactly, and where half the budget is not enough for that,
// coarsely with the other half.
func (j *job) explore(f *flows.Flow, p *period) *explorer {
	var x *explorer
	for _, coarse := range []bool{false, true} {
		budget := j.budget
		if !coarse {
			budget = j.budget.half()
		}
		whole := budget
		x = newExplorer(f, j.holds(f), j.lifeOf, &budget)
		x.period, x.coarse, x.fieldsSet = p, coarse, fieldsSet(j.project.Flows)
		x.explore()
		j.budget.States -= whole.States - budget.States
		j.budget.Work -= whole.Work - budget.Work
		if !x.limited {
			break
		}
		j.ranOut = true
	}
	return x
}

// hoursOf are the hours of a message: its own, and those of its category.
func hoursOf(p *flows.Project, s *flows.Send) flows.Windows {
	if c := p.Categories[s.Category]; c != nil {
		return s.Window.And(c.Window)
	}
	return s.Window
}

// closed is how long a message may be held for its hours.
func (j *job) closed(s *flows.Send) int64 {
	hours := hoursOf(j.project, s)
	longest, ok := j.closes[hours.String()]
	if !ok {
		longest = longestHold(hours)
		j.closes[hours.String()] = longest
	}
	return longest
}

// longest is how long a message waits for its hours at the most: not beyond its max_delay.
// What a category spreads without saying so stays within the minute and is not counted.
func (j *job) longest(s *flows.Send) int64 {
	hold := j.closed(s)
	if c := j.project.Categories[s.Category]; hold > 0 && c != nil && c.Spread != nil {
		hold += millis(c.SpreadOver(longestWindow(c.Window.And(s.Window))))
	}
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

// openings is when the hours of each message first open on the days of a story.
func (j *job) openings(f *flows.Flow) (all []time.Time) {
	for i := range f.Steps {
		if s := f.Steps[i].Send; s != nil {
			opens, _, ok := hoursOf(j.project, s).Next(storyStart, time.UTC)
			if ok && opens != storyStart && !slices.Contains(all, opens) {
				all = append(all, opens)
			}
		}
	}
	return all
}

func (j *job) report(f *flows.Flow) *Report {
	x := j.explore(f, nil)
	r := &Report{Flow: f.Name, Proved: !x.limited, States: len(x.nodes), Holds: j.holdsOf(f), openings: j.openings(f), flow: f, project: j.project}
	if x.limited {
		r.Place = &Place{Step: f.Steps[x.at].ID, Span: f.Steps[x.at].Span}
		return r
	}
	all := x.measure(func(e *edge) (int, int) { return int(e.posted), int(e.planned) })
	r.Most, r.Fewest = x.mostOf(all.most), all.fewest
	if r.Most == NoBound {
		r.Loop = x.loopOfMany()
	}
	r.Coarse = x.coarse
	life, endless := x.life()
	r.life, r.Life = life, x.lifeInWords(life, endless)
	r.Endings, r.Unreachable, r.Unhandled = x.endings(j.options.Stories), x.unreachable(), x.unhandledPlaces()
	attempts := x.measure(func(e *edge) (int, int) { return int(e.posted) * x.attempts(e), 0 }).most
	if attempts > r.Most && r.Most != NoBound {
		r.Attempts = attempts
	}
	if x.runsOut() { // perhaps before its first message
		r.Fewest = 0
		r.fails()
	}
	if x.mostKept() > engine.MaxMessagesPerRun {
		r.Fewest = min(r.Fewest, engine.MaxMessagesPerRun)
		r.fails()
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

func (x *explorer) unreachable() []Place {
	var all []Place
	reached := map[int]bool{}
	for _, v := range x.visits {
		for _, step := range v.passed {
			reached[step] = reached[step] || v.used
		}
	}
	for i := range x.f.Steps {
		if !reached[i] {
			all = append(all, Place{Step: x.f.Steps[i].ID, Span: x.f.Steps[i].Span})
		}
	}
	return all
}

func (x *explorer) unhandledPlaces() []Place {
	var all []Place
	seen := map[unnamed]bool{}
	for _, v := range x.visits {
		for _, u := range v.ended {
			if v.used && !seen[u] {
				seen[u] = true
				all = append(all, Place{x.f.Steps[u.step].ID, u.outcome, x.f.Steps[u.step].Span})
			}
		}
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

// promises compares the report with the promises of the flow.
func (j *job) promises(r *Report, x *explorer) {
	p := x.f.Promises
	if p == nil {
		return
	}
	if p.Messages > 0 && (r.Most > p.Messages || r.Most == NoBound) {
		j.breaks(r, x, Promise{What: fmt.Sprintf("messages: %d", p.Messages), Found: "a run can send " + many(r.Most), Span: p.MessagesAt},
			func() Story { return x.storyOfMany(p.Messages+1, func(e *edge) int { return int(e.posted) }) })
	}
	if ends := nominal(p.Ends); ends > 0 && r.life > ends {
		j.breaks(r, x, Promise{What: "ends: " + p.Ends.String(), Found: "a run can live " + r.Life.String(), Span: p.EndsAt, endless: r.life >= unbounded},
			func() Story { return x.storyOfAge(ends) })
	}
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
			return int(e.posted)
		}
		c := Category{Name: name, Most: bound(x.measure(func(e *edge) (int, int) { return of(e), 0 }).most)}
		if declared := j.project.Categories[name]; declared != nil {
			for _, most := range declared.Caps {
				c.Caps = append(c.Caps, CapUse{Cap: most.String(), In: j.capped(r, x, &c, most, names[name])})
			}
		}
		r.Categories = append(r.Categories, c)
	}
}

// capped returns the most messages of a category that one run sends within the period of a
// cap. Whether they fall into one period of the calendar hangs on the hour at which the run
// starts, so that goes both ways.
func (j *job) capped(r *Report, x *explorer, c *Category, most flows.Cap, at diag.Span) int {
	if c.Most <= most.AtMost && c.Most != NoBound {
		return c.Most
	}
	p := Promise{What: fmt.Sprintf("category %s: at_most: %s", c.Name, most), Span: at, ofCap: true}
	length := most.Longest()
	in := j.explore(x.f, &period{c.Name, nominal(length), length.Clock == 0})
	if in.limited {
		p.Found, p.hint = "too many states from "+x.f.Steps[in.at].ID+" on", budgetHint
		r.Unproved = append(r.Unproved, p)
		return c.Most
	}
	of := func(e *edge) int { return int(e.counted) }
	n := bound(in.measure(func(e *edge) (int, int) { return of(e), 0 }).most)
	switch {
	case n <= most.AtMost && n != NoBound:
	case most.Calendar != 0:
		p.Found = fmt.Sprintf("a run alone can send %s within %s, which may be one %s", many(n), length, most.Calendar)
		p.hint = "let the steps wait until the next " + most.Calendar.String() + ", or cap by a period such as " + fmt.Sprintf("%d per %s", most.AtMost, length) + "; a cap only holds messages back"
		r.Unproved = append(r.Unproved, p)
	default:
		p.Found = fmt.Sprintf("a run alone can send %s within %s", many(n), most.Per)
		j.breaks(r, in, p, func() Story { return in.shortOfMany(most.AtMost+1, of, false) })
	}
	return n
}
