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
	made    map[*flows.Flow]*madeProof
	circles []prove.Circle
	of      *flows.Project // the project that they were last made for
}

// madeProof is the proof of one flow, and what it depended on beside the flow.
type madeProof struct {
	outside string
	report  *prove.Report
}

// known returns the proof of a project, as far as it was made.
func (p *proofs) known(of *flows.Project) *prove.Proof {
	proof := &prove.Proof{}
	if p.of == of {
		proof.Circles = p.circles
	}
	for _, f := range of.Flows {
		if r := p.report(of, f); r != nil {
			proof.Flows = append(proof.Flows, r)
		}
	}
	return proof
}

// report returns what was proved of a flow of a project, or nil if that is not known yet.
func (p *proofs) report(of *flows.Project, f *flows.Flow) *prove.Report {
	if m := p.made[f]; m != nil && (p.of == of || m.outside == outside(of, f)) {
		return m.report
	}
	return nil
}

// small is the budget of a flow that is proved alone: what it finds with half of that, it also
// finds as one of many in nudge check.
var small = prove.Budget{States: prove.Tenth.States / 4, Bytes: prove.Tenth.Bytes / 4, Work: prove.Tenth.Work / 4}

// makeProofs proves the flows of a project of which no proof is known. Small flows are proved
// one by one. With a flow that is too large for that, all are proved as nudge check does it,
// because then they share a budget.
func makeProofs(of *flows.Project, known proofs) proofs {
	slim := of.WithoutSources() // reports hold on to it
	made := proofs{made: map[*flows.Flow]*madeProof{}, of: of}
	states, large := 0, false
	for _, f := range of.Flows {
		m := known.made[f]
		if now := outside(of, f); m == nil || m.outside != now || m.report.Coarse || !m.report.Proved {
			m = &madeProof{now, prove.ProjectWith(slim, prove.Options{Budget: small, Only: f.Name}).Flows[0]}
		}
		made.made[f] = m
		states += m.report.States
		large = large || !m.report.Proved || m.report.Coarse
	}
	if large || states > small.States {
		whole := prove.ProjectWith(slim, prove.Options{Budget: prove.Tenth})
		for i, r := range whole.Flows {
			f := of.Flows[i]
			made.made[f] = &madeProof{made.made[f].outside, r}
		}
	}
	made.circles = prove.ProjectWith(slim, prove.Options{Budget: small, Only: noFlow}).Circles
	return made
}

// noFlow is the name of no flow: nothing but the circles is looked for.
const noFlow = "."

// outside describes what the proof of a flow depends on beside the flow itself: the fields
// that flows set, and the flows that it starts.
func outside(p *flows.Project, f *flows.Flow) string {
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
	started := map[string]bool{f.Name: true}
	text := strings.Join(slices.Compact(set), " ")
	for list := []*flows.Flow{f}; len(list) > 0; list = list[1:] {
		for i := range list[0].Steps {
			s := list[0].Steps[i].Start
			if s == nil || started[s.Flow] {
				continue
			}
			started[s.Flow] = true
			next := p.Flow(s.Flow)
			text += fmt.Sprintf(" %s %p", s.Flow, next)
			if next != nil {
				list = append(list, next)
			}
		}
	}
	return text
}
