package watch

import (
	"slices"
	"testing"

	"nudge/flows"
)

func TestInEffect(t *testing.T) {
	lines := func(as string) []flows.Line { return []flows.Line{{As: as}} }
	f := &flows.Flow{Exits: lines("exit"), Steps: []flows.Step{
		{Verb: flows.VerbRepeat, Repeat: &flows.Repeat{Until: lines("outer")}},
		{Verb: flows.VerbRepeat, Repeat: &flows.Repeat{Until: lines("inner")}},
		{Verb: flows.VerbWait, Wait: &flows.Wait{Lines: lines("wait")}},
		{Verb: flows.VerbCollect, Collect: &flows.Collect{Until: lines("collect")}},
		{Verb: flows.VerbSend, Send: &flows.Send{}},
	}}
	noExits := &flows.Flow{Steps: f.Steps}
	for _, c := range []struct {
		name        string
		flow        *flows.Flow
		parked      Parked
		all         []string
		loops, wait int // counts of each
	}{
		{"not waiting", f, Parked{At: NoWait}, []string{"exit"}, 0, 0},
		{"a wait", f, Parked{At: 2}, []string{"exit", "wait"}, 0, 1},
		{"a collect", f, Parked{At: 3}, []string{"exit", "collect"}, 0, 1},
		{"a wait in two loops", f, Parked{Loops: []int{0, 1}, At: 2}, []string{"exit", "outer", "inner", "wait"}, 2, 1},
		{"a send in a loop", f, Parked{Loops: []int{0}, At: NoWait}, []string{"exit", "outer"}, 1, 0},
		{"the rest of a round", f, Parked{Loops: []int{0}, At: 0}, []string{"exit", "outer"}, 1, 0},
		{"a flow without exits", noExits, Parked{Loops: []int{1}, At: 2}, []string{"inner", "wait"}, 1, 1},
		{"nothing", noExits, Parked{At: NoWait}, nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := InEffect(c.flow, c.parked)
			var got []string
			for _, l := range s.All() {
				got = append(got, l.Lines[0].As)
			}
			if !slices.Equal(got, c.all) {
				t.Errorf("in effect are %q, want %q", got, c.all)
			}
			exits := len(c.all) - c.loops - c.wait
			if len(s.Exits()) != exits || len(s.Loops()) != c.loops || len(s.Wait()) != c.wait || len(s.Inner()) != c.loops+c.wait {
				t.Errorf("%d exits, %d loops, %d waits, %d inner", len(s.Exits()), len(s.Loops()), len(s.Wait()), len(s.Inner()))
			}
			for _, l := range s.Exits() {
				if l.Place != Exits {
					t.Errorf("the exits stand at %d", l.Place)
				}
			}
		})
	}
}
