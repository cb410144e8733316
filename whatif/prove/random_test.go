package prove_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing/fstest"
)

// flowWriter writes random flows of every construct that makes a difference to a proof.
type flowWriter struct {
	dice   *rand.Rand
	out    strings.Builder
	loops  bool // repeats may be written
	sends  int
	splits int      // and branches
	arms   []string // conditions on which arm was taken, of steps that came before
	hours  bool     // lines may wait for hours
	known  bool     // what was accepted or collected may be asked for, and a wait may end at a time of day
	calls  bool     // runs of another flow may be started, and waited for
}

const randomConfig = `timezone: UTC
categories: { work: { window: mon-fri 09:00-17:00 }, any_time: {} }
profile: { plan: optional string }
events:
  order: { id: string, total: number }
  back: { id: string }
  ping: { id: string }
  paid: { id: string, sum: number }
`

// randomFlow is a project of one random flow.
func randomFlow(dice *rand.Rand, loops bool) fstest.MapFS {
	return (&flowWriter{dice: dice, loops: loops}).project()
}

// hourlyFlow is a project of one random flow that waits for hours.
func hourlyFlow(dice *rand.Rand) fstest.MapFS {
	return (&flowWriter{dice: dice, loops: true, hours: true}).project()
}

// knowingFlow is a project of one random flow that goes by what was accepted and collected, and
// by times of day. A proof takes each of these both ways or by its bound.
func knowingFlow(dice *rand.Rand) fstest.MapFS {
	return (&flowWriter{dice: dice, loops: true, known: true}).project()
}

// callingFlow is a project of one random flow that starts runs of a second one. How long such a
// run lives at the least, and how it ends, a proof does not take from its flow.
func callingFlow(dice *rand.Rand) fstest.MapFS {
	files := (&flowWriter{dice: dice, loops: true, calls: true}).project()
	second := &flowWriter{dice: dice, loops: true}
	second.out.WriteString("flow: two\ndata: { id: string, total: number }\nsteps:\n")
	second.steps("  ", 1)
	files["flows/two.yaml"] = &fstest.MapFile{Data: []byte(second.out.String())}
	return files
}

func (w *flowWriter) project() fstest.MapFS {
	w.flow()
	return fstest.MapFS{
		"nudge.yaml":           {Data: []byte(randomConfig)},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml":       {Data: []byte(w.out.String())},
	}
}

func pick(dice *rand.Rand, words ...string) string { return words[dice.IntN(len(words))] }

func (w *flowWriter) flow() {
	w.out.WriteString("flow: one\ntrigger: { event: order, key: event.id }\n")
	switch w.dice.IntN(7) {
	case 4:
		w.out.WriteString("exit: [ { event: back, key: event.id, as: back, then: [ { id: bye, send: hello }, { if: data.total > 20, exit: big } ] }, { after: 50h, as: too_late, then: [ { send: hello, id: over } ] } ]\n")
	case 5:
		w.out.WriteString("exit: [ { if: profile.plan == \"pro\", as: pro, then: [ { id: bye, send: hello, if: data.total > 10 } ] } ]\n")
	case 0:
		w.out.WriteString("exit: [ { event: back, key: event.id, as: back }, { after: 50h, as: too_late } ]\n")
	case 1:
		w.out.WriteString("exit: [ { event: back, key: event.id, if: data.total > 20, as: back } ]\n")
	case 2:
		w.out.WriteString("exit: [ { if: profile.plan == \"pro\", as: pro } ]\n")
	case 3:
		w.out.WriteString("exit: [ { read: any, as: seen }, { after: 3d } ]\n")
	}
	w.out.WriteString("steps:\n")
	w.steps("  ", 2)
}

func (w *flowWriter) steps(indent string, depth int) {
	known := len(w.arms)
	defer func() { w.arms = w.arms[:known] }()
	for range 1 + w.dice.IntN(3) {
		w.step(indent, depth)
	}
}

func (w *flowWriter) send(indent string) {
	w.sends++
	fmt.Fprintf(&w.out, "%s- { id: m%d, send: hello%s }\n", indent, w.sends, pick(w.dice, "", "", ", if: data.total > 10"))
	if w.known {
		w.arms = append(w.arms, fmt.Sprintf("m%d.accepted", w.sends))
	}
}

