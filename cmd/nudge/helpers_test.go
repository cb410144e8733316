package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/store"
)

// patience is how long a test waits for something that must happen.
const patience = 20 * time.Second

func copyProject(t *testing.T, files fs.FS) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func clientOf(t *testing.T, server string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// allRuns reads all runs of a store.
func allRuns(t *testing.T, s *store.Store) (all []*engine.Run) {
	t.Helper()
	for q := (store.Query{Limit: store.MaxPage}); ; {
		page, err := s.List(q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Runs...)
		if q.Before = page.Next; q.Before == (engine.RunID{}) {
			return all
		}
	}
}

// builtProgram is the program as users build it, without the race detector whose memory and
// time it would need. It is built once for all tests.
func builtProgram(t testing.TB) string {
	t.Helper()
	build.once.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "nudge-built-"); build.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(build.dir, "nudge"), "nudge/cmd/nudge").CombinedOutput()
		if err != nil {
			build.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return filepath.Join(build.dir, "nudge")
}

// build is the program that was built.
var build struct {
	once sync.Once
	dir  string
	err  error
}

// tidy runs the tests and removes what they have built.
type tidy struct{ *testing.M }

// Run runs the tests.
func (t tidy) Run() int {
	code := t.M.Run()
	if build.dir != "" {
		os.RemoveAll(build.dir)
	}
	return code
}
