package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nudge/audience"
	"nudge/engine"
	"nudge/server"
	"nudge/store"
	"nudge/store/backup"
	"nudge/store/bolt"
)

// backups makes backups of the store of an instance while it works, one at a time.
type backups struct {
	i   *Instance
	one sync.Mutex // held by the backup that is made
}

// backUp writes all records of the store, as they are at one instant, with the frozen audiences. It fails with
// [server.ErrBackingUp] while another backup is made.
func (b *backups) backUp(ctx context.Context, to io.Writer) error {
	if !b.one.TryLock() {
		return server.ErrBackingUp
	}
	defer b.one.Unlock()
	resume := sync.OnceFunc(b.i.runner.Pause())
	defer resume()
	_, err := backUp(ctx, b.i.store, b.i.config.DataDir, b.i.config.Clock.Now(), resume, &resting{to: to})
	return err
}

// maxFollowers is how many may follow the store at a time; beyond, [server.ErrBackingUp] is returned. One who begins anew follows
// twice for a moment.
const maxFollowers = 4

// follow writes a backup, and after it everything that is written into the store, until ctx ends.
func (b *backups) follow(ctx context.Context, to io.Writer) (err error) {
	if b.i.tap.Followers() >= maxFollowers || !b.one.TryLock() {
		return server.ErrBackingUp
	}
	over := sync.OnceFunc(b.one.Unlock)
	defer over()
	resume := b.i.runner.Pause()
	f, begin, err := b.i.tap.Follow(b.i.config.DataDir, b.i.full.Load)
	if err != nil {
		resume()
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	opened := sync.OnceFunc(func() { begin(); resume() })
	defer opened()
	sent, err := backUp(ctx, b.i.store, b.i.config.DataDir, b.i.config.Clock.Now(), opened, &resting{to: to})
	if err != nil {
		return err
	}
	over()
	return f.Send(ctx, to, sent, b.i.config.Clock.Now)
}

// backupRest is how many times as long as it works a backup rests, after each block: so it leaves most of a core and of the disk to the engine.
const backupRest = 2

// resting is a writer that rests after each write, longer when what came before the write took longer.
type resting struct {
	to    io.Writer
	since time.Time // when it last rested
}

func (r *resting) Write(p []byte) (n int, err error) {
	if n, err = r.to.Write(p); err != nil {
		return n, err
	}
	if !r.since.IsZero() {
		time.Sleep(min(backupRest*time.Since(r.since), longestRest))
	}
	r.since = time.Now()
	return n, nil
}

// BackUp writes a backup of the store in a data folder, which no server has open.
func BackUp(ctx context.Context, dir string, to io.Writer) error {
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		return err
	}
	all, err := store.OpenAll(files.KVs())
	if err != nil {
		return err
	}
	s := store.Join(all)
	_, err = backUp(ctx, s, dir, time.Now(), func() {}, to)
	return errors.Join(err, s.Close())
}

// backUp writes a backup of a store that nobody changes until opened is called. More returns the frozen audiences that have come
// since its last call.
func backUp(ctx context.Context, s *store.Store, dir string, made time.Time, opened func(), to io.Writer) (more func() ([]backup.File, error), err error) {
	sent := map[string]bool{}
	more = func() (files []backup.File, err error) {
		frozen, err := audience.OpenFrozen(filepath.Join(dir, audience.Dir), sent)
		for _, f := range frozen {
			name := filepath.Base(f.Name())
			sent[name] = true
			files = append(files, backup.File{Name: name, Text: f})
		}
		return files, err
	}
	var files []backup.File
	var failed error
	return more, s.Snapshot(func() {
		files, failed = more()
		opened()
	}, func(parts []store.Reader) error {
		return errors.Join(failed, backup.Write(ctx, to, parts, files, made, BuildOf().Version))
	})
}

