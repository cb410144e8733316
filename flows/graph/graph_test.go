package graph

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"nudge/flows"
)

var update = flag.Bool("update", false, "write the drawings of testdata")

// drawn are the flows of the examples and the ten flows.
func drawn(t testing.TB) []*flows.Flow {
	t.Helper()
	found, err := filepath.Glob("../../examples/*/nudge.yaml")
	if err != nil || len(found) == 0 {
		t.Fatal("no examples: ", err)
	}
	var all []*flows.Flow
	for _, file := range append(found, "../testdata/ten/nudge.yaml") {
		p, list := flows.Load(os.DirFS(filepath.Dir(file)))
		if list.HasErrors() {
			t.Fatal(list)
		}
		all = append(all, p.Flows...)
	}
	return all
}

// TestGolden holds the drawings of some flows as they were looked at.
func TestGolden(t *testing.T) {
	want := map[string]bool{"order_shipped": true, "nps": true, "comment_digest": true}
	for _, f := range drawn(t) {
		if !want[f.Name] {
			continue
		}
		delete(want, f.Name)
		for ext, got := range map[string]string{"svg": SVG(f), "mmd": Mermaid(f), "txt": Text(f)} {
			path := "testdata/" + f.Name + "." + ext
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(kept), got); diff != "" {
				t.Errorf("%s (-want +got), -update takes it over:\n%s", path, diff)
			}
		}
	}
	if len(want) > 0 {
		t.Error("not drawn: ", want)
	}
}

// TestExitSteps holds that the steps of an exit are drawn below it, with its name at their end.
func TestExitSteps(t *testing.T) {
	p, list := flows.Load(fstest.MapFS{
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml": {Data: []byte("flow: one\ntrigger: { event: order }\nexit:\n  - { event: returned, as: back, goal: true, then: [ { send: hello } ] }\n  - { after: 9d }\n" +
			"  - { event: left, as: gone, then: [ { exit: lost } ] }\nsteps:\n  - wait: 3d\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	text := `one, started by order
  ends at any time by returned: back (goal)
  ├─ send hello
  └─ exit back (goal)
  ends at any time by 9d: after
  ends at any time by left: gone
  └─ exit lost
└─ wait 3d
`
	if diff := cmp.Diff(text, Text(p.Flows[0])); diff != "" {
		t.Errorf("as text (-want +got):\n%s", diff)
	}
	chart := `flowchart TD
  start(["order"])
  exit1>"at any time: returned: back (goal)"]
  s_hello["hello"]
  exit1 --> s_hello
  s_Exit1(["back"])
  s_hello --> s_Exit1
  exit2>"at any time: 9d: after"]
  exit3>"at any time: left: gone"]
  s_exit_1(["lost"])
  exit3 --> s_exit_1
  s_wait_1{{"wait 3d"}}
  start --> s_wait_1
  completed((( )))
  s_wait_1 --> completed
`
	if diff := cmp.Diff(chart, Mermaid(p.Flows[0])); diff != "" {
		t.Errorf("as a chart (-want +got):\n%s", diff)
	}
}

// TestMeanwhile holds that the steps under a do are drawn as an arm that leads back to its wait.
func TestMeanwhile(t *testing.T) {
	p, list := flows.Load(fstest.MapFS{
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml": {Data: []byte("flow: one\ntrigger: { event: order }\nsteps:\n  - wait:\n      - { event: back, then: [ { exit: returned } ] }\n" +
			"      - { after: 1d, do: [ { send: hello }, { set: { told: yes } } ] }\n      - { after: 9d }\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	text := `one, started by order
└─ wait
   ├╌ back:
   │  └─ exit returned
   ├╌ meanwhile, 1d:
   │  ├─ send hello
   │  └─ set told
   └╌ 9d:
`
	if diff := cmp.Diff(text, Text(p.Flows[0])); diff != "" {
		t.Errorf("as text (-want +got):\n%s", diff)
	}
	chart := `flowchart TD
  start(["order"])
  s_wait_1{{"wait"}}
  start --> s_wait_1
  s_exit_1(["returned"])
  s_wait_1 -->|"back"| s_exit_1
  s_hello["hello"]
  s_wait_1 -->|"meanwhile, 1d"| s_hello
  s_set_1["set told"]
  s_hello --> s_set_1
  s_set_1 -.-> s_wait_1
  completed((( )))
  s_wait_1 -->|"9d"| completed
`
	if diff := cmp.Diff(chart, Mermaid(p.Flows[0])); diff != "" {
		t.Errorf("as a chart (-want +got):\n%s", diff)
	}
}

// twoWaits is a flow that is left from two waits and from inside of an arm.
const twoWaits = `flow: one
trigger: { event: order }
exit:
  - { event: bought, as: bought, goal: true }
  - { event: back, as: returned, then: [ { send: hello } ] }
