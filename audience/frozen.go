package audience

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"nudge/engine"
)

const (
	frozenSuffix = ".jsonl"
	beginning    = "freezing-" // prefix for the name of a file that is not whole yet
)

// frozenFile is a snapshot that is being written, with a row on each line.
type frozenFile struct {
	file *os.File
	out  *bufio.Writer
	sum  hash.Hash
	json *json.Encoder
}

func newFrozenFile(dir string) (*frozenFile, error) {
	file, err := os.CreateTemp(dir, beginning+"*")
	if err != nil {
		return nil, err
	}
	f := &frozenFile{file: file, sum: sha256.New()}
	f.out = bufio.NewWriterSize(io.MultiWriter(file, f.sum), 256<<10)
	f.json = json.NewEncoder(f.out)
	f.json.SetEscapeHTML(false)
	return f, nil
}

// add writes a row.
func (f *frozenFile) add(row *engine.Row) error { return f.json.Encode(row) }

// close makes what was added durable, and returns the hash of it.
func (f *frozenFile) close() (sum []byte, err error) {
	if err := errors.Join(f.out.Flush(), f.file.Sync(), f.file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(f.file.Name()))
	}
	return f.sum.Sum(nil), nil
}

// keep gives the closed file its name.
func (f *frozenFile) keep(name string) error {
	dir := filepath.Dir(f.file.Name())
	if err := os.Rename(f.file.Name(), filepath.Join(dir, name+frozenSuffix)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// nameOf is the name of a frozen audience: it follows from what is in it.
func nameOf(sum []byte) string { return hex.EncodeToString(sum[:16]) }

// drop removes the file.
func (f *frozenFile) drop() error { return errors.Join(f.file.Close(), os.Remove(f.file.Name())) }

// readFrozen returns at most limit rows of a frozen audience from an offset on, and the
// offset after them.
func readFrozen(path string, offset int64, limit int) (rows []engine.Row, next int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, offset, err
	}
	defer file.Close()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, offset, err
	}
	text := bufio.NewReaderSize(file, readAhead)
	for next = offset; len(rows) < limit; {
		line, err := readLine(text)
		if err != nil {
			return nil, offset, fmt.Errorf("it ends early: %w", err)
		}
		var row engine.Row
		if err := json.Unmarshal(line, &row); err != nil || row.Profile == "" {
			return nil, offset, fmt.Errorf("it is damaged at byte %d", next)
		}
		next += int64(len(line))
		rows = append(rows, row)
	}
	return rows, next, nil
}

// readLine reads a line with its line break. The line is valid until the next read.
func readLine(text *bufio.Reader) ([]byte, error) {
	line, err := text.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	whole := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) && len(whole) <= 2*MaxRowBytes {
		line, err = text.ReadSlice('\n')
		whole = append(whole, line...)
	}
	return whole, err
}

// OpenFrozen opens all frozen audiences of a folder, for a copy of them. Who has them can read them to the end, also when a campaign is
// over meanwhile and its audience is removed. It leaves those of some names out. A folder that does not exist has none.
func OpenFrozen(dir string, but map[string]bool) (all []*os.File, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), frozenSuffix) || but[e.Name()] {
			continue
		}
		file, err := os.Open(filepath.Join(dir, e.Name()))
		if errors.Is(err, os.ErrNotExist) { // its campaign is over now
			continue
		}
		if err != nil {
			return all, err
		}
		all = append(all, file)
	}
	return all, nil
}

// MakeFrozen makes a file for a copy of a frozen audience in a folder, with the name that the original has.
func MakeFrozen(dir, name string) (*os.File, error) {
	if !strings.HasSuffix(name, frozenSuffix) {
		return nil, fmt.Errorf("%q is not the name of a frozen audience", name)
	}
	return os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}
