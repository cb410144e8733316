package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nudge/client"
	"nudge/examples"
)

// lines is a writer whose lines a test can wait for.
type lines chan string

func (l lines) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		l <- strings.TrimSpace(line)
	}
	return len(text), nil
}

// expect returns the next line with the text.
func (l lines) expect(t *testing.T, text string) string {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return line
			}
		case <-late:
			t.Fatalf("there was no line with %q", text)
		}
	}
}

// tick makes ticks as fast as they are taken, until the test ends.
func tick(t *testing.T) <-chan time.Time {
	ticks := make(chan time.Time)
	go func() {
		for {
			select {
			case ticks <- time.Time{}:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return ticks
}

// An edit is deployed; a bad one is shown and what ran before goes on.
func TestDevReloadsOnSave(t *testing.T) {
	dir := copyProject(t, examples.Hello())
	out, errs, save := make(lines, 1000), make(lines, 1000), make(chan time.Time)
	d := &devSession{
		options: devOptions{dir: dir, listen: "127.0.0.1:0", local: "127.0.0.1:0"},
		out:     out, errs: errs, log: slog.New(slog.NewTextHandler(errs, nil)), look: tick(t), save: save,
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	a := clientOf(t, strings.Fields(out.expect(t, "nudge is ready: api "))[4])

	signUp := func(who string) {
		t.Helper()
		_, err := a.SendEvent(t.Context(), client.Event{Type: "user.signed_up", Profile: who, Data: []byte(`{"name": "Ann"}`)})
		if err != nil {
			t.Fatal(err)
		}
	}
	signUp("ann")
	out.expect(t, "ann   hello  welcome handed to the channel")

	edit(t, dir, "flows/hello.yaml", "stepps: []\n")
	save <- time.Time{}
	errs.expect(t, `flows/hello.yaml:8:1: unknown key "stepps" [unknown-key]`)
	errs.expect(t, "8 | stepps: []")
	errs.expect(t, "the project does not load; the flows that were active stay so")
	signUp("bob")
	out.expect(t, "bob   hello  welcome handed to the channel")

	edit(t, dir, "flows/hello.yaml", "  - exit: greeted\n")
	save <- time.Time{}
	errs.expect(t, "reloaded")
	signUp("col")
	out.expect(t, "col   hello  ended: greeted")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if report, err := checkStore(filepath.Join(dir, "data", "dev")); err != nil || len(report.Problems) > 0 {
		t.Errorf("the store: %+v, %v", report, err)
	}
}

// edit gives a file of the example its seven lines and one more.
func edit(t *testing.T, dir, name, line string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "hello", name))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), append(text, line...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDevNeedsAProject(t *testing.T) {
	d := &devSession{options: devOptions{dir: t.TempDir()}, out: io.Discard, errs: io.Discard}
	if err := d.run(t.Context()); exitCode(err) != exitInput {
		t.Errorf("an empty folder: %v", err)
	}
}
