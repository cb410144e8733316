package prove_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

// nests are flows with loops up to the limits of the language.
func nests() map[string]string {
	three := func(indent string) string {
		return indent + "- { id: m, send: hello }\n" +
			indent + "- wait:\n" +
			indent + "    - { read: m, then: [ { wait: 1h } ] }\n" +
			indent + "    - { failed: m }\n" +
			indent + "    - { after: 1d }\n"
	}
	nest := func(depth, times int, head, until string, body func(indent string) string) string {
		var b strings.Builder
		b.WriteString("flow: one\ntrigger: { event: order }\npromises: { messages: 5, ends: 30d }\n" + head + "steps:\n")
		indent := "  "
		for range depth {
			fmt.Fprintf(&b, "%s- repeat:\n%s    times: %d\n%s%s    steps:\n", indent, indent, times, until, indent)
			indent += "      "
		}
		return b.String() + body(indent)
	}
	var wide, ifs, chain strings.Builder
	for n := range 12 {
		fmt.Fprintf(&wide, "  - { id: m%d, send: hello }\n", n)
	}
	wide.WriteString("  - branch:\n")
	for n := range 12 {
		fmt.Fprintf(&wide, "      - { if: m%d.read, then: [ { exit: end%d } ] }\n", n, n)
	}
	var fields []string
	for n := range 40 {
		fields = append(fields, fmt.Sprintf("n%d: number", n))
		fmt.Fprintf(&ifs, "  - { set: { v%d: 0 } }\n", n)
	}
	for n := range 40 {
		fmt.Fprintf(&ifs, "  - { if: data.n%d > 1, set: { v%d: 1 } }\n", n, n)
	}
	ifs.WriteString("  - branch:\n")
	for n := range 40 {
		fmt.Fprintf(&ifs, "      - { if: vars.v%d == 1, then: [ { exit: end%d } ] }\n", n, n)
	}
	for n := range 60 {
		fmt.Fprintf(&chain, "  - { id: m%d, send: hello }\n  - wait:\n      - { read: m%d, then: [ { wait: %dm } ] }\n      - { failed: m%d, then: [ { wait: %dm } ] }\n      - { after: %dm }\n", n, n, 61+n*7, n, 31+n*11, 1440+n)
	}
	head := "flow: one\ntrigger: { event: order }\npromises: { messages: 5, ends: 30d }\nsteps:\n"
	data := "data: { " + strings.Join(fields, ", ") + " }\n"
	none := func(indent string) string { return indent + "- { emit: { event: ping } }\n" }
	return map[string]string{
		"loop of 100":              nest(1, 100, "", "", three),
		"100 by 100":               nest(2, 100, "", "", three),
		"100 by 100 by 100":        nest(3, 100, "", "", three),
		"exit in time":             nest(1, 100, "exit: [ { after: 60d, as: too_late } ]\n", "", three),
		"exit in time, 100 by 100": nest(2, 100, "exit: [ { after: 60d, as: too_late } ]\n", "", three),
		"until any":                nest(3, 100, "", "", func(indent string) string { return strings.ReplaceAll(three(indent), "read: m", "read: any") }),
		"without waits":            nest(3, 100, "", "", none),
		"messages asked for later": head + wide.String(),
		"many conditions":          strings.Replace(head, "promises", data+"promises", 1) + ifs.String(),
		"a chain of waits":         head + chain.String(),
		"a chain with an exit":     strings.Replace(head, "steps:", "exit: [ { after: 20d, as: too_late } ]\nsteps:", 1) + chain.String(),
	}
}