steps:
  - wait:
      - { event: big, then: [ { wait: 2d }, { exit: large } ] }
      - { after: 1d, then: [ { if: run.key == "x", send: hello } ] }
  - wait: 3d
`

func flowOf(t *testing.T, yaml string) *flows.Flow {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{"templates/hello.yaml": {Data: []byte("body: Hello\n")}, "flows/one.yaml": {Data: []byte(yaml)}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p.Flows[0]
}

// carried lists the lines of a drawing with the counts that belong to them.
func carried(d *Drawing) string {
	var all strings.Builder
	for _, l := range d.Lines {
		fmt.Fprintf(&all, "%s > %s:", l.From, l.To)
		for _, w := range l.Ways {
			fmt.Fprintf(&all, " %s %s %d %s,", w.Count, w.Step, w.At, w.As)
		}
		all.WriteString("\n")
	}
	return strings.ReplaceAll(strings.ReplaceAll(all.String(), " ,", ","), ",\n", "\n")
}

// TestWays holds which counts belong to each line. The lines of an exit take along those that they meet.
func TestWays(t *testing.T) {
	want := `start > step-wait_1: came wait_1 0
step-wait_1 > line-wait_1-1: line wait_1 0
line-wait_1-1 > step-wait_2: line wait_1 0
step-wait_2 > step-exit_1: came exit_1 0
step-wait_2 > exit-1: exit wait_2 0
step-wait_2 > exit-1: exit wait_2 0
step-wait_2 > exit-2: exit wait_2 1
step-wait_2 > exit-2: exit wait_2 1
step-wait_1 > line-wait_1-2: line wait_1 1
line-wait_1-2 > step-hello: line wait_1 1
step-hello > step-wait_1: on hello 0
step-wait_1 > step-wait_3: came wait_3 0
step-wait_3 > end: on wait_3 0
step-wait_1 > exit-1: exit wait_1 0
step-wait_1 > exit-1: exit wait_1 0
step-wait_3 > exit-1: exit wait_3 0
step-wait_3 > exit-1: exit wait_3 0
step-wait_2 > exit-1: exit wait_2 0
step-wait_3 > exit-1: exit wait_3 0, exit wait_2 0
step-wait_1 > exit-1: exit wait_1 0, exit wait_2 0, exit wait_3 0
exit-1 > left-1: exit wait_1 0, exit wait_2 0, exit wait_3 0
step-wait_1 > exit-2: exit wait_1 1
step-wait_1 > exit-2: exit wait_1 1
step-wait_2 > exit-2: exit wait_2 1
step-wait_1 > exit-2: exit wait_1 1, exit wait_2 1
step-wait_3 > exit-2: exit wait_3 1
step-wait_3 > exit-2: exit wait_3 1
step-wait_1 > exit-2: exit wait_1 1, exit wait_2 1, exit wait_3 1
exit-2 > step-hello_2: exit wait_1 1, exit wait_2 1, exit wait_3 1
step-hello_2 > left-2: on hello_2 0
`
	if diff := cmp.Diff(want, carried(Lay(flowOf(t, twoWaits), Options{}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLeft holds that an exit leaves the steps that are named, and all where runs can stay if none is.
func TestLeft(t *testing.T) {
	left := func(exit int) []string {
		if exit == 0 {
			return []string{"", "hello"}
		}
		return nil
	}
	from := [2]map[string]bool{{}, {}}
	for _, l := range Lay(flowOf(t, twoWaits), Options{Left: left}).Lines {
		if l.Exit > 0 && len(l.Ways) == 1 {
			from[l.Exit-1][l.From] = true
		}
	}
	want := [2]map[string]bool{{"start": true, "step-hello": true}, {"step-wait_1": true, "step-wait_2": true, "step-wait_3": true}}
	if diff := cmp.Diff(want, from); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestClosed holds that a closed step keeps what leads on from it and what leaves it.
func TestClosed(t *testing.T) {
	d := Lay(flowOf(t, twoWaits), Options{Most: 5})
	want := `start > step-wait_1: came wait_1 0