// reforget forgets the people again who were forgotten after the backup that the store was made of. Nothing answers before.
func (i *Instance) reforget(ctx context.Context) error {
	people, err := i.store.Reforget()
	if err != nil || len(people) == 0 {
		return failed(err)
	}
	for _, id := range people {
		in := &engine.Input{By: &engine.Actor{Name: "restore"}, Payload: &engine.ProfileChange{Profile: id, Forget: true}}
		if err := i.submit(ctx, in); err != nil {
			return fmt.Errorf("forget again who was forgotten after the backup: %w", err)
		}
	}
	i.log.Info("people were forgotten again who had been forgotten after the backup", "people", len(people))
	return failed(i.store.Reforgotten())
}

// forgotten is the list of people who are forgotten; see Settings.ForgottenList.
type forgotten struct {
	path  string
	store *store.Store
	now   func() time.Time
	mu    sync.Mutex // held by who writes
}

// try fails if the list cannot be written: nobody could be forgotten.
func (f *forgotten) try() error {
	file, err := f.open()
	if err != nil {
		return wrongInput(fmt.Errorf("forgotten_list cannot be written, and without it nobody could be forgotten: %w. Under systemd its folder must be in ReadWritePaths of the service", err))
	}
	return failed(file.Close())
}

func (f *forgotten) open() (*os.File, error) {
	return os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// note adds a line to the list, and returns when it is on the disk.
func (f *forgotten) note(profile string) error {
	erased, err := f.store.ErasedAs(profile)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.open()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s %s %s\n", f.now().UTC().Format(time.RFC3339), erased.Person, erased.Nobody)
	return errors.Join(err, file.Sync(), file.Close())
}

// ReadForgotten reads a list of people who were forgotten.
func ReadForgotten(name string) (all []store.Erased, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) != 3 {
			return nil, fmt.Errorf("%s:%d: want an instant and two hashes, as the server writes them", name, n)
		}
		all = append(all, store.Erased{Person: words[1], Nobody: words[2]})
	}
	return all, lines.Err()
}

// Restored says what became of a backup.
type Restored struct {
	backup.Header
	Records      int64  `json:"records"`
	Installation string `json:"restored_as"` // the installation that the store is now
	Forgotten    int    `json:"forgotten"`   // people who were forgotten since the backup and will be again, before the store answers

	Until time.Time `json:"until"` // everything is there up to then; later than made, if the backup went on
}

// Restore makes a store of a backup, in a data folder that has none. Nothing goes out of it until somebody lets it go: the kill switch is
// set. It is another installation than the original, unless that is gone. Progress is called now and then with the bytes that were
// read; it may be nil. If it fails, there is no store.
func Restore(ctx context.Context, from io.Reader, dir string, how store.Restoring, progress func(bytes int64)) (*Restored, error) {
	b, err := backup.Read(from)
	if err != nil {
		return nil, wrongInput(err)
	}
	made := &Restored{Header: b.Header, Until: b.Header.Made}
	frozen := filepath.Join(dir, audience.Dir)
	err = bolt.Make(dir, b.Header.Partitions, func(kvs []store.KV) (err error) {
		if err := os.MkdirAll(frozen, 0o700); err != nil {
			return err
		}
		makeFile := func(name string) (io.WriteCloser, error) { return audience.MakeFrozen(frozen, name) }
		if made.Records, err = b.Copy(ctx, kvs, makeFile, progress); err != nil {
			return err
		}
		if err := b.Changes(ctx, kvs, makeFile, func(until time.Time) { made.Until = until }); err != nil {
			return err
		}
		for _, kv := range kvs {
			if err := store.Upgrade(kv); err != nil {
				return err
			}
		}
		state, forgotten, err := store.Restore(kvs, how)
		made.Installation, made.Forgotten = state.Installation.String(), forgotten
		return err
	})
	for _, wrong := range [...]error{backup.ErrDamaged, store.ErrOtherStore, bolt.ErrStoreExists} {
		if errors.Is(err, wrong) {
			return nil, wrongInput(err)
		}
	}
	return made, failed(err)
}
