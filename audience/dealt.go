package audience

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"nudge/engine"
)

// homePrefix is how the names of audiences begin whose campaigns a partition has fired. That one knows when they are no
// longer needed.
func homePrefix(home int) string { return fmt.Sprint(home, "-") }

// dealt is a snapshot that is being written, with a file for each partition.
type dealt []*frozenFile

// freezeDealt copies an audience, and deals its rows to the partitions of their people.
func (d *Folder) freezeDealt(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	files := dealt{}
	for range d.partitions {
		file, err := newFrozenFile(d.dir)
		if err != nil {
			return &engine.Snapshot{Failed: err.Error()}, files.drop()
		}
		files = append(files, file)
	}
	rows := make([]int, d.partitions)
	frozen, err := d.freeze(ctx, f, func(row *engine.Row) error {
		p := engine.PartitionOf(row.Profile, d.partitions)
		rows[p]++
		return files[p].add(row)
	})
	if err != nil || frozen.Failed != "" {
		return frozen, errors.Join(err, files.drop())
	}
	frozen.Dealt = rows
	if frozen.Audience, err = files.keep(engine.CampaignHome(f.Campaign)); err != nil {
		frozen.Failed = err.Error()
	}
	return frozen, nil
}

// keep makes the files durable, and returns the name of the audience, which follows from what is in all of them.
func (d dealt) keep(home int) (name string, err error) {
	sum := sha256.New()
	for _, file := range d {
		own, failed := file.close()
		sum.Write(own)
		err = errors.Join(err, failed)
	}
	name = homePrefix(home) + nameOf(sum.Sum(nil))
	for p, file := range d {
		if err == nil {
			err = file.keep(engine.PartOf(name, p))
		}
	}
	return name, err
}

func (d dealt) drop() (err error) {
	for _, file := range d {
		err = errors.Join(err, file.drop())
	}
	return err
}
