package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
	"nudge/store/nodes"
	"nudge/store/postgres"
)

// Moving says which store is moved where. Both are named by a data folder or by the URL of a PostgreSQL database.
type Moving struct {
	From, To   string
	Partitions int  // of the target; 0 for what is usual there
	Wait       bool // until nothing runs on the source any more
	Log        *slog.Logger

	Progress func(part string, done, whole int) // whole is an estimate, 0: not known; may be nil
	Waiting  func()                             // is called once if something still runs on the source; may be nil
}

// Moved says what a move has done.
type Moved struct {
	From         string        `json:"from"`
	To           string        `json:"to"`
	Partitions   [2]int        `json:"partitions"` // before and after
	Installation string        `json:"installation"`
	Before       *store.Report `json:"before"` // of the check of the source
	After        *store.Report `json:"after"`  // of the check of the target

	Compared []store.Comparison `json:"compared"` // how many there are of what, before and after
}

// foldersPartitions is how many partitions a store in files has if nobody says another number.
const foldersPartitions = 1

// Move moves a stopped store into a place that has none: into another number of partitions, or from files into PostgreSQL and back. If it
// is cut short, the same move goes on where it was. Both stores are checked and compared.
func Move(ctx context.Context, m Moving) (*Moved, error) {
	if samePlace(m.From, m.To) {
		return nil, wrongInput(errors.New("a store is moved from one place to another: name two with --from and --to"))
	}
	from, err := m.openSource(ctx)
	if err != nil {
		return nil, err
	}
	made, err := m.move(ctx, from)
	return made, errors.Join(err, failed(from.close()))
}

// Unmove takes back the mark that a store was moved away.
func Unmove(ctx context.Context, at string, log *slog.Logger) error {
	m := Moving{From: at, Log: log}
	from, err := m.openSource(ctx)
	if err != nil {
		return err
	}
	all, err := store.OpenAll(from.kvs)
	if err == nil {
		err = store.Join(all).StayHere()
	}
	return failed(errors.Join(err, from.close()))
}

// refuseMoved is the error of starting on a store that was moved away; nil if it was not.
func refuseMoved(s *store.Store) error {
	moved, err := s.MovedAway()
	if moved != nil {
		err = wrongInput(fmt.Errorf("%w. Start Nudge there; if nothing ever ran there, nudge store move --undo makes this one the store again", moved))
	}
	return failed(err)
}

func samePlace(a, b string) bool {
	if isDatabase(a) || isDatabase(b) {
		return a == b
	}
	one, err := filepath.Abs(a)
	other, failure := filepath.Abs(b)
	return err == nil && failure == nil && one == other
}