// step writes a step. What follows a message may ask for it.
func (w *flowWriter) step(indent string, depth int) {
	kind := w.dice.IntN(10)
	if depth == 0 {
		kind = w.dice.IntN(5)
	}
	if kind == 7 && !w.loops {
		kind = 0
	}
	if w.known && w.dice.IntN(3) == 0 {
		kind = 10
	}
	if w.calls && w.dice.IntN(3) == 0 {
		kind = 11
	}
	switch kind {
	case 0, 1, 2:
		w.send(indent)
	case 3:
		fmt.Fprintf(&w.out, "%s- wait: %s\n", indent, pick(w.dice, "5h", "1d", "{ at: 30h after run.started }", "{ at: 2d after run.started }"))
	case 4:
		fmt.Fprintf(&w.out, "%s- set: { n: %s }\n", indent, pick(w.dice, "1", "2", "= data.total"))
	case 5, 6:
		w.wait(indent, depth)
	case 7:
		w.repeat(indent, depth)
	case 8:
		w.branch(indent, depth)
	case 10:
		w.collect(indent)
	case 11:
		w.start(indent)
	case 9:
		w.splits++
		fmt.Fprintf(&w.out, "%s- id: s%d\n%s  split:\n", indent, w.splits, indent)
		mine := fmt.Sprintf("s%d.outcome == \"side_1\"", w.splits)
		for n := range 2 {
			fmt.Fprintf(&w.out, "%s    - as: side_%d\n%s      weight: 1\n%s      then:\n", indent, n, indent, indent)
			w.steps(indent+"        ", depth-1)
		}
		w.arms = append(w.arms, mine)
	}
}

// start writes a call of the second flow. What follows may ask how that ended.
func (w *flowWriter) start(indent string) {
	w.splits++
	wait := pick(w.dice, "", ", wait: true", ", wait: true")
	fmt.Fprintf(&w.out, "%s- { id: s%d, start: { flow: two, key: data.id, data: { id: = data.id, total: = data.total }%s } }\n", indent, w.splits, wait)
	if wait != "" {
		w.arms = append(w.arms, fmt.Sprintf("s%d.outcome == %q", w.splits, pick(w.dice, "completed", "enough")))
	}
}

func (w *flowWriter) wait(indent string, depth int) {
	named := "any"
	if w.dice.IntN(3) > 0 {
		w.send(indent)
		named = fmt.Sprintf("m%d", w.sends)
	}
	line := func(format string, args ...any) {
		fmt.Fprintf(&w.out, indent+"    - "+format+"\n", args...)
		if w.dice.IntN(2) == 0 {
			fmt.Fprintf(&w.out, "%s      then:\n", indent)
			w.steps(indent+"        ", depth-1)
		}
	}
	fmt.Fprintf(&w.out, "%s- wait:\n", indent)
	w.meanwhile(indent, named)
	if w.dice.IntN(2) == 0 {
		line("%s: %s", pick(w.dice, "read", "delivered"), named)
	}
	if w.dice.IntN(3) == 0 {
		line("failed: %s", named)
	}
	if w.dice.IntN(3) == 0 {
		line("reply: %s\n%s      if: reply.number > 3", named, indent)
	}
	if w.dice.IntN(3) == 0 {
		by := []string{"", "\n" + indent + "      by: profile.id"}[w.sends%2]
		line("event: ping\n%s      key: event.id%s", indent, by)
	}
	if w.hours {
		line("%s\n%s      if: %s", w.hourly(), indent, pick(w.dice, "data.total > 12", `profile.plan == "pro"`, `open("work")`))
	}
	if w.dice.IntN(6) == 0 {
		line("%s\n%s      if: %s", pick(w.dice, "after: 2h", "after: 1d", "at: 30h after run.started"), indent,
			pick(w.dice, "data.total > 12", `profile.plan == "pro"`))
	}
	end, guard := pick(w.dice, "3h", "1d", "40h"), ""
	if w.dice.IntN(8) == 0 {
		guard = "\n" + indent + "      if: data.total > 20"
	}
	if w.hours && w.dice.IntN(2) == 0 {
		line("%s%s", w.hourly(), guard)
		return
	}
	line("after: %s%s", end, guard)
}

