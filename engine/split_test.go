package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestSplitsAreIndependent shows that the arms of one split do not depend on the arms of
// another.
func TestSplitsAreIndependent(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/two.yaml --
flow: two
trigger: { event: go }
steps:
  - split:
      - as: a
        weight: 1
        then: [ { split: [ { as: a, weight: 1, then: [ { exit: aa } ] }, { as: b, weight: 1, then: [ { exit: ab } ] } ] } ]
      - as: b
        weight: 1
        then: [ { split: [ { as: a, weight: 1, then: [ { exit: ba } ] }, { as: b, weight: 1, then: [ { exit: bb } ] } ] } ]
`)))
	ends := map[string]int{}
	for n := range 200 {
		w.out.Reset()
		w.do(fmt.Sprintf("event go by p%d", n))
		for _, end := range []string{"aa", "ab", "ba", "bb"} {
			if strings.Contains(w.out.String(), "ended: "+end) {
				ends[end]++
			}
		}
	}
	for _, end := range []string{"aa", "ab", "ba", "bb"} {
		if ends[end] < 25 { // of 50 expected
			t.Errorf("of 200 people %v: %s is too rare", ends, end)
		}
	}
}
