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

// journal is a source for backtest and explain. The caller closes it.
type journal interface {
	replay.Source
	io.Closer
	Purged() (store.Purged, error)
}

// openJournal opens the journal of a data folder, or the server's journal if there is no
// folder. It refuses a journal without its beginning, because it cannot be replayed.
func openJournal(c *cobra.Command, flags *apiFlags, dir string) (journal, error) {
	j, err := anyJournal(c, flags, dir)
	if err != nil {
		return nil, err
	}
	gone, err := j.Purged()
	if err == nil && gone.Journal > 0 {
		err = wrongInput(fmt.Errorf("the journal no longer holds inputs before %s, because nudge.yaml sets retention: { journal: … }, or because a repair could not read them; "+
			"only a journal with its first input can be replayed", gone.Stamp))
	}
	if err != nil {
		return nil, failed(errors.Join(err, j.Close()))
	}
	return j, nil
}

func anyJournal(c *cobra.Command, flags *apiFlags, dir string) (journal, error) {
	if dir != "" {
		return openStore(dir)
	}
	a, err := flags.client()
	if err != nil {
		return nil, err
	}
	bar := newProgress(c.ErrOrStderr(), "input", nil)
	defer bar.clear()
	return fetchJournal(c.Context(), a, bar)
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

// journalFile is a copy of a running server's journal in a temporary file. The file keeps
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

// fetchJournal reads the whole journal of a server.
func fetchJournal(ctx context.Context, a *client.Client, p *progress) (*journalFile, error) {
	from, err := a.Journal(ctx, 1)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	j := &journalFile{state: engine.State{Seq: from.Head.Seq, Stamp: instantOf(from.Head.Stamp)},
		gone: store.Purged{Journal: from.Head.Dropped, Stamp: instantOf(from.Head.DroppedAt)}}
	if err := j.state.Installation.UnmarshalText([]byte(from.Head.Installation)); err != nil {
		return nil, failed(fmt.Errorf("%s: its journal names no installation", a.Server()))
	}
	if j.file, err = os.CreateTemp("", "nudge-journal-"); err != nil {
		return nil, failed(err)
	}
	if j.gone.Journal > 0 {
		return j, nil // nobody can use the rest
	}
	if err := j.keep(from, p); err != nil {
		return nil, failed(errors.Join(err, j.Close()))
	}
	return j, nil
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
