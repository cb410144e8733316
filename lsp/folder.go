package lsp

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"nudge/flows"
	"nudge/sandbox/people"
	"nudge/templates"
	"nudge/whatif/story"
)

// folder is the folder of a project as the editor shows it: sources from memory, where open
// documents take the place of files, and everything else from the disk.
type folder struct {
	disk  fs.FS
	texts map[string]string // of all sources, by name
	bad   map[string]bool   // sources that are there but cannot be read
}

// sourceFolders are the folders whose YAML files are sources.
var sourceFolders = []string{"flows", "templates", templates.PartialsFolder, story.Folder}

// isSource reports whether a file belongs to what a project says, and is not one that its
// messages carry.
func isSource(name string) bool {
	if name == flows.ProjectFile || name == people.File {
		return true
	}
	ext := path.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && slices.Contains(sourceFolders, path.Dir(name))
}

// openFolder reads all sources of a folder. A file that cannot be read is left to the
// project, which reports it.
func openFolder(disk fs.FS) *folder {
	f := &folder{disk: disk, texts: map[string]string{}, bad: map[string]bool{}}
	names := []string{flows.ProjectFile, people.File}
	for _, dir := range sourceFolders {
		entries, _ := fs.ReadDir(disk, dir)
		for _, e := range entries {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	for _, name := range names {
		f.reload(name)
	}
	return f
}

// reload takes the text of a source from the disk.
func (f *folder) reload(name string) {
	if !isSource(name) {
		return
	}
	delete(f.texts, name)
	delete(f.bad, name)
	text, err := fs.ReadFile(f.disk, name)
	switch {
	case err == nil:
		f.texts[name] = string(text)
	case !errors.Is(err, fs.ErrNotExist):
		f.bad[name] = true
	}
}

// names returns the names of all sources, sorted.
func (f *folder) names() []string { return slices.Sorted(maps.Keys(f.texts)) }

// listed returns the names of all sources, also of those that cannot be read, sorted.
func (f *folder) listed() []string {
	all := slices.Sorted(maps.Keys(f.bad))
	for _, name := range f.names() {
		if !f.bad[name] {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// ReadFile returns the content of a file.
func (f *folder) ReadFile(name string) ([]byte, error) {
	if !isSource(name) {
		return fs.ReadFile(f.disk, name)
	}
	text, ok := f.texts[name]
	if !ok && f.bad[name] {
		return fs.ReadFile(f.disk, name) // which says why
	}
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// Glob returns the names of the files that match a pattern, sorted.
func (f *folder) Glob(pattern string) ([]string, error) {
	if !slices.Contains(sourceFolders, path.Dir(pattern)) {
		return fs.Glob(f.disk, pattern)
	}
	var found []string
	for _, name := range f.listed() {
		if ok, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			found = append(found, name)
		}
	}
	return found, nil
}

// Open opens a file.
func (f *folder) Open(name string) (fs.File, error) {
	if !isSource(name) {
		return f.disk.Open(name)
	}
	text, err := f.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &openText{bytes.NewReader(text), textInfo{path.Base(name), int64(len(text))}}, nil
}

// openText is a source that was opened.
type openText struct {
	*bytes.Reader
	info textInfo
}

// Stat describes the source.
func (o *openText) Stat() (fs.FileInfo, error) { return o.info, nil }

// Close does nothing.
func (o *openText) Close() error { return nil }

// textInfo describes a source.
type textInfo struct {
	name string
	size int64
}

func (i textInfo) Name() string     { return i.name }
func (i textInfo) Size() int64      { return i.size }
func (textInfo) Mode() fs.FileMode  { return 0o444 }
func (textInfo) ModTime() time.Time { return time.Time{} }
func (textInfo) IsDir() bool        { return false }
func (textInfo) Sys() any           { return nil }

// stem returns the name of a file without its folder and extension.
func stem(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }
