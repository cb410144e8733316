package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nudge/client"
	"nudge/store/backup"
	"nudge/store/bolt"
)

const (
	copyPrefix, copySuffix, partSuffix = "copy-", ".nudge", ".part"

	// copyTime is how the name of a copy says when its backup was made, so that names sort by it.
	copyTime = "20060102T150405.000Z"

	// followAgain is how long the command waits before it tries again; after each failure twice as long, up to followRarely.
	followAgain, followRarely = time.Second, 30 * time.Second
)

// newestCopy returns the newest warm copy in a folder, or nothing if name is no folder.
func newestCopy(name string) (string, error) {
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return "", nil // whoever opens it says what is wrong
	}
	all, err := filepath.Glob(filepath.Join(name, copyPrefix+"*"+copySuffix))
	if err == nil && len(all) == 0 {
		err = wrongInput(fmt.Errorf("the folder %s has no copy (%s*%s): nudge store backup --follow makes one", name, copyPrefix, copySuffix))
	}
	if err != nil {
		return "", err
	}
	slices.Sort(all)
	newest := all[len(all)-1]
	of, err := headerOf(newest)
	if err != nil {
		return "", err
	}
	for _, older := range all[:len(all)-1] {
		if h, err := headerOf(older); err == nil && !follows(of, h) {
			return "", wrongInput(fmt.Errorf("%s has less than %s, or is of another installation: name the file that you want", newest, older))
		}
	}
	return newest, nil
}

// headerOf reads what a backup is of.
func headerOf(name string) (backup.Header, error) {
	file, err := os.Open(name)
	if err != nil {
		return backup.Header{}, err
	}
	defer file.Close()
	b, err := backup.Read(file)
	if err != nil {
		return backup.Header{}, wrongInput(fmt.Errorf("%s: %w", name, err))
	}
	return b.Header, nil
}

// follows reports whether a backup is of the store that an older one is of, and has as much: not if the store is an empty one in its
// place, or was restored from something older.
func follows(newer, older backup.Header) bool {
	return newer.Installation == older.Installation && newer.Seq >= older.Seq
}

// warmCopy keeps a copy of a store in a folder: a backup, and behind it everything that was written into the store since. Now
// and then it begins anew, so that the copy does not grow for ever; the old copy goes on until the new one is whole.
type warmCopy struct {
	server *client.Client
	dir    string
	renew  time.Duration
	out    io.Writer
	bar    *progress

	lock      io.Closer
	now, next *copying // the copy that goes on, and the one that is begun; nil: there is none
	any       bool     // one was whole; before, an error is for whoever has started the command
	wait      time.Duration
	again     <-chan time.Time // when the next one is begun
}

// copying is a copy under way.
type copying struct {
	header backup.Header // once it is whole
	cancel context.CancelFunc
	path   string        // of the file, once it is whole
	whole  chan struct{} // closed when the backup is whole
	ended  chan error    // gets why it ended
}

// run follows until ctx ends, or the server refuses.
func (f *warmCopy) run(ctx context.Context) error {
	if err := f.prepare(); err != nil {
		return err
	}
	defer f.lock.Close()
	f.begin(ctx)
	for {
		select {
		case <-ctx.Done():
			return f.stop()
		case <-f.again:
			f.again = nil
			f.begin(ctx)
		case <-wholeOf(f.next):
			if err := f.replace(); err != nil {
				return errors.Join(err, f.stop())
			}
		case err := <-endOf(f.next):
			if f.next.path != "" { // it was whole before it ended
				f.next.ended <- err
				if err := f.replace(); err != nil {
					return errors.Join(err, f.stop())
				}
				continue
			}
			f.next = nil
			if err = f.failed(ctx, err); err != nil {
				return errors.Join(err, f.stop())
			}
		case err := <-endOf(f.now):
			f.now = nil
			if err = f.failed(ctx, err); err != nil {
				return errors.Join(err, f.stop())
			}
		}
	}
}

func wholeOf(c *copying) <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.whole
}

func endOf(c *copying) <-chan error {
	if c == nil {
		return nil
	}
	return c.ended
}

