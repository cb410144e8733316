package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"nudge/client"
	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
	"nudge/whatif/replay"
)

// journals are those of some partitions of an installation, in the order of their numbers; of one that is not divided, its
// only one. The caller closes them.
type journals struct {
	all   []journal
	close func() error
}

// journal is a source for backtest and explain.
type journal interface {
	replay.Source
	Purged() (store.Purged, error)
}

// wanted says which partition's journal is wanted if there are n; below 0: those of all.
type wanted func(n int) int

// ofAll wants the journals of all partitions.
func ofAll(int) int { return -1 }

// ofPerson wants the journal that a person is in.
func ofPerson(profile string) wanted {
	return func(n int) int { return engine.PartitionOf(profile, n) }
}

// ofRun wants the journal that a run is in.
func ofRun(id engine.RunID) wanted {
	return func(n int) int {
		if part := id.Partition(); part < n {
			return part
		}
		return 0 // no partition can have it, and the first one says so
	}
}

// numbers are those of the wanted partitions.
func (w wanted) numbers(n int) (all []int) {
	if n = max(n, 1); w(n) >= 0 {
		return []int{w(n)}
	}
	for number := range n {
		all = append(all, number)
	}
	return all
}

// openJournals opens the journals of a data folder, or those of the server if there is no
// folder. It refuses a journal without its beginning, because it cannot be replayed.
func openJournals(c *cobra.Command, flags *apiFlags, dir string, want wanted) (*journals, error) {
	all, err := anyJournals(c, flags, dir, want)
	if err != nil {
		return nil, err
	}
	for _, j := range all.all {
		gone, err := j.Purged()
		switch {
		case err != nil:
		case gone.Moved > 0:
			err = wrongInput(fmt.Errorf("the store was moved from another number of partitions, and what was applied before %s cannot be replayed here; "+
				"only a journal with its first input can be replayed, and up to then the store has one that this one was moved from", gone.MovedAt))
		case gone.Journal > 0:
			err = wrongInput(fmt.Errorf("the journal no longer holds inputs before %s, because nudge.yaml sets retention: { journal: … }, or because a repair could not read them; "+
				"only a journal with its first input can be replayed", gone.Stamp))
		}
		if err != nil {
			return nil, failed(errors.Join(err, all.Close()))
		}
	}
	return all, nil
}

// one returns the only journal.
func (j *journals) one() replay.Source { return j.all[0] }

// sources returns all journals.
func (j *journals) sources() (all []replay.Source) {
	for _, one := range j.all {
		all = append(all, one)
	}
	return all
}

// Close closes them.
func (j *journals) Close() error { return j.close() }

func anyJournals(c *cobra.Command, flags *apiFlags, dir string, want wanted) (*journals, error) {
	if dir != "" {
		if err := flags.besideStore(); err != nil {
			return nil, err
		}
		s, err := openStore(dir)
		if err != nil {
			return nil, err
		}
		parts, all := s.Parts(), &journals{close: s.Close}
		for _, number := range want.numbers(len(parts)) {
			all.all = append(all.all, parts[number])
		}
		return all, nil
	}
	a, err := flags.client()
	if err != nil {
		return nil, err
	}
	bar := newProgress(c.ErrOrStderr(), "input", nil)
	defer bar.clear()
	return fetchJournals(c.Context(), a, want, bar)
}

// openStore opens a data folder for reading.
func openStore(dir string) (*store.Store, error) {
	files, err := openFiles(dir)
	if err != nil {
		return nil, err
	}
	return storeOf(files)
}

// storeOf returns the store that is in some files.
func storeOf(files bolt.Files) (*store.Store, error) {
	all, err := store.OpenAll(files.KVs())
	if err != nil {
		return nil, failed(err)
	}
	return store.Join(all), nil
}

func openFiles(dir string) (bolt.Files, error) {
	files, err := bolt.OpenExisting(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, wrongInput(noStore(dir))
	}
	return files, failed(err)
}

func noStore(dir string) error {
	return fmt.Errorf("there is no store in %s: it has no %s", dir, bolt.FileName)
}

const journalMark = 1024 // lines between two places that are remembered

