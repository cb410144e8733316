package lsp

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lsp/lsptest"
)

var update = flag.Bool("update", false, "write what came of the commands into the scripts")

// testTime is the time of the server under test.
var testTime = time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)

// serve begins a session with a server for a folder.
func serve(t testing.TB, dir string, o Options) *lsptest.Client {
	t.Helper()
	o.Env, o.Now = noEnv, func() time.Time { return testTime }
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(context.Background(), toServer, fromServer, o)
		fromServer.Close()
	}()
	c, err := lsptest.Start(t.Context(), toClient, fromClient, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("the session did not end in order: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return c
}

// TestScripts plays the scripts of testdata/script. The first line of each names the folder of
// its project, which the script gets a copy of.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, script, _ := strings.Cut(string(text), "\n\n")
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(strings.TrimPrefix(first, "# Project: "))); err != nil {
				t.Fatal(err)
			}
			verb := func(_ context.Context, args ...string) (string, int) { return strings.Join(args, " ") + "\n", 0 }
			played, err := serve(t, dir, Options{Verb: verb}).Play(t.Context(), script)
			if err != nil {
				t.Fatal(err)
			}
			got := first + "\n\n" + played
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("(-script +played):\n%s", diff)
			}
		})
	}
}
