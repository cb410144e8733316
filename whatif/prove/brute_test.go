package prove_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/prove"
)

var (
	flowCount = flag.Int("flows", 40, "how many random flows are proved and tried by force")
	flowSeed  = flag.Uint64("seed", 1, "of the first random flow")
	tryBudget = flag.Int("tries", 100, "how many inputs are tried in the real engine for each flow")
)

// brute tries everything with the real engine, as far as its budget goes.
type brute struct {
	budget    int
	seen      map[string]bool
	most      int
	fewest    int
	oldest    time.Duration
	outcomes  map[string]bool
	exhausted bool // everything was tried
	dice      *rand.Rand
}

// try goes on from a world with every input there is, in a random order.
func (b *brute) try(w *world) {
	if !w.live() {
		b.end(w)
		return
	}
	key := memo(w)
	if b.seen[key] {
		return
	}
	b.seen[key] = true
	ways := ways(w)
	b.dice.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
	for _, way := range ways {
		if b.budget--; b.budget < 0 {
			b.exhausted = false
			return
		}
		b.try(way())
	}
}

func (b *brute) end(w *world) {
	n := w.posted()
	b.most, b.fewest = max(b.most, n), min(b.fewest, n)
	b.oldest = max(b.oldest, w.age())
	b.outcomes[w.run.Outcome] = true
}

// memo is equal for worlds in which the same can happen.
func memo(w *world) string {
	var runs []engine.Run
	for _, r := range w.runs() {
		runs = append(runs, *r)
		runs[len(runs)-1].Timeline = r.Timeline[:1]
	}
	text, err := json.Marshal(runs)
	if err != nil {
		panic(err)
	}
	who, err := json.Marshal(w.who)
	if err != nil {
		panic(err)
	}
	return fmt.Sprint(w.now.UnixMilli(), string(text), string(who))
}

// ways are all inputs for a live run, each at once and right before the next timer.
func ways(w *world) []func() *world {
	var all []func() *world
	delays := []time.Duration{0}
	var first engine.Instant // the next timer of all
	sending := false
	for _, r := range w.runs() {
		if r.Status == engine.Sending {
			sending = true
			all = append(all, func() *world { return w.resultOf(r, channels.Accepted) }, func() *world { return w.resultOf(r, channels.Refused) })
		} else if r.Deadline != 0 && (first == 0 || r.Deadline < first) {
			first = r.Deadline
		}
	}
	if first != 0 && !sending {
		left := first.Time().Sub(w.now)
		delays = append(delays, left-time.Millisecond, left/3)
	}
	for _, r := range w.runs() {
		if r.Status != engine.Sending && r.Deadline == first && first != 0 && (!sending || first.Time().Equal(w.now)) {
			all = append(all, func() *world { return w.ringOf(r) })
		}
	}
	for _, later := range delays {
		if later < 0 {
			continue
		}
		for _, r := range w.runs() {
			for n := range r.Messages {
				for _, s := range []channels.Status{channels.Read, channels.Delivered, channels.Failed} {
					if r.Messages[n].Attempt > 0 {
						all = append(all, func() *world { return w.receiptOf(r, n+1, s, later) })
					}
				}
			}
		}
		all = append(all,
			func() *world { return w.reply("5", later) },
			func() *world { return w.event("ping", map[string]any{"id": "k"}, later) },
			func() *world { return w.eventBy("", "ping", map[string]any{"id": "k"}, later) },
			func() *world { return w.eventBy("other", "ping", map[string]any{"id": "k"}, later) },
			func() *world { return w.event("back", map[string]any{"id": "k"}, later) },
			func() *world { return w.plan("pro", later) }, func() *world { return w.plan("free", later) })
	}
	return all
}

