package flows

import (
	"os"
	"slices"
	"testing"
)

// everyFlow is a project with a flow that uses every construct of the language.
func everyFlow(t testing.TB) (*Project, *Flow) {
	t.Helper()
	p := mustLoad(t, os.DirFS("testdata/every"))
	return p, p.Flow("every")
}

func TestEveryConstruct(t *testing.T) {
	_, f := everyFlow(t)
	uses := map[Verb]bool{}
	hears := map[Signal]bool{}
	for i := range f.Steps {
		s := &f.Steps[i]
		uses[s.Verb] = true
		lines := f.Exits
		switch {
		case s.Wait != nil:
			lines = s.Wait.Lines
		case s.Repeat != nil:
			lines = s.Repeat.Until
		case s.Collect != nil:
			lines = s.Collect.Until
		}
		for _, line := range lines {
			hears[line.Signal] = true
		}
	}
	for _, v := range verbs {
		if !uses[v.verb] {
			t.Errorf("no step does %s", v.name)
		}
	}
	for signal := SignalRead; signal <= SignalItems; signal++ {
		if !hears[signal] {
			t.Errorf("no line looks out for %s", signal)
		}
	}
}

// TestStepsHaveTheirHeads holds what loops rely on: of a flow without mistakes, the
// heads that the outline finds have the indexes of their steps.
func TestStepsHaveTheirHeads(t *testing.T) {
	for _, folder := range []string{"testdata/every", "testdata/ten"} {
		for _, f := range mustLoad(t, os.DirFS(folder)).Flows {
			for i := range f.Steps {
				if f.StepNamed(f.Steps[i].ID) != i {
					t.Errorf("%s: step %d is called %s like another", f.Name, i, f.Steps[i].ID)
				}
			}
			checkTargets(t, f)
		}
	}
}

// checkTargets holds that every joint of a program is connected to one of its steps.
func checkTargets(t testing.TB, f *Flow) {
	t.Helper()
	at := func(i int, what string, target int) {
		if target != End && (target < 0 || target >= len(f.Steps)) {
			t.Errorf("%s: %s of step %d leads to %d", f.Name, what, i, target)
		}
	}
	for i := range f.Steps {
		s := &f.Steps[i]
		at(i, "next", s.Next)
		var lines []Line
		switch {
		case s.Wait != nil:
			lines = s.Wait.Lines
		case s.Repeat != nil:
			lines = s.Repeat.Until
			at(i, "body", s.Repeat.Body)
			if !slices.Contains(f.Steps[s.Repeat.Body].Loops, i) {
				t.Errorf("%s: the body of step %d does not know its loop", f.Name, i)
			}
		case s.Collect != nil:
			lines = s.Collect.Until
		case s.Fetch != nil:
			at(i, "on_error", s.Fetch.OnError)
		}
		for _, line := range lines {
			at(i, "a line", line.Then)
			if line.Step >= 0 && f.Steps[line.Step].Verb != VerbSend {
				t.Errorf("%s: a line of step %d names step %d, which sends nothing", f.Name, i, line.Step)
			}
		}
		for _, arm := range s.Branch {
			at(i, "an arm", arm.Then)
		}
		for _, share := range s.Split {
			at(i, "an arm", share.Then)
		}
	}
}

// BenchmarkLoad loads a flow that uses every construct, as a version is made again of
// its bundle.
func BenchmarkLoad(b *testing.B) {
	_, f := everyFlow(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(f.Bundle); err != nil {
			b.Fatal(err)
		}
	}
}
