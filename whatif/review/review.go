// Package review finds out about a proposed deploy what the person who approves it should know: what it does to the people in
// flows, what the proposed flows would have sent, and which promises they can break. Each answer has a verdict on one line.
//
// A server reviews beside its work. So every answer is bounded, reads the store in short transactions, and takes one core.
package review

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/plan"
)

// Plan is what a deploy does to the people in flows.
type Plan struct {
	Moves uint64      `json:"moves"` // runs that go on with another version
	Ends  uint64      `json:"ends"`  // runs that end
	Stays uint64      `json:"stays"` // runs that go on with a version that is no longer active
	Flows []plan.Flow `json:"flows"` // those that change, or whose runs do
}

// MakePlan returns what a deploy of flows does to the people in flows.
func MakePlan(ctx context.Context, s *store.Store, next []*flows.Flow, now time.Time) (*Plan, error) {
	made, err := plan.Make(ctx, s, next, engine.InstantOf(now))
	if err != nil {
		return nil, err
	}
	p := &Plan{Flows: []plan.Flow{}}
	for _, f := range made.Flows {
		if f.Change != plan.Unchanged || len(f.Parked) > 0 {
			p.Flows = append(p.Flows, f)
		}
		for _, parked := range f.Parked {
			switch parked.Fate {
			case plan.Moves:
				p.Moves += parked.Runs
			case plan.Ends:
				p.Ends += parked.Runs
			default:
				p.Stays += parked.Runs
			}
		}
	}
	return p, nil
}

// Verdict is the answer on one line.
func (p *Plan) Verdict() string {
	if p.Moves+p.Ends == 0 {
		return "nobody is moved or ended"
	}
	return fmt.Sprintf("%s moved, %d ended", counted(int(p.Moves), "run"), p.Ends)
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func listed(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
