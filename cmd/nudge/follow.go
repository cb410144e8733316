package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// follower reports what happens to runs. It reads the store repeatedly, so the engine
// needs no hook for it. It follows the newest runs, as many as one page of a list has.
type follower struct {
	store *store.Store
	seq   uint64                             // at the last look; the same number means nothing new
	seen  map[engine.RunID]int               // entries already returned, for the runs of the last look
	known map[engine.FlowVersion]*flows.Flow // versions of flows, for their texts
	runs  []*engine.Run                      // of the last look, newest first
}

// told is one entry of one run's timeline.
type told struct {
	run  *engine.Run
	at   engine.Instant
	text string
}

func newFollower(s *store.Store) *follower {
	return &follower{store: s, seen: map[engine.RunID]int{}, known: map[engine.FlowVersion]*flows.Flow{}}
}

// next returns what has happened since the last look, in order.
func (f *follower) next() ([]told, error) {
	state, err := f.store.State()
	if err != nil || state.Seq == f.seq {
		return nil, err
	}
	page, err := f.store.List(store.Query{Limit: store.MaxPage})
	if err != nil {
		return nil, err
	}
	var news []told
	seen := make(map[engine.RunID]int, len(page.Runs))
	for _, r := range page.Runs {
		flow, err := f.flow(r)
		if err != nil {
			return nil, err
		}
		for _, e := range r.Since(f.seen[r.ID]) {
			news = append(news, told{r, e.At, engine.Describe(flow, e)})
		}
		seen[r.ID] = r.Logged()
	}
	f.seq, f.seen, f.runs = state.Seq, seen, page.Runs
	slices.SortStableFunc(news, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.at, b.at), a.run.ID.Compare(b.run.ID))
	})
	return news, nil
}

func (f *follower) flow(r *engine.Run) (*flows.Flow, error) {
	v := engine.FlowVersion{Flow: r.Flow, Version: r.Version}
	if known := f.known[v]; known != nil {
		return known, nil
	}
	flow, err := f.store.Version(v)
	f.known[v] = flow
	return flow, err
}

// narrator writes the entries of a follower, one on each line, with people in colour.
type narrator struct {
	out     io.Writer
	palette palette
	zone    *time.Location
	people  []string // in the order of their first entry
	flows   bool     // say the flow too
}

func (n *narrator) tell(news []told) {
	for _, t := range news {
		who := fmt.Sprintf("%-5s", t.run.Profile)
		if n.flows {
			who += " " + t.run.Flow
		}
		at := t.at.Time().In(n.zone).Format("Mon 15:04:05")
		fmt.Fprintf(n.out, "%s  %s  %s\n", n.palette.dim(at), n.palette.person(n.place(t.run.Profile), who), t.text)
	}
}

// maxPlaces is how many people get a colour by their place; further people share colours.
const maxPlaces = 64

func (n *narrator) place(profile string) int {
	if i := slices.Index(n.people, profile); i >= 0 {
		return i
	}
	if len(n.people) == maxPlaces {
		return 0
	}
	n.people = append(n.people, profile)
	return len(n.people) - 1
}
