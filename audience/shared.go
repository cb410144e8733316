package audience

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

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

// Shared freezes audiences onto a shelf, with the rows of each partition by themselves. It is safe for concurrent use.
type Shared struct {
	Sources
	partitions int
	shelf      Shelf
}

var _ runner.Audiences = (*Shared)(nil)

// Share returns audiences of an installation with some partitions that are kept on a shelf.
func Share(from Sources, partitions int, shelf Shelf) *Shared {
	return &Shared{from, partitions, shelf}
}

// Freeze copies an audience to the shelf. What a killed process has left of one has a name that nobody knows, and is dropped.
func (s *Shared) Freeze(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	name := homePrefix(engine.CampaignHome(f.Campaign)) + strings.ToLower(rand.Text())
	parts, rows := make([]*shelving, s.partitions), make([]int, s.partitions)
	for p := range parts {
		parts[p] = &shelving{shelf: s.shelf, name: engine.PartOf(name, p)}
	}
	frozen, err := s.freeze(ctx, f, func(row *engine.Row) error {
		p := engine.PartitionOf(row.Profile, s.partitions)
		rows[p]++
		return parts[p].add(ctx, row)
	})
	for _, part := range parts {
		if err == nil && frozen.Failed == "" {
			if failed := part.put(ctx); failed != nil {
				frozen = &engine.Snapshot{Failed: failed.Error()}
			}
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && frozen.Failed == "" {
		frozen.Audience, frozen.Dealt = name, rows
	}
	return frozen, err
}

// shelving is the rows of a partition on their way to the shelf.
type shelving struct {
	shelf Shelf
	name  string
	at    int64 // where the chunk begins
	rows  int   // of the chunk
	chunk bytes.Buffer
}

// add adds a row.
func (s *shelving) add(ctx context.Context, row *engine.Row) error {
	out := json.NewEncoder(&s.chunk)
	out.SetEscapeHTML(false)
	if err := out.Encode(row); err != nil {
		return err
	}
	if s.rows++; s.rows < maxChunkRows && s.chunk.Len() < maxChunkBytes {
		return nil
	}
	return s.put(ctx)
}

// put puts the rows that were added on the shelf.
func (s *shelving) put(ctx context.Context) error {
	if s.rows == 0 {
		return nil
	}
	if err := s.shelf.Put(ctx, s.name, s.at, s.chunk.Bytes()); err != nil {
		return fmt.Errorf("it cannot be kept: %w", err)
	}
	s.at += int64(s.chunk.Len())
	s.rows = 0
	s.chunk.Reset()
	return nil
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