step-wait_1 > step-wait_3: came wait_3 0
step-wait_3 > end: on wait_3 0
`
	got, _, _ := strings.Cut(carried(d), "step-wait_1 > exit-1")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, b := range d.Boxes {
		if b.ID == "step-wait_1" && len(b.Inside) != 3 {
			t.Errorf("inside are %v, which are not 3", b.Inside)
		}
	}
	if l := d.Lines[3]; len(l.Ways) != 2 {
		t.Errorf("%v leaves the closed step", l.Ways)
	}
	if open := Lay(flowOf(t, twoWaits), Options{Most: 5, Open: []string{"wait_1"}}); len(open.Boxes) != len(Lay(flowOf(t, twoWaits), Options{}).Boxes) {
		t.Error("a step that is open is closed")
	}
}

// TestNothingOverlaps holds that no two boxes and no two numbers overlap, that no line goes through a box, that nothing lies
// outside, that every text fits into its box, and that every step is drawn; with room for numbers and without.
func TestNothingOverlaps(t *testing.T) {
	for _, f := range append(drawn(t), manyFlows(t)...) {
		last := f.Steps[len(f.Steps)-1].ID
		for name, o := range map[string]Options{
			"": {}, "numbers": {Numbers: true}, "closed": {Most: 8}, "some open": {Numbers: true, Most: 8, Open: []string{f.Steps[0].ID, last}},
			"left": {Numbers: true, Left: func(exit int) []string { return [][]string{{"", last}, nil}[exit%2] }},
		} {
			d := Lay(f, o)
			where := f.Name + " " + name
			seen := boxesApart(t, where, d)
			linesApart(t, where, d)
			for i := range f.Steps {
				if o.Most == 0 && !seen["step-"+f.Steps[i].ID] {
					t.Errorf("%s: %s is not drawn", where, f.Steps[i].ID)
				}
			}
		}
		wellFormed(t, f)
	}
}

// boxesApart returns the boxes of a drawing.
func boxesApart(t *testing.T, where string, d *Drawing) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for i, b := range d.Boxes {
		if seen[b.ID] {
			t.Errorf("%s: two boxes have the id %s", where, b.ID)
		}
		seen[b.ID] = true
		inside(t, where, b.ID, d, b.area())
		fits(t, where, &b)
		for _, other := range d.Boxes[i+1:] {
			if b.Shape != Frame && other.Shape != Frame && b.area().over(other.area()) {
				t.Errorf("%s: %s and %s overlap", where, b.ID, other.ID)
			}
		}
	}
	return seen
}

// linesApart holds that lines touch only the boxes that they connect, and that their numbers stand free.
func linesApart(t *testing.T, where string, d *Drawing) {
	t.Helper()
	var numbers []Spot
	free := func(of string, s *Spot) {
		if s == nil {
			return
		}
		inside(t, where, of, d, *s)
		for i := range d.Boxes {
			if b := &d.Boxes[i]; b.Shape != Frame && s.over(b.area()) {
				t.Errorf("%s: the number of %s lies on %s", where, of, b.ID)
			}
		}
		for _, other := range numbers {
			if s.over(other) {
				t.Errorf("%s: the number of %s overlaps another", where, of)
			}
		}
		numbers = append(numbers, *s)
	}
	for i := range d.Boxes {
		if b := &d.Boxes[i]; b.Shape == Pill {
			free(b.ID, b.Number)
		}
	}
	for i := range d.Lines {
		l := &d.Lines[i]
		free(l.From+" to "+l.To, l.Number)
		for p := range l.Points[1:] {
			a, z := l.Points[p], l.Points[p+1]
			if a.X != z.X && a.Y != z.Y {
				t.Errorf("%s: %s to %s is slanted", where, l.From, l.To)
			}
			s := Spot{min(a.X, z.X), min(a.Y, z.Y), max(a.X, z.X) - min(a.X, z.X), max(a.Y, z.Y) - min(a.Y, z.Y)}
			inside(t, where, l.From, d, s)
			for j := range d.Boxes {
				if b := &d.Boxes[j]; b.Shape != Frame && s.crosses(b) {
					t.Errorf("%s: the line from %s to %s goes through %s", where, l.From, l.To, b.ID)
				}
			}
		}
	}
}

func (b *Box) area() Spot { return Spot{b.X, b.Y, b.W, b.H} }

func (s Spot) over(o Spot) bool {
	return s.X < o.X+o.W && o.X < s.X+s.W && s.Y < o.Y+o.H && o.Y < s.Y+s.H
}

// crosses reports whether a part of a line is inside of a box, and not only at its edge.
func (s Spot) crosses(b *Box) bool {
	return s.X < b.X+b.W-0.1 && b.X+0.1 < s.X+s.W && s.Y < b.Y+b.H-0.1 && b.Y+0.1 < s.Y+s.H
}

func inside(t *testing.T, where, what string, d *Drawing, s Spot) {
	t.Helper()
	if s.X < 0 || s.Y < 0 || s.X+s.W > d.W || s.Y+s.H > d.H {
		t.Errorf("%s: %s lies outside", where, what)
	}
}

// fits holds that the texts of a box are inside of it, and beside its number and its rows.
func fits(t *testing.T, where string, b *Box) {
	t.Helper()
	for _, line := range b.Texts {
		w := textWidth(line.Said, line.Size)
		s := Spot{line.X, line.Y - line.Size, w, line.Size}
		if line.Middle {
			s.X -= w / 2
		}
		if s.X < b.X || s.X+w > b.X+b.W || s.Y < b.Y || line.Y > b.Y+b.H {
			t.Errorf("%s: %q does not fit into %s", where, line.Said, b.ID)
		}
		if b.Number != nil && b.Shape != Pill && s.over(*b.Number) {
			t.Errorf("%s: %q lies under the number of %s", where, line.Said, b.ID)
		}
		for _, r := range b.Rows {
			if line.Y > r.Y-10 || r.Y+4 > b.Y+b.H {
				t.Errorf("%s: the row %s of %s has no room", where, r.Said, b.ID)
			}
		}
	}
}

func wellFormed(t *testing.T, f *flows.Flow) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(SVG(f)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			return
		}
	}
}

// manyFlows are random flows with every kind of nesting.
func manyFlows(t *testing.T) []*flows.Flow {
	t.Helper()
	var all []*flows.Flow
	for seed := range uint64(60) {
		w := &flowWriter{dice: rand.New(rand.NewPCG(seed, 3))}
		fmt.Fprintf(w, "flow: one\ntrigger: { event: order, if: event.total > 10 }\ndata: { total: number }\nexit: [ { event: back, as: a_long_name_of_an_ending, then: [ { id: bye, send: hello }, { exit: big, if: data.total > 20 } ] }, { after: 50d }, { failed: any, as: lost, then: [ { branch: [ { if: data.total > 20, then: [ { exit: wide } ] } ] } ] } ]\nsteps:\n")
		w.steps("  ", 3)
		p, list := flows.Load(fstest.MapFS{
			"templates/hello.yaml": {Data: []byte("body: Hello\n")}, "flows/one.yaml": {Data: []byte(w.String())},
		})
		if list.HasErrors() {
			t.Fatalf("%v\n%s", list, w.String())
		}
		all = append(all, p.Flows...)
	}
	return all
}

type flowWriter struct {
	strings.Builder
	dice *rand.Rand
}

func (w *flowWriter) steps(indent string, depth int) {
	for range 1 + w.dice.IntN(3) {
		w.step(indent, depth)
	}
}

func (w *flowWriter) step(indent string, depth int) {
	then := func(head string) {
		fmt.Fprintf(w, "%s    - %s\n%s      then:\n", indent, head, indent)
		w.steps(indent+"        ", depth-1)
	}
	kind := w.dice.IntN(8)
	if depth == 0 {
		kind = w.dice.IntN(3)
	}
	switch kind {
	case 0:
		fmt.Fprintf(w, "%s- { send: hello, if: 'data.total > 10 and data.total < 1000000000000000 or run.key contains \"somethingverylongwithoutanyspaceinit\"' }\n", indent)
	case 1:
		fmt.Fprintf(w, "%s- wait: [ { read: any }, { reply: any, if: reply.number > 3 }, { at: 1d after run.started } ]\n", indent)
	case 2:
		fmt.Fprintf(w, "%s- { exit: done, if: data.total == 3 }\n", indent)
	case 3:
		fmt.Fprintf(w, "%s- wait:\n%s    - failed: any\n", indent, indent)
		if w.dice.IntN(2) == 0 {
			fmt.Fprintf(w, "%s    - { after: 1d, do: [ { send: hello }, { branch: [ { if: data.total > 20, then: [ { send: hello } ] } ] } ] }\n", indent)
		}
		then("reply: any")
		then("after: 3d")
	case 4:
		fmt.Fprintf(w, "%s- repeat:\n%s    times: 3\n%s    every: 1d\n%s    until: [ { read: any }, { event: paid, then: [ { send: hello } ] } ]\n%s    steps:\n", indent, indent, indent, indent, indent)
		w.steps(indent+"      ", depth-1)
	case 5:
		fmt.Fprintf(w, "%s- branch:\n", indent)
		then("if: data.total > 20")
		then("if: data.total > 10")
	case 6:
		fmt.Fprintf(w, "%s- split:\n", indent)
		then("as: most\n" + indent + "      weight: 90")
		fmt.Fprintf(w, "%s    - { as: few, weight: 10 }\n", indent)
	case 7:
		fmt.Fprintf(w, "%s- fetch:\n%s    url: https://example.com/\n%s    on_error: [ { exit: broken } ]\n", indent, indent, indent)
	}
}
