package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"nudge/store"
)

// Upgrade brings files of an older format to the current one, if they are. Before, it copies each file to a name beside it that says its format:
// "nudge.db.format8". If it is cut short, the next one makes those copies anew that are needed, and goes on. It returns the paths of the copies. Progress is
// called now and then with the bytes of a file copied so far and how many there are; it may be nil.
func (f Files) Upgrade(ctx context.Context, progress func(done, whole int64)) (copies []string, err error) {
	for _, k := range f {
		format, err := store.FormatOf(k)
		if err != nil {
			return copies, err
		}
		if format < store.OldestFormat || format >= store.Format {
			continue // there is nothing to upgrade, or opening it says what is wrong
		}
		to := fmt.Sprintf("%s.format%d", k.path, format)
		if err := k.copyTo(ctx, to, progress); err != nil {
			return copies, fmt.Errorf("copy %s before its upgrade: %w", k.path, err)
		}
		copies = append(copies, to)
		if err := store.Upgrade(k); err != nil {
			return copies, err
		}
	}
	return copies, nil
}

// copyTo makes a durable copy of the file, as it is after the last commit. It gets its name when it is whole.
func (k *KV) copyTo(ctx context.Context, path string, progress func(done, whole int64)) (err error) {
	if err := haveRoom(filepath.Dir(path), k.Size()); err != nil {
		return err
	}
	temp := path + ".new"
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = guarded(func() error {
		return k.db.View(func(t *bbolt.Tx) error {
			_, err := t.WriteTo(&copied{Writer: file, ctx: ctx, progress: progress, whole: t.Size()})
			return err
		})
	})
	if ctx.Err() != nil {
		err = ctx.Err() // bbolt only says it in words
	}
	if err = errors.Join(err, file.Sync(), file.Close(), KeepOwner(temp, k.file)); err != nil {
		return errors.Join(err, removeFile(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// copied is a file that a copy goes to, until ctx ends.
type copied struct {
	io.Writer
	ctx      context.Context
	progress func(done, whole int64) // may be nil
	done     int64
	whole    int64
}

func (c *copied) Write(p []byte) (n int, err error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err = c.Writer.Write(p)
	if c.done += int64(n); c.progress != nil {
		c.progress(c.done, c.whole)
	}
	return n, err
}
