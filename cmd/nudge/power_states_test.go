//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"sync"
	"testing"
)

const (
	resumeEvery = 200 // a server goes on from one state of so many
	maxWrong    = 20  // states of one worker that are reported
)

// history is a record, and what it means for the states after a loss of power.
type history struct {
	t         *testing.T
	folder    string
	windows   []window
	moments   map[uint64]int // the number of each state of the records, by its print
	last      *disk          // as the processes see it at the end
	witnesses int
}

// window is the time until a sync returns. At its end most can be lost: everything since the
// syncs before it.
type window struct {
	changes []change // before the sync
	sync    change
	states  int // how many are opened
	seen    int // how many witnesses there were until its end
	since   int // the first moment that has all they saw
	until   int // the moment at its end, as the processes see it
}

// tellHistory finds the moments of a record: what the store held whenever something was synced.
// Each is checked as nudge store check does it.
func tellHistory(t *testing.T, folder string, changes []change) *history {
	t.Helper()
	h := &history{t: t, folder: folder, moments: map[uint64]int{}}
	first := map[string]int{} // the first moment that has a fact
	d, scene := newDisk(), newScene(t, folder)
	var seen []string
	for len(changes) > 0 {
		n := slices.IndexFunc(changes, func(c change) bool { return c.kind == syncFile || c.kind == syncFolder })
		if n < 0 {
			n = len(changes) - 1
		}
		w := window{changes: changes[:n], sync: changes[n], until: len(h.moments) - 1}
		changes = changes[n+1:]
		for _, c := range append(w.changes, w.sync) {
			if d.do(c); c.kind == witness {
				seen = append(seen, c.said)
			}
		}
		h.last = d.with(d.pending)
		scene.show(h.last, nil)
		if scene.hasStore() {
			h.note(scene, first)
			w.until = len(h.moments) - 1
		}
		w.seen = len(seen)
		h.windows = append(h.windows, w)
	}
	h.witnesses = len(seen)
	h.oblige(seen, first)
	return h
}

// note numbers what the store holds, unless it held the same before.
func (h *history) note(scene *scene, first map[string]int) {
	print, facts := scene.whole()
	if _, known := h.moments[print]; known {
		return
	}
	for _, fact := range facts {
		if _, known := first[fact]; !known {
			first[fact] = len(h.moments)
		}
	}
	h.moments[print] = len(h.moments)
}

// oblige computes what a state has to have in each window.
func (h *history) oblige(seen []string, first map[string]int) {
	since, at := 0, 0
	for i := range h.windows {
		w := &h.windows[i]
		for ; at < w.seen; at++ {
			moment, ok := first[seen[at]]
			if !ok {
				h.t.Errorf("the store never had %q, which was seen", seen[at])
			}
			since = max(since, moment)
		}
		w.since = since
	}
}

// lost is what the losses of power came to.
type lost struct {
	states, without, resumed int
	wrong                    []string
}

// lose opens n states, if there are so many.
func (h *history) lose(n int) (all lost) {
	h.share(n)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			part := h.walk(worker, runtime.GOMAXPROCS(0))
			mu.Lock()
			defer mu.Unlock()
			all.states, all.without, all.resumed = all.states+part.states, all.without+part.without, all.resumed+part.resumed
			all.wrong = append(all.wrong, part.wrong...)
		})
	}
	workers.Wait()
	return all
}

// share gives each window its share of n states: all that it has, or a limit that is the same for
// all that have more.
func (h *history) share(n int) {
	d := newDisk()
	var pieces []int
	for _, w := range h.windows {
		for _, c := range w.changes {
			d.do(c)
		}
		pieces = append(pieces, len(d.pieces()))
		d.do(w.sync)
	}
	limit := sort.Search(n, func(limit int) bool {
		sum := 0
		for _, p := range pieces {
			sum += ways(p, limit)
		}
		return sum >= n
	})
	for i, p := range pieces {
		h.windows[i].states = ways(p, limit)
	}
}

// walk goes through the history and opens the states of each so manyth window.
func (h *history) walk(worker, workers int) (l lost) {
	d, scene := newDisk(), newScene(h.t, h.folder)
	for i, w := range h.windows {
		for _, c := range w.changes {
			d.do(c)
		}
		if i%workers == worker && len(l.wrong) < maxWrong {
			pieces := d.pieces()
			eachChoice(rand.New(rand.NewPCG(1, uint64(i))), pieces, w.states, func(kept []bool) {
				var left []change
				for p, k := range kept {
					if k {
						left = append(left, pieces[p].change)
					}
				}
				l.states++
				scene.show(d, left)
				if wrong := h.judge(scene, w, &l); wrong != "" {
					l.wrong = append(l.wrong, fmt.Sprintf("sync %d, state %d (%d of %d pieces): %s", i, l.states, len(left), len(pieces), wrong))
				}
			})
		}
		d.do(w.sync)
	}
	return l
}

// judge compares a state with what it has to have. It must be a moment, whole, and none before
// the last answer.
func (h *history) judge(scene *scene, w window, l *lost) (wrong string) {
	if !scene.hasStore() {
		l.without++
		if w.since > 0 {
			return fmt.Sprintf("the store is not there, and moment %d was seen", w.since)
		}
	} else if print, _, err := scene.look(); err != nil {
		return err.Error()
	} else if moment, ok := h.moments[print]; !ok {
		return "the store holds what it never held"
	} else if moment < w.since || moment > w.until {
		return fmt.Sprintf("the store is at moment %d, want one of %d to %d", moment, w.since, w.until)
	}
	if l.states%resumeEvery == 1 || !scene.hasStore() && l.without%10 == 1 {
		l.resumed++
		if err := scene.resume(); err != nil {
			return fmt.Sprintf("a server cannot go on: %v", err)
		}
	}
	return ""
}
