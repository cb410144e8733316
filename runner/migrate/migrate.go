// Package migrate offers runs to the versions that take them over. A deploy moves nobody
// by itself; after one, and after a start, [Run] goes through the runs that are parked on
// older versions and hands those that a migration concerns to the engine, one input
// each. It may be stopped anywhere and begun again: who has moved is not offered twice.
package migrate

import (
	"context"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// Store is what is read of a store.
type Store interface {
	State() (engine.State, error)
	Counts() ([]*store.VersionCounts, error)
	Version(engine.FlowVersion) (*flows.Flow, error)
	List(store.Query) (store.Page, error)
}

// Submit applies inputs, as a runner does.
type Submit func(ctx context.Context, inputs ...*engine.Input) ([]engine.Answer, error)

// Run offers every run that is parked on an older version of an active flow to that one,
// and returns how many it moved or ended.
func Run(ctx context.Context, s Store, submit Submit) (moved int, err error) {
	err = Each(ctx, s, func(r *engine.Run, from, to *flows.Flow) error {
		if !engine.Migrates(r, from, to) {
			return nil
		}
		answers, err := submit(ctx, &engine.Input{Payload: &engine.Move{Run: r.ID, Version: to.Version}})
		if err != nil {
			return err
		}
		for _, d := range answers[0].Decisions {
			if d.Action == engine.DidMove || d.Action == engine.DidExit {
				moved++
				break
			}
		}
		return nil
	})
	return moved, err
}

// Each calls visit with every live run of an older version of an active flow that has
// migrations, with both versions.
func Each(ctx context.Context, s Store, visit func(r *engine.Run, from, to *flows.Flow) error) error {
	state, err := s.State()
	if err != nil {
		return err
	}
	counts, err := s.Counts()
	if err != nil {
		return err
	}
	for _, active := range state.Active {
		to, err := s.Version(active)
		if err != nil {
			return err
		}
		if to == nil || len(to.Migrations) == 0 || !older(counts, active) {
			continue
		}
		if err := eachOf(ctx, s, to, visit); err != nil {
			return err
		}
	}
	return nil
}

// older reports whether runs live on other versions of a flow.
func older(counts []*store.VersionCounts, active engine.FlowVersion) bool {
	for _, c := range counts {
		if c.Flow == active.Flow && c.Version != active.Version && c.Live > 0 {
			return true
		}
	}
	return false
}

// eachOf visits the runs of older versions of one flow, a page at a time.
func eachOf(ctx context.Context, s Store, to *flows.Flow, visit func(r *engine.Run, from, to *flows.Flow) error) error {
	versions := map[string]*flows.Flow{}
	query := store.Query{RunFilter: store.RunFilter{Flow: to.Name, Status: "live"}, Limit: store.MaxPage}
	for ctx.Err() == nil {
		page, err := s.List(query)
		if err != nil {
			return err
		}
		for _, r := range page.Runs {
			from := versions[r.Version]
			if from == nil {
				if from, err = s.Version(engine.FlowVersion{Flow: r.Flow, Version: r.Version}); err != nil || from == nil {
					return err
				}
				versions[r.Version] = from
			}
			if err := visit(r, from, to); err != nil {
				return err
			}
		}
		if page.Next == (engine.RunID{}) {
			return nil
		}
		query.Before = page.Next
	}
	return ctx.Err()
}
