package audience

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"nudge/engine"
	"nudge/runner"
)

// Shelf keeps frozen audiences where every node reaches them, in chunks of whole lines.
type Shelf interface {
	// Put keeps a chunk of an audience, which begins at a byte of it. A chunk that is there already stays.
	Put(ctx context.Context, name string, at int64, lines []byte) error
	// Chunk returns the chunk of an audience that has a byte, and where it begins; nil if there is none.
	Chunk(name string, at int64) (lines []byte, begin int64, err error)
	// DropBut drops the audiences whose names have a prefix, and that do not begin with any of some names. Those of the last hour
	// stay: perhaps nobody could say yet that they are needed.
	DropBut(prefix string, names []string) error
}

const (
	maxChunkRows  = 128       // rows of a chunk; the next ones are in another
	maxChunkBytes = 256 << 10 // bytes of a chunk, a row more or less; the next rows are in another
)

// Shared freezes audiences in a folder, deals their rows to partitions, and puts them on a shelf. It is safe for concurrent use.
type Shared struct {
	*Folder
	shelf Shelf
}

var _ runner.Audiences = (*Shared)(nil)

// Share returns audiences that are read from a shelf. The folder has them only while they are frozen.
func (d *Folder) Share(shelf Shelf) *Shared { return &Shared{d, shelf} }

// Freeze copies an audience to the shelf.
func (s *Shared) Freeze(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	frozen, err := s.freezeDealt(ctx, f)
	if err != nil || frozen.Failed != "" {
		return frozen, err
	}
	for p := range s.partitions {
		name := engine.PartOf(frozen.Audience, p)
		path := filepath.Join(s.dir, name+frozenSuffix)
		if err == nil {
			err = s.put(ctx, name, path)
		}
		err = errors.Join(err, os.Remove(path))
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return &engine.Snapshot{Failed: "it cannot be kept: " + err.Error()}, nil
	}
	return frozen, nil
}

// put puts a file on the shelf.
func (s *Shared) put(ctx context.Context, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	text := bufio.NewReaderSize(file, readAhead)
	var chunk []byte
	begin, rows := int64(0), 0
	for {
		line, err := readLine(text)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		over := errors.Is(err, io.EOF)
		chunk = append(chunk, line...)
		if rows++; len(chunk) > 0 && (over || rows == maxChunkRows || len(chunk) >= maxChunkBytes) {
			if err := s.shelf.Put(ctx, name, begin, chunk); err != nil {
				return err
			}
			begin, rows, chunk = begin+int64(len(chunk)), 0, chunk[:0]
		}
		if over {
			return nil
		}
	}
}

// Read returns at most limit rows of a frozen audience from an offset on, and the offset after them.
func (s *Shared) Read(audience string, offset int64, limit int) (rows []engine.Row, next int64, err error) {
	for next = offset; len(rows) < limit; {
		lines, begin, err := s.shelf.Chunk(audience, next)
		switch {
		case err != nil:
			return nil, offset, err
		case lines == nil || next-begin >= int64(len(lines)):
			return nil, offset, fmt.Errorf("it ends early: at byte %d", next)
		}
		for lines = lines[next-begin:]; len(lines) > 0 && len(rows) < limit; {
			line, rest, _ := bytes.Cut(lines, []byte("\n"))
			var row engine.Row
			if err := json.Unmarshal(line, &row); err != nil || row.Profile == "" {
				return nil, offset, fmt.Errorf("it is damaged at byte %d", next)
			}
			next += int64(len(lines) - len(rest))
			rows, lines = append(rows, row), rest
		}
	}
	return rows, next, nil
}

// Keep drops every frozen audience of the campaigns that a partition has fired and that is not in the list.
func (s *Shared) Keep(home int, audiences []string) error {
	return s.shelf.DropBut(homePrefix(home), audiences)
}
