//go:build linux

package main

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
)

// scene is a data folder that has one state after the other.
type scene struct {
	t      *testing.T
	folder string            // the recorded one
	dir    string            // ours
	shown  map[string]*shown // by path in the recorded one
}

// shown is a file as it is now.
type shown struct {
	f       *os.File
	base    *image   // what is certain of it
	version int      // of the base
	touched []change // beside it
}

func newScene(t *testing.T, folder string) *scene {
	return &scene{t: t, folder: folder, dir: t.TempDir(), shown: map[string]*shown{}}
}

// show makes the folder what a loss leaves of a disk with some changes that were pending.
func (s *scene) show(d *disk, left []change) {
	names := d.with(namesOf(left)).names
	if _, ok := names[s.folder]; !ok {
		names = nil // whatever was in the folder is lost with it
	}
	for path, file := range s.shown {
		if _, ok := names[path]; !ok {
			must(errors.Join(file.f.Close(), os.Remove(file.f.Name())))
			delete(s.shown, path)
		}
	}
	for path, number := range names {
		if path == s.folder {
			continue
		}
		if s.shown[path] == nil {
			f, err := os.Create(filepath.Join(s.dir, filepath.Base(path)))
			must(err)
			s.shown[path] = &shown{f: f}
		}
		must(s.shown[path].be(d.image(number), number, left))
	}
}

func namesOf(changes []change) (names []change) {
	for _, c := range changes {
		if c.kind == link || c.kind == unlink {
			names = append(names, c)
		}
	}
	return names
}

// be gives a file its bytes.
func (f *shown) be(base *image, number int, left []change) error {
	var err error
	if f.base != base || f.version != base.version {
		f.base, f.version, f.touched = base, base.version, nil
		err = errors.Join(f.f.Truncate(0), f.write(0, base.content), f.f.Truncate(base.size))
	}
	for _, c := range f.touched {
		err = errors.Join(err, f.write(c.at, base.read(c.at, c.at+int64(len(c.data)))))
	}
	if f.touched != nil {
		err = errors.Join(err, f.f.Truncate(base.size))
	}
	f.touched = nil
	for _, c := range left {
		if c.file != number {
			continue
		}
		switch c.kind {
		case write:
			err = errors.Join(err, f.write(c.at, c.data))
			f.touched = append(f.touched, c)
		case resize:
			err = errors.Join(err, f.f.Truncate(c.at))
			f.touched = append(f.touched, change{})
		}
	}
	return err
}

func (f *shown) write(at int64, data []byte) error {
	_, err := f.f.WriteAt(data, at)
	return err
}

// must is for what does not depend on the state.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// forget makes the folder empty.
func (s *scene) forget() {
	for _, f := range s.shown {
		must(f.f.Close())
	}
	clear(s.shown)
	must(os.RemoveAll(s.dir))
	must(os.Mkdir(s.dir, 0o700))
}

func (s *scene) hasStore() bool { return s.shown[filepath.Join(s.folder, bolt.FileName)] != nil }

var printSeed = maphash.MakeSeed()

// look opens the store for reading, verifies its pages, counts its records and returns their print.
func (s *scene) look() (print uint64, records int, err error) {
	files, err := bolt.OpenExisting(s.dir)
	if err != nil {
		return 0, 0, err
	}
	kv := files[0]
	defer kv.Close()
	if damages, err := kv.Verify(); err != nil || len(damages) > 0 {
		return 0, 0, fmt.Errorf("%v, damages %v", err, damages)
	}
	var h maphash.Hash
	h.SetSeed(printSeed)
	err = kv.View(func(r store.Reader) error {
		for _, b := range store.Buckets {
			r.Ascend(b, nil, func(key, value []byte) bool {
				records++
				maphash.WriteComparable(&h, [3]int{int(b), len(key), len(value)})
				h.Write(key)
				h.Write(value)
				return true
			})
		}
		return nil
	})
	return h.Sum64(), records, err
}

// whole returns the print of a store in which nothing may be wrong, and what a witness can have
// seen of it.
func (s *scene) whole() (print uint64, seen []string) {
	s.t.Helper()
	print, records, err := s.look()
	if err != nil {
		s.t.Fatal(err)
	}
	if records == 0 { // it is about to be made
		return print, nil
	}
	if report, err := checkStore(s.dir); err != nil || len(report.Problems) > 0 {
		s.t.Fatal(err, report)
	}
	return print, facts(s.t, s.dir)
}

// facts are what a witness can have seen of the runs in a data folder.
func facts(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	kv := files[0]
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, r := range allRuns(t, s) {
		all = append(all, "event "+strings.TrimPrefix(r.Profile, "p-"))
		for n, m := range r.Messages {
			for attempt := range m.Attempt {
				all = append(all, fmt.Sprintf("post %s %d %d", r.ID, n+1, attempt+1))
			}
			if m.Status == engine.Read {
				all = append(all, fmt.Sprintf("read %s %d", r.ID, n+1))
			}
		}
	}
	return all
}

// resume opens the folder as a server does, and closes it again: nothing is lost by that.
func (s *scene) resume() error {
	defer s.forget()
	before, records := uint64(0), 0
	if s.hasStore() {
		var err error
		if before, records, err = s.look(); err != nil {
			return err
		}
	}
	kv, err := bolt.Open(s.dir)
	if err != nil {
		return err
	}
	st, err := store.Open(kv)
	if err != nil {
		return err
	}
	_, err = st.Engine()
	if err = errors.Join(err, st.Close()); err != nil {
		return err
	}
	after, _, err := s.look()
	if err == nil && records > 0 && before != after {
		err = errors.New("it holds something else then")
	}
	return err
}
