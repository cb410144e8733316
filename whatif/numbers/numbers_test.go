package numbers_test

import (
	"math"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/numbers"
)

// TestWilson holds intervals against values that others have published: Newcombe 1998, tables I and II,
// and the interval of nothing.
func TestWilson(t *testing.T) {
	for _, test := range []struct {
		k, n      int64
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {0, 0, 0, 1},
	} {
		got := numbers.Wilson(test.k, test.n)
		if math.Abs(got.Low-test.low) > 0.0001 || math.Abs(got.High-test.high) > 0.0001 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.k, test.n, got.Low, got.High, test.low, test.high)
		}
	}
	for _, test := range []struct{ k1, n1, k2, n2, low, high float64 }{
		{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {5, 56, 0, 29, -0.0381, 0.1926},
	} {
		_, low, high := numbers.Difference(numbers.Wilson(int64(test.k1), int64(test.n1)), numbers.Wilson(int64(test.k2), int64(test.n2)))
		if math.Abs(low-test.low) > 0.0001 || math.Abs(high-test.high) > 0.0001 {
			t.Errorf("%v: %.4f to %.4f", test, low, high)
		}
	}
}

const split = `
flow: offer
trigger: { event: cart.left }
exit:
  - event: order.paid
    as: bought
    goal: true
steps:
  - split:
      - weight: 50
        as: brisk
        then: [ { send: brisk } ]
      - weight: 50
        as: calm
        then: [ { send: calm } ]
  - wait: [ { read: any }, { after: 1d } ]
`

func loaded(t *testing.T) *flows.Flow {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{
		"nudge.yaml": {Data: []byte("project: shop\n")}, "flows/offer.yaml": {Data: []byte(split)},
		"templates/brisk.yaml": {Data: []byte("body: Now!\n")}, "templates/calm.yaml": {Data: []byte("body: When you like.\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p.Flows[0]
}

// arm is what runs of one arm are counted as: so many were sent, read, and reached the goal.
func arm(name string, send int, runs, read, goal int64) []engine.Count {
	of := func(kind engine.CounterKind, step, at int, n int64) engine.Count {
		return engine.Count{Counter: engine.Counter{Kind: kind, Step: step, At: at, Split: 0, Arm: name}, N: n}
	}
	return []engine.Count{of(engine.CountGoal, engine.NoStep, 0, goal), of(engine.CountArm, engine.NoStep, 0, runs),
		of(engine.CountSend, send, int(engine.Sent), runs-read), of(engine.CountSend, send, int(engine.Read), read)}
}

func TestArms(t *testing.T) {
	f := loaded(t)
	brisk, calm := f.StepNamed("brisk"), f.StepNamed("calm")
	for _, test := range []struct {
		name        string
		runs        int64
		goals, read [2]int64
		want        []string
	}{
		{"a clear difference", 2000, [2]int64{320, 256}, [2]int64{1000, 990},
			[]string{"brisk leads by 3.2 points (1.0 to 5.4)", "no clear difference: brisk is 0.5 points above calm (-2.6 to 3.6)", ""}},
		{"the other way round", 2000, [2]int64{256, 320}, [2]int64{0, 0}, []string{"calm leads by 3.2 points (1.0 to 5.4)", "", ""}},
		{"few", 90, [2]int64{80, 2}, [2]int64{80, 1}, []string{"too few to tell: 90 and 90 runs, each arm needs 100", "too few to tell: 90 and 90 runs, each arm needs 100", ""}},
	} {
		counts := append(arm("brisk", brisk, test.runs, test.read[0], test.goals[0]), arm("calm", calm, test.runs, test.read[1], test.goals[1])...)
		got := numbers.Of(f, counts).Splits[0]
		var says []string
		for _, c := range got.Comparisons {
			says = append(says, c.Says)
		}
		for i, want := range test.want {
			if want != "" && says[i] != want {
				t.Errorf("%s: %q, want %q", test.name, says[i], want)
			}
		}
	}
}

// TestEverybodyIsSomewhere holds the picture of a few counts.
func TestEverybodyIsSomewhere(t *testing.T) {
	f := loaded(t)
	brisk, wait := f.StepNamed("brisk"), f.StepNamed("wait_1")
	of := func(kind engine.CounterKind, step, at int, word string, n int64) engine.Count {
		return engine.Count{Counter: engine.Counter{Kind: kind, Step: step, At: at, Word: word}, N: n}
	}
	got := numbers.Of(f, []engine.Count{
		of(engine.CountStarted, engine.NoStep, 0, "", 10), of(engine.CountHere, wait, 0, "", 3),
		of(engine.CountEnded, engine.NoStep, 0, "bought", 2), of(engine.CountEnded, engine.NoStep, 0, "completed", 5), of(engine.CountGoal, engine.NoStep, 0, "", 2),
		of(engine.CountSend, brisk, int(engine.Unsent), "capped", 1), of(engine.CountSend, brisk, int(engine.Read), "", 4), of(engine.CountMessages, brisk, 0, "", 4),
		of(engine.CountReadIn, brisk, 0, "", 1), of(engine.CountReadIn, brisk, 9, "", 3),
		of(engine.CountCame, wait, 0, "", 9), of(engine.CountLine, wait, 0, "", 4), of(engine.CountOver, wait, 0, "failed", 1),
		of(engine.CountExit, wait, 0, "", 2),
	})
	if got.Started != got.Here+got.Ended+got.LeftOut+got.MovedOut {
		t.Errorf("%d started, %d are here and %d have ended", got.Started, got.Here, got.Ended)
	}
	want := numbers.Send{Step: "brisk", Runs: 5, Messages: 4, Sent: 4, Delivered: 4, Read: 4, Status: map[string]int64{"unsent": 1, "read": 4},
		Unsent: map[string]int64{"capped": 1}, ReadIn: []numbers.ReadIn{{"1m", 1}, {"", 3}}}
	if diff := cmp.Diff(want, *got.Steps[brisk].Send); diff != "" {
		t.Error(diff)
	}
	steps := numbers.Step{Step: "wait_1", Verb: "wait", Came: 9, Here: 3, Lines: []numbers.Line{{"read", "read", 4}, {"after", "after", 0}}, Ends: []numbers.Line{{As: "failed", Taken: 1}}}
	if diff := cmp.Diff(steps, got.Steps[wait]); diff != "" {
		t.Error(diff)
	}
	exits := []numbers.Exit{{On: "event order.paid", As: "bought", Goal: true, Taken: 2, From: []numbers.From{{"wait_1", 2}}}}
	if diff := cmp.Diff(exits, got.Exits); diff != "" {
		t.Error(diff)
	}
}
