package live_test

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"nudge/engine"
	"nudge/runner/live"
)

func read(t *testing.T, h *live.Hub, last int) *live.Reader {
	t.Helper()
	r, err := h.Read(last)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func add(h *live.Hub, n int) {
	for range n {
		h.Add(live.Line{Type: "ordered", Profile: "ann", Verdict: engine.VerdictStarted})
	}
}

// TestLines follows lines, from the beginning, from now on, and from the line where another reader was.
func TestLines(t *testing.T) {
	h := live.New()
	add(h, 3)
	some, none := read(t, h, 2), read(t, h, 0)
	lines, dropped := some.Lines(10)
	if len(lines) != 2 || dropped != 0 {
		t.Fatalf("the last two: %v, %d dropped", lines, dropped)
	}
	select {
	case <-none.Changed():
		t.Error("there is nothing new, and it says so")
	default:
	}
	waits := none.Changed()
	add(h, 1)
	<-waits
	<-none.Changed() // also without waiting before
	if got, _ := none.Lines(10); len(got) != 1 {
		t.Errorf("what is new: %v", got)
	}
	again := read(t, h, 0)
	if !again.Resume(some.ID(&lines[0])) {
		t.Fatal("it does not go on")
	}
	if got, dropped := again.Lines(1); len(got) != 1 || dropped != 0 || again.ID(&got[0]) != some.ID(&lines[1]) {
		t.Errorf("behind the first: %v, %d dropped", got, dropped)
	}
	other := read(t, live.New(), 0)
	for _, id := range []string{some.ID(&lines[0]), "", "x", "x-1", other.ID(&live.Line{}) + "9"} {
		if other.Resume(id) {
			t.Errorf("it goes on behind %q", id)
		}
	}
}

// TestSlowReader lets more lines come than are kept: a reader learns how many it lost.
func TestSlowReader(t *testing.T) {
	h := live.New()
	slow := read(t, h, 0)
	add(h, live.MaxLines)
	early := read(t, h, 0)
	lines, dropped := slow.Lines(6)
	if len(lines) != 6 || dropped != 0 {
		t.Fatalf("%d lines, %d dropped", len(lines), dropped)
	}
	add(h, 10)
	if got, dropped := slow.Lines(live.MaxLines); len(got) != live.MaxLines || dropped != 4 {
		t.Errorf("%d lines, %d dropped", len(got), dropped)
	}
	if got, dropped := early.Lines(live.MaxLines); len(got) != 10 || dropped != 0 {
		t.Errorf("%d lines, %d dropped", len(got), dropped)
	}
	late := read(t, h, 0)
	late.Resume(slow.ID(&lines[5])) // four lines behind it are gone
	if got, dropped := late.Lines(1); len(got) != 1 || dropped != 4 {
		t.Errorf("%d lines, %d dropped", len(got), dropped)
	}
}

// TestNews takes numbers as differences.
func TestNews(t *testing.T) {
	h := live.New()
	h.Count(live.Runs, "started", 5)
	r := read(t, h, 0)
	if news := r.News(live.Runs); news != nil {
		t.Errorf("before it began: %v", news)
	}
	h.Count(live.Runs, "started", 2)
	h.Count(live.Runs, "started", 1)
	h.Count(live.Runs, "ended", 0)
	if news := r.News(live.Runs); !maps.Equal(news, live.Counts{"started": 3}) {
		t.Errorf("the news are %v", news)
	}
	if news := r.News(live.Runs); news != nil {
		t.Errorf("once more: %v", news)
	}
}

// TestReadersAreBounded refuses one reader too many until another closes.
func TestReadersAreBounded(t *testing.T) {
	h := live.New()
	var last *live.Reader
	for range live.MaxReaders {
		last, _ = h.Read(0)
	}
	if _, err := h.Read(0); !errors.Is(err, live.ErrReaders) {
		t.Errorf("one too many: %v", err)
	}
	if last.Close(); h.Readers() != live.MaxReaders-1 {
		t.Errorf("%d readers", h.Readers())
	}
	read(t, h, 0)
}

// TestForget takes a person out of the lines, and nobody else.
func TestForget(t *testing.T) {
	h := live.New()
	add(h, 1)
	h.Add(live.Line{Type: "ordered", Profile: "bob"})
	h.Forget("ann")
	if got, _ := read(t, h, 9).Lines(9); len(got) != 2 || got[0].Profile != "" || got[1].Profile != "bob" {
		t.Errorf("the lines are %v", got)
	}
}

// TestReadersAndWriters lets several write and read at once: each reader gets every line or learns that it lost it.
func TestReadersAndWriters(t *testing.T) {
	const writers, each = 4, 3000
	h := live.New()
	var all sync.WaitGroup
	for n := range 3 {
		r := read(t, h, 0)
		all.Go(func() {
			for got := uint64(0); got < writers*each; {
				<-r.Changed()
				lines, dropped := r.Lines(100)
				got += uint64(len(lines)) + dropped
			}
			if news := r.News(live.Events); fmt.Sprint(news) != fmt.Sprintf("map[started:%d]", writers*each) {
				t.Errorf("reader %d: %v", n, news)
			}
		})
	}
	for range writers {
		all.Go(func() {
			for range each {
				h.Count(live.Events, "started", 1)
				add(h, 1)
			}
		})
	}
	all.Wait()
}
