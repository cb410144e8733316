package backtest

import (
	"context"
	"errors"

	"nudge/engine"
	"nudge/runner"
)

// recordedFiring is the audience of one firing, as it was frozen and taken in the window.
type recordedFiring struct {
	number uint64
	frozen *engine.Frozen // nil: it was frozen before the window
	rows   []engine.Row
}

func (rec *recording) firing(number uint64) *recordedFiring {
	if rec.firings[number] == nil {
		rec.firings[number] = &recordedFiring{number: number}
	}
	return rec.firings[number]
}

// nameFirings finds the recorded firings by what they are called: their numbers are others
// in every world.
func (rec *recording) nameFirings() error {
	numbers := make([]uint64, 0, len(rec.firings))
	for number := range rec.firings {
		numbers = append(numbers, number)
	}
	loaded, err := rec.replay.Store.Load(&engine.Needs{Firings: numbers})
	if err != nil {
		return err
	}
	rec.named = make(map[string]*recordedFiring, len(loaded.Firings))
	for _, f := range loaded.Firings {
		rec.named[f.ID] = rec.firings[f.Number]
	}
	return nil
}

// audiences are the recorded rows, as the firings of a world read them.
type audiences struct {
	rec   *recording
	shelf map[string]*shelved // by the name under which the world knows them
}

// shelved is recorded rows from an offset on, which are counted one by one.
type shelved struct {
	rows  []engine.Row
	begin int64
}

var errNotRecorded = errors.New("nothing more of it was recorded")

// Read returns recorded rows.
func (a *audiences) Read(name string, offset int64, limit int) ([]engine.Row, int64, error) {
	s := a.shelf[name]
	if s == nil || offset < s.begin || offset-s.begin >= int64(len(s.rows)) {
		return nil, offset, errNotRecorded
	}
	rest := s.rows[offset-s.begin:]
	rest = rest[:min(limit, len(rest))]
	return append([]engine.Row(nil), rest...), offset + int64(len(rest)), nil
}

// Keep keeps everything.
func (a *audiences) Keep([]string) error { return nil }

// Freeze is not asked: a world answers by itself.
func (a *audiences) Freeze(context.Context, engine.Freeze) (*engine.Frozen, error) {
	return nil, errNotRecorded
}

var _ runner.Audiences = (*audiences)(nil)

// underWay puts the rows of a firing that was being taken when the window began where the
// world looks for them.
func (a *audiences) underWay(f *engine.Firing) {
	if own := a.rec.firings[f.Number]; own != nil && own.frozen == nil {
		a.shelf[f.Audience] = &shelved{rows: own.rows, begin: f.Offset}
	}
}

// freeze is what becomes of the freezing of a firing: what was recorded of the one with
// the same name.
func (a *audiences) freeze(f *engine.Firing) *engine.Frozen {
	own := a.rec.named[f.ID]
	if own == nil || own.frozen == nil {
		return nil
	}
	frozen := *own.frozen
	frozen.Firing, frozen.Audience, frozen.Rows = f.Number, "recorded "+f.ID, len(own.rows)
	a.shelf[frozen.Audience] = &shelved{rows: own.rows}
	return &frozen
}

// openFirings takes up the firings that were open when the window began.
func (w *world) openFirings() error {
	loaded, err := w.store.Load(&engine.Needs{Firings: w.loop.Core().State.Open})
	if err != nil {
		return err
	}
	for _, f := range loaded.Firings {
		if own := w.rec.firings[f.Number]; own != nil {
			w.firings[own] = f.Number
		}
		if f.Status == engine.Freezing {
			w.freeze(f)
		} else {
			w.rows.underWay(f)
		}
	}
	return nil
}

// freeze answers for whoever freezes audiences.
func (w *world) freeze(f *engine.Firing) {
	if own := w.rec.named[f.ID]; own != nil {
		w.firings[own] = f.Number
	}
	frozen := w.rows.freeze(f)
	if frozen == nil {
		w.ledger.unfrozen++
		frozen = &engine.Frozen{Firing: f.Number, Failed: "its audience was not recorded"}
	}
	w.due.plan(engine.InstantOf(w.now), &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputFrozen, Frozen: frozen}}})
}

// freezes answers for the firings of a step.
func (w *world) freezes(all []engine.Freeze) error {
	for _, one := range all {
		loaded, err := w.store.Load(&engine.Needs{Firings: []uint64{one.Firing}})
		if err != nil {
			return err
		}
		for _, f := range loaded.Firings {
			w.freeze(f)
		}
	}
	return nil
}
