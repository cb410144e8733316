package simtest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store/storetest"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

// goldenSeeds are seeds whose journals hold every kind of input; TestGolden says so.
var goldenSeeds = []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 27, 28, 29, 32, 33, 45, 76, 739, 1269, 5002287, 7500587, 20263162, 20605795}

// TestGolden holds that the same histories leave the same bytes: the journal and the store
// of each seed are as they were when testdata/golden.txt was written. A change of meaning or
// of a record's format changes them, and says so in its commit; a change of the code alone
// must not.
func TestGolden(t *testing.T) {
	var got strings.Builder
	reached := map[string]int{}
	for _, seed := range goldenSeeds {
		r := Run(seed, 24)
		if r.Err != nil {
			t.Fatalf("%s: %v", r, r.Err)
		}
		for state, n := range r.Reached {
			reached[state] += n
		}
		journal, all, err := storetest.Digests(r.disk)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "seed %d: %d inputs, %d runs, journal %s, store %s\n", seed, r.Inputs, r.Runs, journal, all)
	}
	for _, kind := range engine.InputKinds() {
		if reached["input "+kind.String()] == 0 {
			t.Errorf("no journal has an input of kind %s", kind)
		}
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}
