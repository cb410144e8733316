package server

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// folder is a file system of texts by their paths. A directory is there as far as a
// file below it is.
type folder map[string]string

// Open returns a file or a directory.
func (f folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if text, ok := f[name]; ok {
		return &openText{entry{path.Base(name), int64(len(text)), false}, strings.NewReader(text)}, nil
	}
	entries, err := f.ReadDir(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openFolder{entry{path.Base(name), 0, true}, entries}, nil
}

// ReadDir returns what lies directly below a directory, sorted.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	prefix := name + "/"
	if name == "." {
		prefix = ""
	}
	found := map[string]entry{}
	for file, text := range f {
		rest, below := strings.CutPrefix(file, prefix)
		if !below {
			continue
		}
		if first, _, deeper := strings.Cut(rest, "/"); deeper {
			found[first] = entry{first, 0, true}
		} else {
			found[rest] = entry{rest, int64(len(text)), false}
		}
	}
	if len(found) == 0 && name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	entries := make([]fs.DirEntry, 0, len(found))
	for _, e := range found {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// entry is what a folder says of one of its files or directories.
type entry struct {
	name string
	size int64
	dir  bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) IsDir() bool                { return e.dir }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// openText is a file that is being read.
type openText struct {
	entry
	*strings.Reader
}

func (t *openText) Size() int64                { return t.entry.size }
func (t *openText) Stat() (fs.FileInfo, error) { return t.entry, nil }
func (t *openText) Close() error               { return nil }

// openFolder is a directory that is being read.
type openFolder struct {
	entry
	rest []fs.DirEntry
}

func (d *openFolder) Stat() (fs.FileInfo, error) { return d.entry, nil }
func (d *openFolder) Close() error               { return nil }
func (d *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

// ReadDir returns the next entries, as [fs.ReadDirFile] says.
func (d *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	next := d.rest[:min(n, len(d.rest))]
	d.rest = d.rest[len(next):]
	return next, nil
}