// TestBruteForce proves random flows and tries them by force with the real engine: no
// bound may be broken, and the story of the most messages must play.
func TestBruteForce(t *testing.T) {
	count := map[string]int{}
	for n := range *flowCount {
		seed := *flowSeed + uint64(n)
		loops := n%2 == 1
		files := randomFlow(rand.New(rand.NewPCG(seed, 1)), loops)
		hours := n%5 == 4
		if hours {
			files = hourlyFlow(rand.New(rand.NewPCG(seed, 1)))
		}
		known := n%5 == 2
		if known {
			files = knowingFlow(rand.New(rand.NewPCG(seed, 1)))
		}
		calls := n%10 == 3
		if calls {
			files = callingFlow(rand.New(rand.NewPCG(seed, 1)))
		}
		text := string(files["flows/one.yaml"].Data)
		if calls {
			text += string(files["flows/two.yaml"].Data)
		}
		w, p := newWorld(t, files)
		report := prove.Project(p).Flows[0]
		kind := "loop-free"
		switch {
		case strings.Contains(text, "every: 09:00"): // where its story does not know the hour
			kind = "clock"
		case strings.Count(text, "repeat:") > strings.Count(text, "times:"):
			kind = "without times"
		case strings.Contains(text, "repeat:"):
			kind = "loops"
		}
		if hours {
			kind = "hours"
		}
		if known {
			kind = "known"
		}
		if calls {
			kind = "calls"
		}
		count[kind]++
		if !report.Proved {
			count[kind+" not proved"]++
			t.Logf("seed %d is not proved\n%s", seed, text)
			continue
		}
		b := &brute{budget: *tryBudget, seen: map[string]bool{}, fewest: 1 << 30, outcomes: map[string]bool{},
			exhausted: true, dice: rand.New(rand.NewPCG(seed, 2))}
		for _, plan := range []string{"", "pro"} {
			for _, total := range []float64{5, 12, 15, 25, 35} {
				begun := w
				if plan != "" {
					begun = w.plan(plan, 0)
				}
				b.try(begun.event("order", map[string]any{"id": "k", "total": total}, 0))
			}
		}
		compareBounds(t, seed, text, report, b)
		if hours || known || calls { // these are taken both ways or by their bounds, and only the bounds can be held
			continue
		}
		exact := playsMost(t, seed, text, w, p, report)
		if exact {
			count[kind+" exact"]++
		}
		if b.exhausted {
			count[kind+" exhausted"]++
			if b.fewest == report.Fewest {
				count[kind+" fewest exact"]++
			} else {
				t.Logf("seed %d: fewest %d, found %d\n%s", seed, report.Fewest, b.fewest, text)
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Log(count)
	if count["known"] < 3*(1+count["known not proved"]) {
		t.Error("hardly any flow that goes by what was accepted or collected is proved")
	}
	if count["calls"] < 3*(1+count["calls not proved"]) {
		t.Error("hardly any flow that starts runs of another is proved")
	}
	if count["hours"] < 3*(1+count["hours not proved"]) {
		t.Error("hardly any flow that waits for hours is proved")
	}
	// What goes by a time of day has bounds that are not reached, and is left out. Of the others
	// one in a hundred may be: no flow is known that is.
	proved, exact := 0, 0
	for _, kind := range []string{"loop-free", "loops", "without times"} {
		proved += count[kind] - count[kind+" not proved"]
		exact += count[kind+" exact"]
	}
	if (proved-exact)*100 > proved {
		t.Errorf("%d of %d flows are not proved exactly", proved-exact, proved)
	}
}

// compareBounds holds what is claimed against what was found.
func compareBounds(t *testing.T, seed uint64, text string, r *prove.Report, b *brute) {
	t.Helper()
	if b.most > r.Most && r.Most != prove.NoBound || len(b.outcomes) > 0 && b.fewest < r.Fewest {
		t.Errorf("seed %d: the engine sent %d to %d messages, proved were %d to %d\n%s", seed, b.fewest, b.most, r.Fewest, r.Most, text)
	}
	if !r.Life.Endless && b.oldest > r.Life.Most {
		t.Errorf("seed %d: a run lived for %v, proved were %v\n%s", seed, b.oldest, r.Life.Most, text)
	}
	claimed := map[string]bool{}
	for _, e := range r.Endings {
		claimed[e.Outcome] = true
	}
	for outcome := range b.outcomes {
		if !claimed[outcome] {
			t.Errorf("seed %d: a run ended as %s, which was not foreseen\n%s", seed, outcome, text)
		}
	}
}

// playsMost reports whether the real engine sends as many messages as were proved, when
// the story is played that says how. Stories of endings must play too.
func playsMost(t *testing.T, seed uint64, text string, w *world, p *flows.Project, r *prove.Report) bool {
	t.Helper()
	exact := true
	if r.Most > 0 {
		story := prove.StoryOfMost(p, p.Flows[0], r.Most)
		end, err := play(w, story)
		if err != nil || end.run == nil || end.posted() != r.Most {
			t.Logf("seed %d: most %d, %v\n%s\n%v", seed, r.Most, err, text, story)
			exact = false
		}
	}
	for _, e := range r.Endings {
		if end, err := play(w, e.Story); err != nil || end.run == nil || end.live() || end.run.Outcome != e.Outcome {
			if !strings.Contains(fmt.Sprint(err), "held back") {
				t.Logf("seed %d: ending %s: %v\n%s\n%v", seed, e.Outcome, err, text, e.Story)
				exact = false
			}
		}
	}
	return exact
}
