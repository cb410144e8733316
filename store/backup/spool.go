package backup

import (
	"errors"
	"io"
	"os"
	"runtime"
)

// spoolFileBytes is about how much one file of a spool takes.
const spoolFileBytes = 64 << 20

// spool keeps bytes on the disk until they are taken. It gives their room back file by file, so that it does not grow for ever
// while it never becomes empty. It is not safe for concurrent use, but for what next returns.
type spool struct {
	dir   string
	files []*spoolFile // the first one is read, the last one written
	bytes int64        // that wait
}

type spoolFile struct {
	*os.File
	read, end int64
}

// newSpool returns an empty spool, whose files in dir nobody else sees.
func newSpool(dir string) (*spool, error) {
	s := &spool{dir: dir}
	return s, s.grow()
}

// grow begins another file.
func (s *spool) grow() error {
	file, err := os.CreateTemp(s.dir, "follow-*.spool")
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" { // the system removes it when it is closed, also after a crash
		if err := os.Remove(file.Name()); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	s.files = append(s.files, &spoolFile{File: file})
	return nil
}

func (f *spoolFile) close() error {
	err := f.File.Close()
	if runtime.GOOS == "windows" {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// add puts bytes at the end.
func (s *spool) add(p []byte) error {
	last := s.files[len(s.files)-1]
	if last.end >= spoolFileBytes {
		if err := s.grow(); err != nil {
			return err
		}
		last = s.files[len(s.files)-1]
	}
	if _, err := last.WriteAt(p, last.end); err != nil {
		return err
	}
	last.end += int64(len(p))
	s.bytes += int64(len(p))
	return nil
}

// next returns the first bytes, at most so many, as something that reads them until they are taken. It has none only if the
// spool is empty.
func (s *spool) next(most int64) (*io.SectionReader, error) {
	first := s.files[0]
	for first.read == first.end && len(s.files) > 1 {
		s.files = s.files[1:]
		if err := first.close(); err != nil {
			return nil, err
		}
		first = s.files[0]
	}
	return io.NewSectionReader(first, first.read, min(most, first.end-first.read)), nil
}

// take removes the first bytes, which next has returned.
func (s *spool) take(n int64) error {
	first := s.files[0]
	first.read += n
	s.bytes -= n
	if first.read < first.end || first.end <= sendBytes {
		return nil
	}
	first.read, first.end = 0, 0
	return first.Truncate(0)
}

// drop gives the room of everything back. Nothing may be added or taken any more.
func (s *spool) drop() (err error) {
	for _, f := range s.files[1:] {
		err = errors.Join(err, f.close())
	}
	s.files = s.files[:1] // somebody may read it
	return errors.Join(err, s.files[0].Truncate(0))
}

func (s *spool) close() (err error) {
	for _, f := range s.files {
		err = errors.Join(err, f.close())
	}
	return err
}