// prepare makes the folder, which is for one follower, and removes what an interrupted command has left.
func (f *warmCopy) prepare() (err error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	if f.lock, err = bolt.LockFolder(f.dir); errors.Is(err, bolt.ErrLocked) {
		return wrongInput(fmt.Errorf("another process keeps a copy in %s: take another folder", f.dir))
	}
	if err != nil {
		return err
	}
	parts, err := filepath.Glob(filepath.Join(f.dir, copyPrefix+"*"+partSuffix))
	for _, name := range parts {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

func (f *warmCopy) begin(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	c := &copying{cancel: cancel, whole: make(chan struct{}), ended: make(chan error, 1)}
	f.next = c
	go func() { c.ended <- f.follow(ctx, c) }() // ends with its context, or with the connection
}

// replace puts a copy that is whole in the place of the one before.
func (f *warmCopy) replace() error {
	if f.now != nil {
		f.now.cancel()
		<-f.now.ended
	}
	f.now, f.next, f.any, f.wait = f.next, nil, true, 0
	f.again = time.After(f.renew)
	fmt.Fprintf(f.out, "%s is whole, and goes on\n", f.now.path)
	all, err := filepath.Glob(filepath.Join(f.dir, copyPrefix+"*"+copySuffix))
	for _, older := range all {
		if older == f.now.path {
			continue
		}
		if of, failed := headerOf(older); failed == nil && !follows(f.now.header, of) {
			fmt.Fprintf(f.out, "%s stays: the server has less now, or is of another installation. Remove it when nobody needs it any more\n", older)
			continue
		}
		err = errors.Join(err, os.Remove(older))
	}
	return err
}

// failed says why a copy has ended, and begins another one later. It fails if the server will not have it, or there was none before.
func (f *warmCopy) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	var refused *client.Problem
	if !f.any || errors.As(err, &refused) && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusConflict && refused.Status != http.StatusTooManyRequests {
		return err
	}
	if f.next != nil {
		return nil
	}
	f.wait = min(max(followAgain, 2*f.wait), followRarely)
	f.again = time.After(f.wait)
	f.bar.clear()
	fmt.Fprintf(f.out, "the copy does not go on: %v. The next one is begun in %s\n", err, f.wait)
	return nil
}

// stop ends what is under way. What is there stays as it is.
func (f *warmCopy) stop() error {
	for _, c := range []*copying{f.now, f.next} {
		if c != nil {
			c.cancel()
			<-c.ended
		}
	}
	f.bar.clear()
	return nil
}

// follow writes one copy, until it ends.
func (f *warmCopy) follow(ctx context.Context, c *copying) (err error) {
	stream, err := f.server.FollowStore(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	file, err := os.CreateTemp(f.dir, copyPrefix+"*"+partSuffix)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, file.Close())
		if c.path == "" { // it is of no use
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	made, err := backup.Read(io.TeeReader(stream, io.MultiWriter(file, &drawn{bar: f.bar})))
	if err != nil {
		return err
	}
	if _, err := made.Verify(ctx); err != nil {
		return err
	}
	c.header = made.Header
	if err := f.keep(file, made.Header.Made, c); err != nil {
		return err
	}
	close(c.whole)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = made.VerifyChanges(ctx, func(until time.Time) {
		if err := errors.Join(file.Sync(), stillThere(file, c.path)); err != nil {
			cancel(err)
		}
		f.bar.draw("the copy has everything until " + until.Format(time.RFC3339))
	})
	if err == nil || errors.Is(err, context.Canceled) {
		if err = context.Cause(ctx); err == nil || errors.Is(err, context.Canceled) {
			err = errEnded
		}
	}
	return err
}

// stillThere fails if a file that is written is not the one with its name any more: somebody has removed or replaced it.
func stillThere(file *os.File, path string) error {
	is, err := os.Stat(path)
	if err != nil {
		return err
	}
	own, err := file.Stat()
	if err == nil && !os.SameFile(own, is) {
		err = fmt.Errorf("another file is in the place of %s", path)
	}
	return err
}

var errEnded = errors.New("the connection has ended")

// keep gives a copy that is whole its name.
func (f *warmCopy) keep(file *os.File, made time.Time, c *copying) error {
	path := filepath.Join(f.dir, copyPrefix+made.UTC().Format(copyTime)+copySuffix)
	if err := file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	c.path = path
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