// hourly is a timer that hours decide.
func (w *flowWriter) hourly() string {
	return pick(w.dice, "open: work", "open: any_time", "open: sat 02:00-02:45", "open: [09:00-10:00, 10:00-12:00]", "after: 3h of work",
		"after: 8h of work", "after: 90m of any_time", "after: 70m of 02:00-02:45", "after: 59m30s of mon 09:00-10:00")
}

// meanwhile writes lines whose steps are taken while the wait goes on. Its dice is its own.
func (w *flowWriter) meanwhile(indent, named string) {
	dice := rand.New(rand.NewPCG(uint64(w.out.Len()), uint64(w.sends)))
	if dice.IntN(3) > 0 {
		return
	}
	for range 1 + dice.IntN(2) {
		w.sends++
		steps := pick(dice, fmt.Sprintf("{ id: m%d, send: hello }", w.sends), fmt.Sprintf("{ id: m%d, send: hello, if: data.total > 10 }", w.sends),
			"{ set: { n: 2 } }", fmt.Sprintf("{ set: { n: 1 } }, { id: m%d, send: hello }", w.sends), "{ if: data.total > 20, exit: enough }")
		line := pick(dice, "after: 2h", "after: 6h", "after: 1d", "at: 30h after run.started", "reply: "+named+", at_most: 1", "event: ping, key: event.id, at_most: 2",
			"read: "+named, "failed: "+named, "after: 3h, if: data.total > 12", `if: profile.plan == "pro"`)
		fmt.Fprintf(&w.out, "%s    - { %s, do: [ %s ] }\n", indent, line, steps)
	}
}

// collect writes a collection, of which some or all may be taken back, or a wait for a time of day.
func (w *flowWriter) collect(indent string) {
	if w.dice.IntN(4) == 0 {
		fmt.Fprintf(&w.out, "%s- wait: { at: %s }\n", indent, pick(w.dice, "09:00 1d after run.started", "10:00 2d after run.started", "mon-fri 09:00"))
		return
	}
	w.splits++
	kept := pick(w.dice, "", ", unique: event.id", ", unique: event.id, remove: back")
	ends := pick(w.dice, "{ quiet: 2h }, { after: 5h }", "{ items: 2 }, { after: 1d }", "{ after: 5h }",
		fmt.Sprintf("{ if: s%d.count > 1, as: many }, { after: 5h }", w.splits))
	fmt.Fprintf(&w.out, "%s- { id: s%d, collect: { event: ping, key: event.id%s, until: [ %s ] } }\n", indent, w.splits, kept, ends)
	w.arms = append(w.arms, fmt.Sprintf("s%d.count > %d", w.splits, w.dice.IntN(2)))
}

func (w *flowWriter) repeat(indent string, depth int) {
	times := 1 + w.dice.IntN(3)
	fmt.Fprintf(&w.out, "%s- repeat:\n%s    every: %s\n", indent, indent, pick(w.dice, "5h", "1d", "5h", "1d", "09:00"))
	if w.dice.IntN(5) > 0 {
		fmt.Fprintf(&w.out, "%s    times: %d\n", indent, times)
	}
	if w.dice.IntN(2) == 0 {
		fmt.Fprintf(&w.out, "%s    until: [ { %s } ]\n", indent, pick(w.dice, "read: any", "event: ping, key: event.id", "after: 30h", "reply: any"))
	}
	fmt.Fprintf(&w.out, "%s    steps:\n", indent)
	w.steps(indent+"      ", depth-1)
}

func (w *flowWriter) branch(indent string, depth int) {
	w.splits++
	mine := fmt.Sprintf("s%d.outcome == %q", w.splits, pick(w.dice, "arm_1", "other"))
	conditions := append([]string{"data.total > 20", "data.total > 10", `profile.plan == "pro"`, "data.total == 15 or data.total > 30"}, w.arms...)
	fmt.Fprintf(&w.out, "%s- id: s%d\n%s  branch:\n%s    - if: %s\n%s      then:\n", indent, w.splits, indent, indent, pick(w.dice, conditions...), indent)
	w.steps(indent+"        ", depth-1)
	fmt.Fprintf(&w.out, "%s    - as: other\n%s      else:\n", indent, indent)
	w.steps(indent+"        ", depth-1)
	w.arms = append(w.arms, mine)
}
