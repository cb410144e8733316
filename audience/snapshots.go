package audience

import (
	"context"
	"fmt"

	"nudge/engine"
	"nudge/runner"
)

// Snapshots freezes audiences in memory, for stories and tests with small audiences. It
// belongs to one goroutine.
type Snapshots struct {
	Sources
	rows map[string][]engine.Row
}

var _ runner.Audiences = (*Snapshots)(nil)

// NewSnapshots returns an empty Snapshots.
func NewSnapshots(from Sources) *Snapshots { return &Snapshots{from, map[string][]engine.Row{}} }

// Freeze copies an audience.
func (s *Snapshots) Freeze(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	var rows []engine.Row
	frozen, err := s.freeze(ctx, f, func(row *engine.Row) error {
		rows = append(rows, *row)
		return nil
	})
	if err == nil && frozen.Failed == "" {
		frozen.Audience = fmt.Sprint("firing ", f.Campaign)
		s.rows[frozen.Audience] = rows
	}
	return frozen, err
}

// Read returns at most limit rows of a frozen audience from an offset on, and the offset
// after them. An offset is a number of rows.
func (s *Snapshots) Read(audience string, offset int64, limit int) ([]engine.Row, int64, error) {
	rows := s.rows[audience]
	if offset+int64(limit) > int64(len(rows)) {
		return nil, offset, fmt.Errorf("it has %d rows", len(rows))
	}
	next := offset + int64(limit)
	return rows[offset:next], next, nil
}

// Keep keeps all audiences, because a Snapshots exists only for a short time.
func (s *Snapshots) Keep(int, []string) error { return nil }
