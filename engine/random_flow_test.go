package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
)

// flowWriter writes random flows with every construct that random inputs can affect.
type flowWriter struct {
	dice *rand.Rand
	out  strings.Builder
}

// randomProject returns two random flows and a template.
func randomProject(dice *rand.Rand) fstest.MapFS {
	files := fstest.MapFS{
		"nudge.yaml":           {Data: []byte("timezone: Europe/London\nprofile: { plan: optional string }\nevents:\n  order: { id: string, total: number }\n" + randomCategories(dice))},
		"templates/hello.yaml": {Data: []byte("body: Hello at {{ now }}\n")},
	}
	for _, name := range []string{"one", "two"} {
		w := &flowWriter{dice: dice}
		w.flow(name)
		files["flows/"+name+".yaml"] = &fstest.MapFile{Data: []byte(w.out.String())}
	}
	return files
}

// randomCategories returns hours and caps for some of the messages.
func randomCategories(dice *rand.Rand) string {
	return fmt.Sprintf("categories: { tips: { window: %s }, offers: { window: [%s], at_most: %s }, service: { always: true } }\n",
		pick(dice, "06:00-22:00", "mon-fri 08:00-17:30", "09:30-10:00"),
		pick(dice, "00:00-03:00, 20:00-24:00", `"sat,sun 10:00-20:00", mon-fri 12:00-14:00`),
		pick(dice, "1 per 4h", "2 per 1d", "3 per 2d6h", "1 per calendar day", "[2 per calendar day in Asia/Tokyo, 3 per calendar week]"))
}

func (w *flowWriter) flow(name string) {
	fmt.Fprintf(&w.out, "flow: %s\n", name)
	fmt.Fprintf(&w.out, "trigger: { event: %s }\n", pick(w.dice, "order, key: event.id", "order, key: event.id, if: event.total > 12", "order, key: event.id, to: event.id"))
	fmt.Fprintf(&w.out, "entry: { if_running: %s%s }\n", pick(w.dice, "skip", "restart", "queue", "parallel"), pick(w.dice, "", ", at_most: 5", ", at_most: 3 per 1d"))
	fmt.Fprintf(&w.out, "exit: [ { event: back, key: event.id, as: back }, %s ]\n", pick(w.dice, "{ after: 4d, as: too_late }", "{ event: gone, key: any }", "{ if: profile.plan == \"pro\", as: pro }"))
	fmt.Fprintf(&w.out, "category: %s\n", pick(w.dice, "tips", "offers", "service"))
	w.out.WriteString("steps:\n")
	w.steps("  ", 3)
}

func (w *flowWriter) steps(indent string, depth int) {
	for range 1 + w.dice.IntN(3) {
		w.step(indent, depth)
	}
}

func (w *flowWriter) step(indent string, depth int) {
	inner := indent + "        "
	line := func(format string, args ...any) { fmt.Fprintf(&w.out, indent+"- "+format+"\n", args...) }
	kind := w.dice.IntN(11)
	if depth == 0 {
		kind = w.dice.IntN(6)
	}
	switch kind {
	case 0, 1:
		line("send: { template: hello, on_unknown: %s%s%s }", pick(w.dice, "continue", "resend", "fail"),
			pick(w.dice, "", ", category: service", ", category: tips"), pick(w.dice, "", ", max_delay: 20m", ", max_delay: 5h", ", max_delay: 2d"))
	case 2:
		line("wait: %s", pick(w.dice, "20m", "1d", "{ at: \"09:00\" }", "{ at: 1d after run.started }"))
	case 3:
		line("set: { n: = data.total * 2 }")
	case 4:
		line("emit: { event: %s }", pick(w.dice, "ping", "arrived"))
	case 5:
		line("%s: all", pick(w.dice, "opt_out", "opt_in"))
	case 6, 7:
		line("wait:")
		fmt.Fprintf(&w.out, "%s    - %s: any\n", indent, pick(w.dice, "read", "delivered", "failed"))
		fmt.Fprintf(&w.out, "%s    - reply: any\n%s      if: reply.number > 3\n%s      then:\n", indent, indent, indent)
		w.steps(inner, depth-1)
		fmt.Fprintf(&w.out, "%s    - { event: ping, key: any }\n%s    - after: %s\n%s      then:\n", indent, indent, pick(w.dice, "3h", "2d"), indent)
		w.steps(inner, depth-1)
	case 8:
		line("branch:")
		fmt.Fprintf(&w.out, "%s    - if: data.total > 20\n%s      then:\n", indent, indent)
		w.steps(inner, depth-1)
		fmt.Fprintf(&w.out, "%s    - else:\n", indent)
		w.steps(inner, depth-1)
	case 9:
		line("repeat:")
		fmt.Fprintf(&w.out, "%s    times: 2\n%s    every: 5h\n%s    until: [ { read: any }, { event: arrived, key: event.id } ]\n%s    steps:\n", indent, indent, indent, indent)
		w.steps(indent+"      ", depth-1)
	case 10:
		line("collect: { event: ping, key: any, until: [ { quiet: 1h }, { items: 2 }, { after: 6h } ] }")
	}
}

// TestRandomFlows shows for random flows and random inputs what TestReplay shows for written
// ones, and that the same history twice gives the same bytes.
func TestRandomFlows(t *testing.T) {
	inputs := 0
	for seed := range uint64(30) {
		live := func() *history {
			h := newHistory(t, seed, randomProject(rand.New(rand.NewPCG(seed, 1))))
			h.live(60)
			return h
		}
		h := live()
		want := dump(t, h.kv)
		compare(t, fmt.Sprintf("seed %d, twice", seed), dump(t, live().kv), want)
		compare(t, fmt.Sprintf("seed %d, replayed", seed), dump(t, replay(t, h.store, func() int { return 1 + h.dice.IntN(9) })), want)
		report, err := h.store.Check()
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("seed %d: %v %q", seed, err, report.Problems)
		}
		if t.Failed() {
			for name, f := range randomProject(rand.New(rand.NewPCG(seed, 1))) {
				t.Logf("%s:\n%s", name, f.Data)
			}
			return
		}
		inputs += int(report.Journal)
	}
	t.Logf("%d inputs", inputs)
}
