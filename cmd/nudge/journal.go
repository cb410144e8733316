package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"nudge/engine"
	"nudge/server"
	"nudge/store"
	"nudge/store/bolt"
	"nudge/whatif/replay"
)

// journal is where backtest and explain read from; it is closed after.
type journal interface {
	replay.Source
	io.Closer
	Purged() (store.Purged, error)
}

// openJournal opens the journal of a data folder, or without one that of the server. One
// that has lost its beginning is refused: it cannot be replayed.
func openJournal(c *cobra.Command, flags *apiFlags, dir string) (journal, error) {
	j, err := anyJournal(c, flags, dir)
	if err != nil {
		return nil, err
	}
	gone, err := j.Purged()
	if err == nil && gone.Journal > 0 {
		err = wrongInput(fmt.Errorf("the journal no longer holds what was before %s, because nudge.yaml says so (retention: { journal: … }); "+
			"what happened can be told only from the first input on", gone.Stamp))
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
	a, err := flags.api()
	if err != nil {
		return nil, err
	}
	bar := newProgress(c.ErrOrStderr(), "input", nil)
	defer bar.clear()
	return a.fetchJournal(c.Context(), bar)
}

// openStore opens a data folder for reading.
func openStore(dir string) (*store.Store, error) {
	kv, err := bolt.OpenExisting(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, wrongInput(noStore(dir))
	case err != nil:
		return nil, failed(err)
	}
	s, err := store.Open(kv)
	return s, failed(err)
}

func noStore(dir string) error {
	return fmt.Errorf("there is no store in %s: it has no %s", dir, bolt.FileName)
}

const journalMark = 1024 // lines between two places that are remembered

// journalFile is the journal of a running server, kept in a file of its own while it is
// read, so that a long one takes no memory. The file is gone once it is closed.
type journalFile struct {
	file  *os.File
	head  server.JournalHead
	size  int64
	marks []mark
}

// mark is where a line begins.
type mark struct {
	seq uint64
	at  int64
}

// fetchJournal takes the whole journal from a server.
func (a *api) fetchJournal(ctx context.Context, p *progress) (*journalFile, error) {
	response, err := a.do(ctx, http.MethodGet, "/v1/journal", "application/json", http.NoBody)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	j := &journalFile{}
	if j.file, err = os.CreateTemp("", "nudge-journal-"); err != nil {
		return nil, failed(err)
	}
	if err := j.take(response.Body, p); err != nil {
		j.Close()
		return nil, failed(fmt.Errorf("the journal of %s: %w", a.server, err))
	}
	return j, nil
}

func (j *journalFile) take(from io.Reader, p *progress) error {
	lines := bufio.NewReaderSize(from, 1<<20)
	out := bufio.NewWriterSize(j.file, 1<<20)
	head, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	if err := json.Unmarshal(head, &j.head); err != nil {
		return err
	}
	if j.head.Dropped > 0 {
		return nil // nobody can make use of the rest
	}
	for n := uint64(1); n <= j.head.Seq; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("it broke off at input %d of %d: %w", n, j.head.Seq, err)
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
	return out.Flush()
}

// State is what the head of the journal says.
func (j *journalFile) State() (engine.State, error) {
	return engine.State{Installation: j.head.Installation, Seq: j.head.Seq, Stamp: j.head.Stamp}, nil
}

// Purged is what the head of the journal says of what it no longer holds.
func (j *journalFile) Purged() (store.Purged, error) {
	return store.Purged{Journal: j.head.Dropped, Stamp: j.head.DroppedAt}, nil
}

// Entries reads the file from the last remembered place before a number on.
func (j *journalFile) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	if from > j.head.Seq {
		return nil
	}
	at := j.marks[(max(from, 1)-1)/journalMark]
	lines := bufio.NewReaderSize(io.NewSectionReader(j.file, at.at, j.size-at.at), 256<<10)
	for seq := at.seq; seq <= j.head.Seq; seq++ {
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
