package review

import (
	"context"
	"fmt"
	"slices"

	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/prove"
)

// Proof is what the proposed flows can do that the active ones cannot, and the other way round.
type Proof struct {
	Broken []Broken `json:"broken"` // promises that the proposed flows can break
	Kept   []Kept   `json:"kept"`   // promises that the active flows can break, and the proposed ones keep
	Bounds []Bound  `json:"bounds"` // that are not the same
}

// Broken is a promise that a flow can break.
type Broken struct {
	Flow  string `json:"flow"`
	What  string `json:"what"`            // what was promised, as it is written
	Found string `json:"found"`           // what can happen instead
	New   bool   `json:"new"`             // the active flow keeps it, or does not promise it
	Test  string `json:"test,omitempty"`  // a shortest story that breaks it, for nudge test; empty if none can play it
	Place string `json:"place,omitempty"` // where it is promised
}

// Kept is a promise that is broken no longer.
type Kept struct {
	Flow string `json:"flow"`
	What string `json:"what"`
}

// Bound is a limit of what a run can do.
type Bound struct {
	Flow   string `json:"flow"`
	What   string `json:"what"`             // messages, fewest messages, life, endings, or messages of a category
	Before string `json:"before,omitempty"` // of the active flow; empty: there was none
	After  string `json:"after,omitempty"`  // of the proposed flow; empty: there is none
}

// maxTestBytes is how long the test of a broken promise may be; a longer one is left out.
const maxTestBytes = 8 << 10

// Prove compares what was proved of the active flows with what is proved of a project, each with the whole budget of
// nudge prove. It is stopped between the two.
func Prove(ctx context.Context, active []flows.Bundle, next *flows.Project) (*Proof, error) {
	before, err := flows.Join(active)
	if err != nil {
		return nil, err
	}
	was := prove.ProjectWith(before, prove.Options{Budget: prove.Full})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	is := prove.ProjectWith(next, prove.Options{Budget: prove.Full, Stories: true})
	p := &Proof{Broken: []Broken{}, Kept: []Kept{}, Bounds: []Bound{}}
	for _, r := range is.Flows {
		p.flow(reportOf(was, r.Flow), r)
	}
	for _, r := range was.Flows {
		if reportOf(is, r.Flow) == nil {
			p.Bounds = append(p.Bounds, Bound{Flow: r.Flow, What: "endings", Before: endings(r)})
		}
	}
	return p, ctx.Err()
}

func reportOf(p *prove.Proof, flow string) *prove.Report {
	if i := slices.IndexFunc(p.Flows, func(r *prove.Report) bool { return r.Flow == flow }); i >= 0 {
		return p.Flows[i]
	}
	return nil
}

// flow compares two reports of a flow; the first one may be nil.
func (p *Proof) flow(was, is *prove.Report) {
	breaks := func(r *prove.Report, what string) bool {
		return r != nil && slices.ContainsFunc(r.Broken, func(b prove.Promise) bool { return b.What == what })
	}
	for _, b := range is.Broken {
		one := Broken{Flow: is.Flow, What: b.What, Found: b.Found, New: !breaks(was, b.What), Place: b.Span.String()}
		if test, why := is.Test("breaks "+b.What, b.Story); why == "" && len(b.Story) > 0 && len(test) <= maxTestBytes {
			one.Test = test
		}
		p.Broken = append(p.Broken, one)
	}
	before := map[string]string{}
	if was != nil {
		for _, b := range was.Broken {
			if !breaks(is, b.What) {
				p.Kept = append(p.Kept, Kept{is.Flow, b.What})
			}
		}
		for _, b := range bounds(was) {
			before[b.What] = b.After
		}
	}
	for _, b := range bounds(is) {
		b.Before = before[b.What]
		delete(before, b.What)
		if b.Before != b.After {
			p.Bounds = append(p.Bounds, b)
		}
	}
	if was == nil {
		return
	}
	for _, b := range bounds(was) {
		if old, left := before[b.What]; left {
			p.Bounds = append(p.Bounds, Bound{Flow: is.Flow, What: b.What, Before: old})
		}
	}
}

// bounds are the limits of a flow, as those after a change.
func bounds(r *prove.Report) []Bound {
	if !r.Proved {
		return []Bound{{Flow: r.Flow, What: "proof", After: "not proved: too many states from " + r.Place.Step + " on"}}
	}
	all := []Bound{
		{Flow: r.Flow, What: "messages", After: atMost(r.Most)},
		{Flow: r.Flow, What: "fewest messages", After: fmt.Sprint(r.Fewest)},
		{Flow: r.Flow, What: "life", After: r.Life.String()},
		{Flow: r.Flow, What: "endings", After: endings(r)},
	}
	for _, c := range r.Categories {
		all = append(all, Bound{Flow: r.Flow, What: "messages of " + c.Name, After: atMost(c.Most)})
	}
	return all
}

func atMost(messages int) string {
	if messages == prove.NoBound {
		return "any number"
	}
	return fmt.Sprint(messages)
}

func endings(r *prove.Report) string {
	var words []string
	for _, e := range r.Endings {
		if e.Outcome != engine.OutcomeFailed {
			words = append(words, e.Outcome)
		}
	}
	slices.Sort(words)
	return listed(words)
}

// Verdict is the answer on one line.
func (p *Proof) Verdict() string {
	fresh := 0
	for _, b := range p.Broken {
		if b.New {
			fresh++
		}
	}
	text := "no promise can be broken"
	if len(p.Broken) > 0 {
		text = fmt.Sprintf("%s can be broken, %d of them new", counted(len(p.Broken), "promise"), fresh)
	}
	if len(p.Bounds) > 0 {
		text += ", " + counted(len(p.Bounds), "bound") + " changed"
	}
	return text
}
