package simtest

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// all breaks every story at every position in every variant; without it one file of stories in
// twenty-four, in two variants. Every story is played once without a fault.
var all = flag.Bool("all", false, "every position of every story, as a full run does")

// unread are the stories that the second reading cannot judge, and why.
var unread = map[string]string{
	"call_refused1":    "it does not know the shape that the data of a called flow must have",
	"claims1":          "its story makes claims and results by hand, of which only the loop makes any",
	"fetch_busy1":      "it does not know which addresses no request can be made to",
	"template_breaks1": "it knows no functions of templates, so it does not know when one fails",
	"times2":           "it keeps a time as the text that it came as, with its offset, and the engine in UTC",
	"unknown_settled1": "its story has the result of a message after another process took over; TestNodes has those",
}

// TestPositions plays the engine's own stories with a fault at the first operation of
// the disk, at the second, and so on until it no longer strikes: every position there
// is. Of each kind of fault once; with the disk failing from there on until the process
// is started again; and with a second crash while it is.
func TestPositions(t *testing.T) {
	paths, err := filepath.Glob("../engine/testdata/*.txt")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d stories: %v", len(paths), err)
	}
	total := &positions{}
	for i, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := newScenarios(archive)
		if err != nil {
			t.Fatal(err)
		}
		for n, s := range parts {
			name := fmt.Sprint(strings.TrimSuffix(filepath.Base(path), ".txt"), n+1)
			if unread[name] != "" {
				continue
			}
			broken := *all || i%24 == 0 && len(s.commands) <= 60 // at every position a thousand times
			t.Run(name, func(t *testing.T) { total.play(t, s, broken) })
		}
	}
	if total.scenarios < 40 && *all {
		t.Errorf("only %d stories were played", total.scenarios)
	}
	t.Logf("%d stories, %d positions, %d runs with a fault", total.scenarios, total.positions, total.runs)
}

type positions struct{ scenarios, positions, runs int }

func (p *positions) play(t *testing.T, s *scenario, broken bool) {
	if err := s.play(plan{}); err != nil {
		t.Fatalf("without a fault: %v", err)
	}
	if !broken {
		return
	}
	p.scenarios++
	for kind := failLost; kind < faultKinds; kind++ {
		for at := 1; ; at++ {
			p.positions++
			fired := false
			variants := []plan{{}, {again: 1}}
			if *all {
				variants = []plan{{}, {sticky: true}, {again: 1}, {again: 2}, {again: 3}}
			}
			for _, variant := range variants {
				variant.kind, variant.at = kind, at
				if err := s.play(variant); err != nil {
					t.Fatalf("%s at operation %d (%+v): %v", faultNames[kind], at, variant, err)
				}
				p.runs++
				fired = fired || s.fired
			}
			if !fired {
				break
			}
		}
	}
	if p.positions == 0 {
		t.Error("no fault ever struck")
	}
}

// String is the plan in words.
func (p plan) String() string {
	return fmt.Sprintf("%s at %d, sticky %v, again %d", faultNames[p.kind], p.at, p.sticky, p.again)
}