// isDatabase reports whether a place is a database.
func isDatabase(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// moveEnd is one end of a move.
type moveEnd struct {
	ctx   context.Context // ends when the place is lost
	where string          // for people, without secrets
	kvs   []store.KV
	whole int // records that a move reads, about; 0: not known
	close func() error
}

// move moves what is at one end to the other.
func (m *Moving) move(ctx context.Context, from *moveEnd) (*Moved, error) {
	all, err := store.OpenAll(from.kvs)
	if err != nil {
		return nil, failed(err)
	}
	source := store.Join(all)
	made := &Moved{From: from.where}
	if made.Before, err = checkedEnd(source, from.where); err != nil {
		return nil, err
	}
	if missing, err := store.MoveReady(all); err != nil || len(missing) > 0 { // before anything is made at the target
		return nil, cmp.Or(failed(err), wrongInput(&store.NotReadyError{Missing: missing}))
	}
	to, err := m.openTarget(ctx)
	if err != nil {
		return nil, err
	}
	made.To, made.Partitions = to.where, [2]int{len(from.kvs), len(to.kvs)}
	err = m.fill(all, from, to, made)
	return made, errors.Join(err, failed(to.close()))
}

// fill moves the records, and checks and compares both ends.
func (m *Moving) fill(all []*store.Store, from, to *moveEnd, made *Moved) error {
	in, err := store.Move(all, to.kvs, store.Moving{To: to.where, At: engine.InstantOf(time.Now()), Progress: func(p store.MoveProgress) error {
		if m.Progress != nil {
			m.Progress(p.Part, p.Records, from.whole)
		}
		return errors.Join(context.Cause(from.ctx), context.Cause(to.ctx))
	}})
	notReady := (*store.NotReadyError)(nil)
	switch {
	case errors.As(err, &notReady), errors.Is(err, store.ErrOtherMove):
		return wrongInput(err)
	case errors.Is(err, context.Canceled):
		return failed(errors.New("interrupted; the same command goes on where it was, and the source is as it was"))
	case err != nil:
		return failed(err)
	}
	made.Installation = in.String()
	filled, err := store.OpenAll(to.kvs)
	if err != nil {
		return failed(err)
	}
	target := store.Join(filled)
	if made.After, err = checkedEnd(target, to.where); err != nil {
		return err
	}
	made.Compared, err = store.Compare(store.Join(all), target, made.Before, made.After)
	if err != nil {
		return failed(err)
	}
	for _, c := range made.Compared {
		if c.Before != c.After {
			return failed(fmt.Errorf("%s: %d before the move, %d after it; do not start the target, and report this. nudge store move --undo makes the source the store again", c.What, c.Before, c.After))
		}
	}
	return nil
}

// checkedEnd checks the store at one end.
func checkedEnd(s *store.Store, where string) (*store.Report, error) {
	report, err := s.Check()
	if err != nil {
		return nil, failed(err)
	}
	if len(report.Problems) > 0 {
		return nil, failed(fmt.Errorf("the store in %s is damaged: %s; nudge store check says more, and nudge store repair makes a whole one", where, report.Problems[0]))
	}
	return report, nil
}

// waitAgain is how long a move waits before it looks again whether something still runs on its source.
const waitAgain = 500 * time.Millisecond

// openSource opens the place that a store is moved from.
func (m *Moving) openSource(ctx context.Context) (*moveEnd, error) {
	for told := false; ; {
		end, err := m.openSourceNow(ctx)
		inUse := errors.Is(err, bolt.ErrLocked) || errors.Is(err, errNodes)
		if !inUse || !m.Wait {
			return end, err
		}
		if !told && m.Waiting != nil {
			m.Waiting()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, failed(errors.New("interrupted; nothing was moved"))
		case <-time.After(waitAgain):
		}
	}
}

func (m *Moving) openSourceNow(ctx context.Context) (*moveEnd, error) {
	if isDatabase(m.From) {
		d, err := postgres.Open(ctx, m.From, m.Log)
		if err != nil {
			return nil, failed(err)
		}
		if d.Partitions() == 0 {
			d.Close()
			return nil, wrongInput(fmt.Errorf("there is no store in %s", d.Where()))
		}
		return takeDatabase(ctx, d)
	}
	if _, err := os.Stat(filepath.Join(m.From, bolt.FileName)); errors.Is(err, fs.ErrNotExist) {
		return nil, wrongInput(fmt.Errorf("there is no store in %s: it has no %s", m.From, bolt.FileName))
	}
	return openFolder(ctx, m.From, foldersPartitions)
}

// openTarget opens the place that a store is moved to, and makes it if it is not there.
func (m *Moving) openTarget(ctx context.Context) (*moveEnd, error) {
	n := m.Partitions
	if isDatabase(m.To) {
		switch n {
		case 0:
			n = defaultShared
		case 1:
			return nil, wrongInput(errors.New("a store in a database has 2 partitions or more: leave out --partitions, or say another number"))
		}
		d, err := postgres.Open(ctx, m.To, m.Log)
		if err != nil {
			return nil, failed(err)
		}
		if err := d.Make(ctx, n); err != nil {
			d.Close()
			return nil, wrongInput(err)
		}
		return takeDatabase(ctx, d)
	}
	if n == 0 {
		n = foldersPartitions
	}
	if err := (engine.Partition{Of: n}).Check(); err != nil {
		return nil, wrongInput(err)
	}
	end, err := openFolder(ctx, m.To, n)
	if err == nil && len(end.kvs) != n {
		err = errors.Join(wrongInput(fmt.Errorf("in %s are the files of %d partitions, not of %d: move into an empty folder", m.To, len(end.kvs), n)), end.close())
	}
	return end, err
}

// openFolder opens a data folder.
func openFolder(ctx context.Context, dir string, n int) (*moveEnd, error) {
	files, err := bolt.OpenAll(dir, n)
	if err != nil {
		return nil, failed(err)
	}
	end := &moveEnd{ctx: ctx, where: dir, kvs: files.KVs(), close: files.Close}
	if full, err := filepath.Abs(dir); err == nil {
		end.where = full
	}
	parts, err := files.Parts()
	if err != nil {
		return nil, failed(errors.Join(err, files.Close()))
	}
	for _, p := range parts {
		if slices.ContainsFunc(store.MovedBuckets(), func(b store.Bucket) bool { return b.String() == p.Bucket }) {
			end.whole += p.Records
		}
	}
	return end, nil
}

// errNodes says that a database is in use.
var errNodes = errors.New("nodes are running with this store: stop all of them first, and wait until their leases have ended")

// moveTerm is for how long a move has the partitions of a database after each renewal.
const moveTerm = 30 * time.Second

// takeDatabase makes a process the owner of all partitions of a database, and keeps them. It takes over the database.
func takeDatabase(ctx context.Context, d *postgres.Database) (end *moveEnd, err error) {
	registry, id := d.Registry(), nodes.ID("move-"+rand.Text())
	if err := registry.Join(ctx, nodes.Node{ID: id, Name: "nudge store move", Level: store.Format}, moveTerm); err != nil {
		d.Close()
		return nil, failed(err)
	}
	kept, lose := context.WithCancelCause(ctx)
	release := func() error {
		lose(nil)
		err := registry.Leave(context.WithoutCancel(ctx), id)
		d.Close()
		return err
	}
	wanted := make([]int, d.Partitions())
	for n := range wanted {
		wanted[n] = n
	}
	taken, err := registry.Take(ctx, id, wanted)
	if err == nil && len(taken) < len(wanted) {
		err = fmt.Errorf("%s: %w", d.Where(), errNodes)
	}
	if err != nil {
		return nil, failed(errors.Join(err, release()))
	}
	end = &moveEnd{ctx: kept, where: d.Where(), close: release}
	for _, p := range taken {
		end.kvs = append(end.kvs, paged{d.Owned(p.Number, id, p.Epoch), d.Pages(p.Number)})
	}
	go func() { // ends when the end is closed
		for {
			select {
			case <-kept.Done():
				return
			case <-time.After(moveTerm / 3):
			}
			if _, err := registry.Renew(kept, id, moveTerm); err != nil {
				lose(fmt.Errorf("%s: the partitions are lost: %w", d.Where(), err))
			}
		}
	}()
	return end, nil
}

// paged is a partition that is read in pages, however long that takes: nobody else changes it.
type paged struct {
	store.KV
	pages store.KV
}

func (p paged) View(f func(store.Reader) error) error { return p.pages.View(f) }
