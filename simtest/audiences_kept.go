package simtest

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"nudge/audience"
	"nudge/engine"
	"nudge/runner"
)

// audiences is the frozen audiences, which outlive the process.
type audiences struct {
	sources audience.Sources
	service *service
	frozen  map[string][]engine.Row
	names   int
	over    int // partitions, to which the rows are dealt; 0: one
}

var _ runner.Audiences = (*audiences)(nil)

func newAudiences() *audiences {
	of := new(service)
	return &audiences{sources: audience.Sources{Project: people, Client: of}, service: of, frozen: map[string][]engine.Row{}}
}

// Freeze copies an audience under a name that no other has.
func (s *audiences) Freeze(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	if f.Schedule.Audience.Pages != nil {
		s.service.renew()
	}
	one := audience.NewSnapshots(s.sources)
	frozen, err := one.Freeze(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("freezing campaign %d: %w", f.Campaign, err)
	}
	frozen.Campaign = f.Campaign
	if frozen.Failed != "" {
		return frozen, nil
	}
	rows, _, err := one.Read(frozen.Audience, 0, frozen.Rows)
	if err != nil {
		return nil, err
	}
	s.names++
	frozen.Audience = fmt.Sprint("audience ", s.names)
	s.frozen[frozen.Audience] = rows
	if s.over > 1 {
		frozen.Dealt = make([]int, s.over)
		for _, row := range rows {
			p := engine.PartitionOf(row.Profile, s.over)
			part := engine.PartOf(frozen.Audience, p)
			s.frozen[part] = append(s.frozen[part], row)
			frozen.Dealt[p]++
		}
	}
	return frozen, nil
}

// Read returns rows of a frozen audience. An offset is a number of rows.
func (s *audiences) Read(name string, offset int64, limit int) ([]engine.Row, int64, error) {
	rows := s.frozen[name]
	if offset+int64(limit) > int64(len(rows)) {
		return nil, offset, fmt.Errorf("%s has %d rows", name, len(rows))
	}
	return rows[offset : offset+int64(limit)], offset + int64(limit), nil
}

// Keep keeps all of them: a backup that is put back may ask for any.
func (s *audiences) Keep(int, []string) error { return nil }

// checkRows holds the rows that a campaign takes against its frozen audience (I9).
func (m *machine) checkRows(in *engine.Rows) *violation {
	rows, _, err := m.shelf.Read(m.model.Audience(in.Campaign), int64(in.From), len(in.Rows))
	if err != nil || !reflect.DeepEqual(rows, in.Rows) {
		return broken("I9", "rows %d to %d of campaign %d are not those of its audience: %v", in.From, in.From+len(in.Rows), in.Campaign, err)
	}
	return nil
}

// freeze freezes an audience somewhat later, if the process still lives.
func (w *world) freeze(f engine.SnapshotRequest) {
	life := w.life
	w.later(w.between(0, pick(w.dice, time.Second, 10*time.Minute)), func() {
		if life != w.life || w.loop == nil {
			return
		}
		frozen, err := w.shelf.Freeze(context.Background(), f)
		if err != nil {
			w.err = err
			return
		}
		if v := w.checkFrozen(f, frozen); v != nil {
			w.err = v
			return
		}
		w.bring(&engine.Input{Payload: frozen}, life)
	})
}

// bring gives an input to one process, until it is taken or the process ends.
func (w *world) bring(in *engine.Input, life int) {
	c := *in
	w.send(&delivery{life: life, inputs: []*engine.Input{&c}, told: func(answers []engine.Answer) {
		if answers == nil && life == w.life {
			w.later(time.Second, func() { w.bring(in, life) })
		}
	}})
}
