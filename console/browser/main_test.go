package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"nudge/console/browser/world"
)

// chromium is the browser of all tests.
var chromium *Chromium

// folder has what the worlds write.
var folder string

// worlds are started when a test needs them, and shared.
var worlds = map[string]func() (*world.World, error){"filled": started(world.Filled), "empty": started(world.Empty), "hostile": started(world.Hostile), "demo": started(world.Demo)}

// running are the worlds to stop at the end.
var running struct {
	sync.Mutex
	all []*world.World
}

func started(start func(context.Context, string) (*world.World, error)) func() (*world.World, error) {
	return sync.OnceValues(func() (*world.World, error) {
		in, err := os.MkdirTemp(folder, "")
		if err != nil {
			return nil, err
		}
		w, err := start(context.Background(), in)
		if err != nil {
			return nil, err
		}
		running.Lock()
		defer running.Unlock()
		running.all = append(running.all, w)
		return w, nil
	})
}

// worldOf returns a world that the tests share. They must leave it as it is.
func worldOf(t *testing.T, kind string) *world.World {
	t.Helper()
	w, err := worlds[kind]()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestMain(m *testing.M) {
	flag.Parse()
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (status int, err error) {
	if folder, err = os.MkdirTemp("", "nudge-browser-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if chromium, err = Launch(context.Background()); err != nil {
		return 1, err
	}
	defer chromium.Close()
	status = m.Run()
	for _, w := range running.all {
		err = errors.Join(err, w.Stop())
	}
	return status, err
}
