package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"nudge/whatif/story"
)

// snapshots are the messages that tests keep, each in a file of its own.
type snapshots struct {
	folder string
	update bool

	lock    sync.Mutex // guards changed and err
	changed map[string]string
	err     error
}

// snapshotsIn is the folder of a project's snapshots.
func snapshotsIn(dir string) string { return filepath.Join(dir, story.Folder, "snapshots") }

// newSnapshots returns snapshots that are only compared, until update is set.
func newSnapshots(folder string) *snapshots {
	return &snapshots{folder: folder, changed: map[string]string{}}
}

// options are those of a story that knows the snapshots.
func (s *snapshots) options() story.Options {
	o := story.Options{Snapshot: s.read}
	if s.update {
		o.Keep = s.keep
	}
	return o
}

func (s *snapshots) path(name string) string { return filepath.Join(s.folder, name+".txt") }

func (s *snapshots) read(name string) (string, bool) {
	text, err := os.ReadFile(s.path(name))
	return string(text), err == nil
}

func (s *snapshots) keep(name, text string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if before, twice := s.changed[name]; twice && before != text {
		s.err = errors.Join(s.err, fmt.Errorf("two messages want to be kept as the snapshot %s; give one another name", name))
	}
	s.changed[name] = text
}

// write writes what has changed.
func (s *snapshots) write() error {
	if s.err != nil {
		return wrongInput(s.err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.changed)) {
		if err := os.MkdirAll(s.folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(s.path(name), []byte(s.changed[name]+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}
