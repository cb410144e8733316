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

// TestNothingOverlaps holds that no two boxes overlap, that nothing lies outside, that
// every text fits into its box, and that every step is drawn.
func TestNothingOverlaps(t *testing.T) {
	for _, f := range append(drawn(t), manyFlows(t)...) {
		d := lay(f)
		seen := map[string]bool{}
		for i, b := range d.boxes {
			if seen[b.id] {
				t.Errorf("%s: two boxes have the id %s", f.Name, b.id)
			}
			seen[b.id] = true
			if b.x < 0 || b.y < 0 || b.x+b.w > d.w || b.y+b.h > d.h {
				t.Errorf("%s: %s lies outside", f.Name, b.id)
			}
			fits(t, f, &b)
			for _, other := range d.boxes[i+1:] {
				if b.shape != frame && other.shape != frame && overlap(&b, &other) {
					t.Errorf("%s: %s and %s overlap", f.Name, b.id, other.id)
				}
			}
		}
		for i := range f.Steps {
			if !seen["step-"+f.Steps[i].ID] {
				t.Errorf("%s: %s is not drawn", f.Name, f.Steps[i].ID)
			}
		}
		wellFormed(t, f)
	}
}

func overlap(a, b *box) bool {
	return a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h
}

func fits(t *testing.T, f *flows.Flow, b *box) {
	t.Helper()
	for _, line := range b.lines {
		w := textWidth(line.said, line.size)
		left := line.x
		if line.middle {
			left -= w / 2
		}
		if left < b.x || left+w > b.x+b.w || line.y-line.size < b.y || line.y > b.y+b.h {
			t.Errorf("%s: %q does not fit into %s", f.Name, line.said, b.id)
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
