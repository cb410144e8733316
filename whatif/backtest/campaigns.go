package backtest

import (
	"context"
	"errors"

	"nudge/engine"
	"nudge/runner"
	"nudge/whatif/virtual"
)

// recordedCampaign is the audience of one campaign, as it was frozen and taken in the window.
type recordedCampaign struct {
	number uint64
	frozen *engine.Snapshot // nil: it was frozen before the window
	rows   []engine.Row
}

func (rec *recording) campaign(number uint64) *recordedCampaign {
	if rec.campaigns[number] == nil {
		rec.campaigns[number] = &recordedCampaign{number: number}
	}
	return rec.campaigns[number]
}

// nameCampaigns finds the recorded campaigns by what they are called: their numbers are others
// in every world.
func (rec *recording) nameCampaigns() error {
	numbers := make([]uint64, 0, len(rec.campaigns))
	for number := range rec.campaigns {
		numbers = append(numbers, number)
	}
	loaded, err := rec.replay.Store.Load(&engine.Needs{Campaigns: numbers})
	if err != nil {
		return err
	}
	rec.named = make(map[string]*recordedCampaign, len(loaded.Campaigns))
	for _, f := range loaded.Campaigns {
		rec.named[f.ID] = rec.campaigns[f.Number]
	}
	return nil
}

// audiences are the recorded rows, as the campaigns of a world read them.
type audiences struct {
	rec  *recording
	rows map[string]*recordedRows // by the name under which the world knows them
}

// recordedRows is recorded rows from an offset on, which are counted one by one.
type recordedRows struct {
	rows  []engine.Row
	begin int64
}

var errNotRecorded = errors.New("nothing more of it was recorded")

// Read returns recorded rows.
func (a *audiences) Read(name string, offset int64, limit int) ([]engine.Row, int64, error) {
	s := a.rows[name]
	if s == nil || offset < s.begin || offset-s.begin >= int64(len(s.rows)) {
		return nil, offset, errNotRecorded
	}
	rest := s.rows[offset-s.begin:]
	rest = rest[:min(limit, len(rest))]
	return append([]engine.Row(nil), rest...), offset + int64(len(rest)), nil
}

// Keep keeps everything.
func (a *audiences) Keep(int, []string) error { return nil }

// Freeze is not asked: a world answers by itself.
func (a *audiences) Freeze(context.Context, engine.SnapshotRequest) (*engine.Snapshot, error) {
	return nil, errNotRecorded
}

var _ runner.Audiences = (*audiences)(nil)

// underWay puts the rows of a campaign that was being taken when the window began where the
// world looks for them.
func (a *audiences) underWay(f *engine.Campaign) {
	if own := a.rec.campaigns[f.Number]; own != nil && own.frozen == nil {
		a.rows[f.Audience] = &recordedRows{rows: own.rows, begin: f.Offset}
	}
}

// freeze answers the request for the audience of a campaign by what was recorded of the one with
// the same name.
func (a *audiences) freeze(f *engine.Campaign) *engine.Snapshot {
	own := a.rec.named[f.ID]
	if own == nil || own.frozen == nil {
		return nil
	}
	frozen := *own.frozen
	frozen.Campaign, frozen.Audience, frozen.Rows = f.Number, "recorded "+f.ID, len(own.rows)
	a.rows[frozen.Audience] = &recordedRows{rows: own.rows}
	return &frozen
}

// openCampaigns takes up the campaigns that were open when the window began.
func (w *world) openCampaigns() error {
	loaded, err := w.store.Load(&engine.Needs{Campaigns: w.core.State.Admitted()})
	if err != nil {
		return err
	}
	for _, f := range loaded.Campaigns {
		if own := w.rec.campaigns[f.Number]; own != nil {
			w.campaigns[own] = f.Number
		}
		if f.Status == engine.Freezing {
			w.freeze(f)
		} else {
			w.rows.underWay(f)
		}
	}
	return nil
}

// freeze answers in place of the part of a server that copies audiences.
func (w *world) freeze(f *engine.Campaign) {
	if own := w.rec.named[f.ID]; own != nil {
		w.campaigns[own] = f.Number
	}
	frozen := w.rows.freeze(f)
	if frozen == nil {
		w.ledger.unfrozen++
		frozen = &engine.Snapshot{Campaign: f.Number, Failed: "its audience was not recorded"}
	}
	w.virtual.Arrive(virtual.Snapshot(frozen))
}

// freezes answers for the campaigns of a step.
func (w *world) freezes(all []engine.SnapshotRequest) error {
	for _, one := range all {
		loaded, err := w.store.Load(&engine.Needs{Campaigns: []uint64{one.Campaign}})
		if err != nil {
			return err
		}
		for _, f := range loaded.Campaigns {
			w.freeze(f)
		}
	}
	return nil
}