func nestProject(tb testing.TB, text string) *flows.Project {
	tb.Helper()
	p, list := flows.Load(fstest.MapFS{
		"nudge.yaml":           {Data: []byte("timezone: UTC\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml":       {Data: []byte(text)},
	})
	if list.HasErrors() {
		tb.Fatal(list)
	}
	return p
}

// TestNests holds what is proved of nests with the budget of nudge check, which is a tenth
// of that of nudge prove.
func TestNests(t *testing.T) {
	for name, want := range map[string]string{
		"loop of 100": "100-100 messages, life 104d 4h, ends completed, " +
			"broken messages: 5: a run can send 100, broken ends: 30d: a run can live 104d 4h",
		"100 by 100": "0-200 messages, life 10416d 16h, ends completed failed, " +
			"broken messages: 5: a run can send 200, broken ends: 30d: a run can live 10416d 16h",
		"100 by 100 by 100": "0-200 messages, life 1041666d 16h, ends completed failed, " +
			"broken messages: 5: a run can send 200, broken ends: 30d: a run can live 1041666d 16h",
		"exit in time": "coarse, 2-100 messages, life 60d, ends completed too_late, " +
			"broken messages: 5: a run may send 100, not proved ends: 30d: it may be broken, but within the budget no story shows it",
		"exit in time, 100 by 100": "coarse, 0-200 messages, life 60d, ends completed too_late failed, " +
			"broken messages: 5: a run may send 200, not proved ends: 30d: it may be broken, but within the budget no story shows it",
		"without waits": "0-0 messages, life 0s, ends completed failed",
		"a chain of waits": "60-60 messages, life 76d 3h 8m, ends completed, " +
			"broken messages: 5: a run can send 60, broken ends: 30d: a run can live 76d 3h 8m",
		"a chain with an exit":     "coarse, 2-60 messages, life 20d, ends completed too_late, broken messages: 5: a run may send 60",
		"messages asked for later": "not proved from m9 on",
		"many conditions":          "not proved from set_1 on",
	} {
		t.Run(name, func(t *testing.T) {
			r := prove.ProjectWith(nestProject(t, nests()[name]), prove.Options{Budget: prove.Tenth}).Flows[0]
			if got := line(r); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// BenchmarkNests is the time and the largest heap of proofs with each budget.
func BenchmarkNests(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(nests())) {
		benchmarkBudgets(b, name, nestProject(b, nests()[name]))
	}
}

// BenchmarkProject is the same for the examples and the ten flows.
func BenchmarkProject(b *testing.B) {
	for _, dir := range projects(b) {
		p, list := flows.Load(os.DirFS(dir))
		if list.HasErrors() {
			b.Fatal(list)
		}
		benchmarkBudgets(b, filepath.Base(dir), p)
	}
}

func benchmarkBudgets(b *testing.B, name string, p *flows.Project) {
	for _, o := range []prove.Options{{Budget: prove.Tenth}, {Budget: prove.Full, Stories: true}} {
		verb := "check"
		if o.Stories {
			verb = "prove"
		}
		b.Run(name+"/"+verb, func(b *testing.B) {
			runtime.GC()
			heap := watchHeap()
			states, proved := 0, 0
			for b.Loop() {
				states, proved = 0, 0
				for _, r := range prove.ProjectWith(p, o).Flows {
					states += r.States
					if r.Proved {
						proved++
					}
				}
			}
			b.ReportMetric(float64(states), "states")
			b.ReportMetric(float64(proved)/float64(len(p.Flows)), "proved")
			b.ReportMetric(float64(heap())/(1<<20), "heap-MB")
		})
	}
}

// watchHeap begins to watch the size that the heap is to grow to before each collection,
// and returns a function that stops and says the largest.
func watchHeap() (largest func() uint64) {
	var most atomic.Uint64
	var over atomic.Bool
	look := func() {
		s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(s)
		if now := s[0].Value.Uint64(); now > most.Load() {
			most.Store(now)
		}
	}
	type canary [16]byte // large enough for an allocation of its own
	var again func(*canary)
	again = func(c *canary) { // called after each collection
		look()
		if !over.Load() {
			runtime.SetFinalizer(c, again)
		}
	}
	runtime.SetFinalizer(new(canary), again)
	return func() uint64 {
		look()
		over.Store(true)
		return most.Load()
	}
}
