package simtest

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/explain"
	told "nudge/whatif/story"
)

// TestExplainDivided holds that the same is explained of each run in installations of 1, 4 and 16 partitions with the same flows and
// the same inputs, and that what happened to each person by each flow is the same. Which inputs did nothing for a person is not
// compared: a partition does not know of those that could only start a flow for others.
func TestExplainDivided(t *testing.T) {
	lines := 0
	for seed := range uint64(max(1, *seeds/32)) {
		project, script := scriptOf(seed)
		one := playDivided(t, 1, project, script)
		runs, people := one.explained(project.Flows)
		for _, over := range []int{4, 16} {
			parts := playDivided(t, over, project, script)
			if at, what := difference(one.told(), parts.told()); what != "" && len(one.moved(at)) > 1 {
				continue
			}
			ofRuns, ofPeople := parts.explained(project.Flows)
			if diff := cmp.Diff(runs, ofRuns); diff != "" {
				t.Fatalf("seed %d over %d partitions: of runs\n%s", seed, over, diff)
			}
			if diff := cmp.Diff(people, ofPeople); diff != "" {
				t.Fatalf("seed %d over %d partitions: of people\n%s", seed, over, diff)
			}
			for l := range parts.unseen {
				if !one.unseen[l] {
					t.Errorf("seed %d over %d partitions: only there is %v", seed, over, l)
				}
			}
			for all := range maps.Values(runs) {
				lines += len(all)
			}
		}
	}
	if lines < 100 {
		t.Errorf("only %d lines: this proves little", lines)
	}
}

// explained is what is explained of some of the runs, and of some people by what happened to them. It notes which events a flow
// is said not to have seen.
func (d *divided) explained(all []*flows.Flow) (runs, people map[string][]line) {
	d.t.Helper()
	d.unseen = map[line]bool{}
	runs, people = map[string][]line{}, map[string][]line{}
	for p, m := range d.parts {
		for id, name := range m.names {
			r, err := m.store.Run(id)
			d.do(err)
			if r == nil || len(d.parts) > 1 && id.Partition() != p {
				continue
			}
			if key := fmt.Sprint(name.flow, " for ", name.profile, " ", r.Key, " ", id.Time()); diceOf(key).IntN(8) == 0 {
				for _, l := range d.explain(p, explain.Question{Run: id}) {
					runs[key] = append(runs[key], line{l.At, l.Kind, l.Text})
				}
			}
		}
	}
	for _, f := range all {
		for _, who := range everybody[:3] {
			for _, l := range d.explain(engine.PartitionOf(who, len(d.parts)), explain.Question{Profile: who, Flow: f.Name}) {
				if l.Kind == told.LineSkip && strings.HasSuffix(l.Text, "did not see it: something else handled it") {
					d.unseen[line{l.At, l.Kind, who + ": " + l.Text}] = true
				}
				if l.Kind == told.LineRun || l.Kind == told.LineMessage {
					people[f.Name+" for "+who] = append(people[f.Name+" for "+who], line{l.At, l.Kind, l.Text})
				}
			}
		}
	}
	return runs, people
}

type line struct {
	At   time.Time
	Kind told.LineKind
	Text string
}

// explain asks a partition.
func (d *divided) explain(part int, q explain.Question) []told.Line {
	d.t.Helper()
	answer, err := explain.Ask(d.t.Context(), d.parts[part].store, q, func() {})
	d.do(err)
	return answer.Lines
}
