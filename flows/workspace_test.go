package flows

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"weak"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
)

// folderFiles returns the files of a folder, to be changed.
func folderFiles(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestWorkspace holds that a workspace which has seen a history of edits gives the same
// project and the same mistakes as a fresh start.
func TestWorkspace(t *testing.T) {
	for _, dir := range []string{"testdata/every", "testdata/ten", "../examples/order_shipped", "../examples/welcome_series", "../examples/patterns/digest"} {
		t.Run(dir, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			files, w := folderFiles(t, dir), new(Workspace)
			original := folderFiles(t, dir)
			var names []string
			for name := range files {
				names = append(names, name)
			}
			slices.Sort(names)
			for i := range 150 {
				name := names[random.IntN(len(names))]
				switch {
				case i%30 == 29:
					delete(files, name)
				case files[name] == nil || i%5 == 4:
					files[name] = original[name]
				default:
					files[name] = &fstest.MapFile{Data: scrambled(random, files[name].Data)}
				}
				got, gotList := w.Load(files)
				want, wantList := Load(files)
				if diff := cmp.Diff(wantList, gotList); diff != "" {
					t.Fatalf("edit %d of %s: mistakes (-fresh +kept):\n%s", i, name, diff)
				}
				if a, b := summary(want), summary(got); a != b {
					t.Fatalf("edit %d of %s: fresh %s, kept %s", i, name, a, b)
				}
			}
		})
	}
}

// summary is a project as text: the versions of its flows with their bundles.
func summary(p *Project) string {
	var b strings.Builder
	for _, f := range p.Flows {
		fmt.Fprintln(&b, f.Name, f.Version, f.Bundle)
	}
	fmt.Fprintln(&b, p.Assets())
	return b.String()
}

// scrambled returns a text with a random change: a piece less, twice, or in another place.
func scrambled(random *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return []byte("flow: f\n")
	}
	from := random.IntN(len(text))
	to := min(len(text), from+1+random.IntN(12))
	switch random.IntN(3) {
	case 0:
		return append(append([]byte{}, text[:from]...), text[to:]...)
	case 1:
		return append(append([]byte{}, text[:to]...), text[from:]...)
	}
	at := random.IntN(len(text))
	return append(append(append([]byte{}, text[:at]...), text[from:to]...), text[at:]...)
}

// TestWorkspaceReadsLittle holds that a change is read with what it concerns, and nothing
// else.
func TestWorkspaceReadsLittle(t *testing.T) {
	files, w := folderFiles(t, "testdata/ten"), new(Workspace)
	p, list := w.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	change := func(name, from, to string) {
		text := string(files[name].Data)
		if !strings.Contains(text, from) {
			t.Fatalf("%s has no %q", name, from)
		}
		files[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, from, to, 1))}
	}
	for _, c := range []struct {
		name     string
		change   func()
		parsed   int
		reloaded []string
	}{
		{"nothing", func() {}, 0, nil},
		{"a flow", func() { change("flows/nps.yaml", "flow:", "# a word\nflow:") }, 1, []string{"nps"}},
		{"a template", func() { change("templates/check_in.yaml", "body:", "# a word\nbody:") }, 2, []string{"onboarding"}},
		{"a line in the settings", func() { change(ProjectFile, "project:", "# a word\n\nproject:") }, 6, flowNamesOf(p)}, // those that name the profile or a declared event
		{"the profile", func() {
			change(ProjectFile, "first_name: optional string", "first_name: optional string\n  last_name: optional string")
		}, 6, flowNamesOf(p)},
		{"a category", func() { change(ProjectFile, "10:00-19:00", "10:00-18:00") }, 2, []string{"nps"}},
		{"a key of the server", func() { change(ProjectFile, "categories:", "listen: 127.0.0.1:1\ncategories:") }, 1, nil},
		{"an event", func() { change(ProjectFile, "ships_on: date", "ships_on: date, note: optional string") }, 3, []string{"order_buyer", "order_seller"}},
		{"the zone", func() { change(ProjectFile, "timezone: Europe/London", "timezone: Europe/Paris") }, 1 + len(p.Flows), flowNamesOf(p)},
	} {
		before, parsed := p, w.Parsed()
		c.change()
		var list diag.List
		if p, list = w.Load(files); list.HasErrors() {
			t.Fatal(list)
		}
		if got := w.Parsed() - parsed; got != c.parsed {
			t.Errorf("%s: %d files were parsed, not %d", c.name, got, c.parsed)
		}
		var reloaded []string
		for _, f := range p.Flows {
			if before.Flow(f.Name) != f {
				reloaded = append(reloaded, f.Name)
			}
		}
		if diff := cmp.Diff(c.reloaded, reloaded); diff != "" {
			t.Errorf("%s: flows that were read again (-want +got):\n%s", c.name, diff)
		}
	}
}

func flowNamesOf(p *Project) (names []string) {
	for _, f := range p.Flows {
		names = append(names, f.Name)
	}
	return names
}

// TestWorkspaceLetsGo holds that nothing in a project keeps the projects before it in memory:
// a flow that is read once lives as long as its text stays.
func TestWorkspaceLetsGo(t *testing.T) {
	for _, dir := range []string{"testdata/ten", "testdata/every"} {
		files, w := folderFiles(t, dir), new(Workspace)
		var names []string
		for name := range files {
			names = append(names, name)
		}
		slices.Sort(names)
		var projects []weak.Pointer[Project]
		for _, name := range names {
			files[name] = &fstest.MapFile{Data: append(slices.Clone(files[name].Data), "# a word\n"...)}
			p, _ := w.Load(files)
			projects = append(projects, weak.Make(p))
		}
		runtime.GC()
		runtime.GC() // what pools hold is gone after the second
		alive := 0
		for _, p := range projects {
			if p.Value() != nil {
				alive++
			}
		}
		if alive > 1 {
			t.Errorf("%s: %d of %d projects are still in memory", dir, alive, len(projects))
		}
		runtime.KeepAlive(w)
	}
}
