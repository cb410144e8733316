package lsp

import (
	"fmt"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/whatif/prove"
)

// proofs are what was proved of flows. They are kept while nothing changes that a proof
// depends on. The value is not changed after it was made.
type proofs struct {
	made    map[string]*madeProof // by flow
	circles []prove.Circle
	of      *flows.Project // the project that they were last made for
	whole   string         // the versions of all flows, if they were proved together; empty: each was proved alone
}

// madeProof is the proof of one flow, and what it depended on beside the flow.
type madeProof struct {
	flow    *flows.Flow
	outside string
	alone   *prove.Report // of the flow alone, with a small budget
	report  *prove.Report // as nudge check has it
}

// known returns the proof of a project, as far as it was made.
func (p *proofs) known(of *flows.Project) *prove.Proof {
	proof := &prove.Proof{}
	if p.of == of {
		proof.Circles = p.circles
	}
	out := outsideOf(of)
	for _, f := range of.Flows {
		if m := p.made[f.Name]; m.holds(f, out) {
			proof.Flows = append(proof.Flows, m.report)
		}
	}
	return proof
}

// report returns what was proved of a flow of a project, or nil if that is not known yet.
func (p *proofs) report(of *flows.Project, f *flows.Flow) *prove.Report {
	if m := p.made[f.Name]; m.holds(f, outsideOf(of)) {
		return m.report
	}
	return nil
}

// holds reports whether a proof, which may be nil, is that of a flow.
func (m *madeProof) holds(f *flows.Flow, out *outside) bool {
	return m != nil && m.flow.SameProgram(f) && m.outside == out.text(f)
}

// small is the budget of a flow that is proved alone: a quarter of what all flows share.
var small = prove.Budget{States: prove.Tenth.States / 4, Bytes: prove.Tenth.Bytes / 4, Work: prove.Tenth.Work / 4}

// makeProofs proves the flows of a project of which no proof is known, each alone. Where the
// budget of nudge check may not be enough for all of them, they are proved together, as nudge
// check does it, because then they share that budget.
func makeProofs(of *flows.Project, known proofs) proofs {
	slim := of.WithoutSources() // reports hold on to it
	made := proofs{made: map[string]*madeProof{}, of: of}
	out := outsideOf(of)
	var alone []*prove.Report
	for _, f := range of.Flows {
		m := known.made[f.Name]
		if !m.holds(f, out) {
			m = &madeProof{flow: f, outside: out.text(f), alone: prove.ProjectWith(slim, prove.Options{Budget: small, Only: f.Name}).Flows[0]}
		}
		made.made[f.Name] = &madeProof{m.flow, m.outside, m.alone, m.alone}
		alone = append(alone, m.alone)
	}
	if !prove.Tenth.Suffices(alone) {
		made.together(slim, known, out.versions())
	}
	made.circles = prove.ProjectWith(slim, prove.Options{Budget: small, Only: noFlow}).Circles
	return made
}

// together gives all flows the reports that they have if they share a budget. While the versions
// of all flows stay, a flow that was too large is too large, wherever its steps have moved.
func (p *proofs) together(slim *flows.Project, known proofs, versions string) {
	p.whole = versions
	if known.whole == versions && p.remember(slim, known) {
		return
	}
	for _, r := range prove.ProjectWith(slim, prove.Options{Budget: prove.Tenth}).Flows {
		p.made[r.Flow].report = r
	}
}

// remember takes over the reports of the same versions of all flows. It returns false if one
// is missing that can only be made anew.
func (p *proofs) remember(slim *flows.Project, known proofs) bool {
	for name, m := range p.made {
		switch before := known.made[name]; {
		case before.flow.SameProgram(m.flow):
			m.report = before.report
		case !before.report.Proved:
			m.report = before.report.Moved(m.flow, slim)
		case !m.alone.RanOut() && !before.report.RanOut():
			m.report = m.alone
		default:
			return false
		}
	}
	return true
}

// noFlow is the name of no flow: nothing but the circles is looked for.
const noFlow = "."

// outside knows what proofs depend on beside the flow itself: the fields that flows set, and the
// flows that it starts.
type outside struct {
	project *flows.Project
	set     string
}

func outsideOf(p *flows.Project) *outside {
	var set []string
	for _, other := range p.Flows {
		for i := range other.Steps {
			for _, a := range other.Steps[i].Set {
				if a.Profile {
					set = append(set, a.Name)
				}
			}
		}
	}
	slices.Sort(set)
	return &outside{p, strings.Join(slices.Compact(set), " ")}
}

// text describes what the proof of a flow depends on.
func (o *outside) text(f *flows.Flow) string {
	started := map[string]bool{f.Name: true}
	text := o.set
	for list := []*flows.Flow{f}; len(list) > 0; list = list[1:] {
		for i := range list[0].Steps {
			s := list[0].Steps[i].Start
			if s == nil || started[s.Flow] {
				continue
			}
			started[s.Flow] = true
			next := o.project.Flow(s.Flow)
			if next == nil {
				text += " " + s.Flow
				continue
			}
			text += fmt.Sprintf(" %s %s", s.Flow, next.Version)
			list = append(list, next)
		}
	}
	return text
}

// versions describes all that the proof of a whole project depends on.
func (o *outside) versions() string {
	var b strings.Builder
	for _, f := range o.project.Flows {
		fmt.Fprintln(&b, f.Name, f.Version, o.text(f))
	}
	return b.String()
}