// journalFile is a copy of a journal of a running server in a temporary file. The file keeps
// a long journal out of memory. Close removes it.
type journalFile struct {
	file  *os.File
	state engine.State
	gone  store.Purged
	size  int64
	marks []mark
}

// mark is the position where a line begins.
type mark struct {
	seq uint64
	at  int64
}

// fetchJournals reads whole journals of a server.
func fetchJournals(ctx context.Context, a *client.Client, want wanted, p *progress) (*journals, error) {
	first, err := a.Journal(ctx, 1)
	if err != nil {
		return nil, err
	}
	all := &journals{}
	all.close = func() (err error) {
		for _, j := range all.all {
			err = errors.Join(err, j.(*journalFile).Close())
		}
		return err
	}
	if first.Head.Partitions <= 1 {
		return all, all.fetch(first, p)
	}
	first.Close() // it is that of all, and only its head was wanted
	for _, number := range want.numbers(first.Head.Partitions) {
		from, err := a.JournalOf(ctx, number, 1)
		if err == nil {
			err = all.fetch(from, p)
		}
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
	}
	return all, nil
}

// fetch reads a whole journal of a server, and closes the way to it.
func (j *journals) fetch(from *client.Journal, p *progress) error {
	defer from.Close()
	file, err := newJournalFile(&from.Head)
	if err != nil {
		return err
	}
	if file.gone.Whole() { // else nobody can use the rest
		err = file.keep(from, p)
	}
	if err != nil {
		return failed(errors.Join(err, file.Close()))
	}
	j.all = append(j.all, file)
	return nil
}

// newJournalFile makes the file of a journal with a head.
func newJournalFile(head *client.JournalHead) (j *journalFile, err error) {
	j = &journalFile{state: engine.State{Seq: head.Seq, Stamp: instantOf(head.Stamp)},
		gone: store.Purged{Journal: head.Dropped, Stamp: instantOf(head.DroppedAt), Moved: head.Moved, MovedAt: instantOf(head.MovedAt)}}
	if head.Partition != nil {
		j.state.Partition = engine.Partition{Number: *head.Partition, Of: head.Partitions}
	}
	if err := j.state.Installation.UnmarshalText([]byte(head.Installation)); err != nil {
		return nil, failed(errors.New("the server's journal names no installation"))
	}
	j.file, err = os.CreateTemp("", "nudge-journal-")
	return j, failed(err)
}

// instantOf converts an instant of the API.
func instantOf(t client.Time) engine.Instant {
	if t.IsZero() {
		return 0
	}
	return engine.InstantOf(t.Time)
}

// keep writes the journal to the file.
func (j *journalFile) keep(from *client.Journal, p *progress) error {
	out := bufio.NewWriterSize(j.file, 1<<20)
	for n := uint64(1); ; n++ {
		line, err := from.Next()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		if n%journalMark == 1 {
			j.marks = append(j.marks, mark{n, j.size})
		}
		j.size += int64(len(line))
		if _, err := out.Write(line); err != nil {
			return err
		}
		p.show(int(n))
	}
}

// State returns the state in the head of the journal.
func (j *journalFile) State() (engine.State, error) { return j.state, nil }

// Purged returns what the journal no longer contains, from its head.
func (j *journalFile) Purged() (store.Purged, error) { return j.gone, nil }

// Entries reads the file from the last mark before a number on.
func (j *journalFile) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	if from > j.state.Seq {
		return nil
	}
	at := j.marks[(max(from, 1)-1)/journalMark]
	lines := bufio.NewReaderSize(io.NewSectionReader(j.file, at.at, j.size-at.at), 256<<10)
	for seq := at.seq; seq <= j.state.Seq; seq++ {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		if seq < from {
			continue
		}
		entry := new(engine.Journaled)
		if err := json.Unmarshal(line, entry); err != nil {
			return fmt.Errorf("input %d of the journal: %w", seq, err)
		}
		if !visit(entry) {
			return nil
		}
	}
	return nil
}

// Close removes the file.
func (j *journalFile) Close() error { return errors.Join(j.file.Close(), os.Remove(j.file.Name())) }
