package audience

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/runner"
)

// Folder freezes audiences into a folder and reads them from there. It is safe for
// concurrent use.
type Folder struct {
	Sources
	dir        string
	partitions int // to which the rows are dealt; 1: none
}

// Open returns the audiences frozen in a folder. It creates the folder if it does not
// exist.
func Open(dir string, from Sources) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(dir, beginning+"*"))
	if err != nil {
		return nil, err
	}
	for _, name := range left { // half-made files of a killed process
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	return &Folder{from, dir, 1}, nil
}

// Divide makes the folder that of a divided installation: it deals the rows of each audience to the partitions of their
// people. It must be called before the first use.
func (d *Folder) Divide(partitions int) { d.partitions = partitions }

// Freeze copies an audience. Failed says what is wrong with the audience; an error means
// that ctx ended.
func (d *Folder) Freeze(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	if d.partitions > 1 {
		return d.freezeDealt(ctx, f)
	}
	file, err := newFrozenFile(d.dir)
	if err != nil {
		return &engine.Snapshot{Failed: err.Error()}, nil
	}
	frozen, err := d.freeze(ctx, f, file.add)
	if err != nil || frozen.Failed != "" {
		return frozen, errors.Join(err, file.drop())
	}
	sum, err := file.close()
	if err == nil {
		frozen.Audience = nameOf(sum)
		err = file.keep(frozen.Audience)
	}
	if err != nil {
		frozen.Failed = err.Error()
	}
	return frozen, nil
}

var _ runner.Audiences = (*Folder)(nil)

// Read returns at most limit rows of a frozen audience from an offset on, and the offset
// after them.
func (d *Folder) Read(audience string, offset int64, limit int) ([]engine.Row, int64, error) {
	return readFrozen(filepath.Join(d.dir, audience+frozenSuffix), offset, limit)
}

// Keep removes every frozen audience of the campaigns that a partition has fired and that is not in the list.
func (d *Folder) Keep(home int, audiences []string) error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, whole := strings.CutSuffix(e.Name(), frozenSuffix)
		if d.partitions > 1 {
			whole = whole && strings.HasPrefix(name, homePrefix(home))
			name, _, _ = strings.Cut(name, ".") // without the partition that has the rows
		}
		if whole && !slices.Contains(audiences, name) {
			if err := os.Remove(filepath.Join(d.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
