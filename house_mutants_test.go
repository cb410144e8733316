//go:build mutants

package house

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	mutantsOf   = flag.String("mutants-of", "", "only these packages, with commas between them; empty: all")
	mutantCount = flag.Int("mutants", 60, "how many changes of each package are tried")
	mutantOwn   = flag.Bool("mutants-own", false, "only the package's own tests")
	mutantSeed  = flag.Int("mutants-seed", 1, "which changes they are follows from it")
)

// mutated are the packages whose tests are tried, and which tests besides their own could notice a change.
var mutated = []struct {
	of     string
	others []string
}{
	{"audience", []string{"whatif/preview", "whatif/story"}},
	{"channels/appmessaging", nil},
	{"lang/shape", []string{"flows", "engine"}},
	{"lang/node", []string{"flows"}},
	{"templates", []string{"flows", "lsp"}},
	{"store", []string{"runner", "engine"}},
	{"flows", []string{"whatif/story", "lsp"}},
	{"runner", []string{"server"}},
	{"engine", []string{"runner", "whatif/story"}},
	{"server", []string{"client", "console"}},
}

// leastNoticed is how many of a hundred changes must be noticed, and by the tests of the package itself.
const (
	leastNoticed = 90
	leastByOwn   = 80
)

// TestMutants makes small changes to the code, one at a time: a condition is negated, a comparison takes its neighbour in or out, a number
// becomes the next one, a statement is left out. The tests of the package must fail on nearly all of them. A change that makes no
// difference to anybody is in testdata/equivalent.txt, with the reason.
//
// All changes of a package are compiled at once, each behind a switch, so a package and its tests are built once. Each test runs alone
// first, to learn which changes it enters: only those tests run again with the change.
//
//	go test -tags mutants . -run TestMutants -mutants-of audience -timeout 3h -v
func TestMutants(t *testing.T) {
	equivalent := equivalents(t)
	for _, p := range mutated {
		if *mutantsOf != "" && !slices.Contains(strings.Split(*mutantsOf, ","), p.of) {
			continue
		}
		t.Run(p.of, func(t *testing.T) {
			began := time.Now()
			tried, same := sample(t, p.of, equivalent)
			overlay, tried := switched(t, p.of, tried)
			own, left := noticed(t, overlay, p.of, tried)
			byOthers := 0
			for _, other := range p.others {
				if len(left) == 0 || *mutantOwn {
					break
				}
				n, still := noticed(t, overlay, other, left)
				byOthers, left = byOthers+n, still
			}
			for _, m := range left {
				t.Logf("nobody notices %s", m)
			}
			t.Logf("%s: %d changes tried, %d noticed by its own tests, %d only by others, %d left out because they make no difference; %s",
				p.of, len(tried), own, byOthers, same, time.Since(began).Round(time.Second))
			if all := len(tried); 100*(own+byOthers) < leastNoticed*all || 100*own < leastByOwn*all {
				t.Errorf("%d of 100 changes must be noticed, %d by the tests of %s", leastNoticed, leastByOwn, p.of)
			}
		})
	}
}

// sample are the changes to try, and how many that make no difference would have been among them. The order follows from what a change
// says, so that an edit elsewhere draws no others.
func sample(t *testing.T, of string, equivalent map[string]bool) (tried []*mutant, same int) {
	all := mutantsIn(t, of)
	known := map[string]bool{}
	for _, m := range all {
		known[m.String()] = true
	}
	for change := range equivalent {
		if file, _, _ := strings.Cut(change, ":"); path.Dir(file) == of && !known[change] {
			t.Errorf("testdata/equivalent.txt: the sources have no such change any more: %s", change)
		}
	}
	rank := func(m *mutant) string {
		sum := sha256.Sum256([]byte(strconv.Itoa(*mutantSeed) + m.String()))
		return string(sum[:])
	}
	slices.SortFunc(all, func(a, b *mutant) int { return cmp.Compare(rank(a), rank(b)) })
	for _, m := range all {
		switch {
		case len(tried) == *mutantCount+*mutantCount/4: // a few may not compile behind a switch
			return tried, same
		case equivalent[m.String()]:
			same++
		default:
			tried = append(tried, m)
		}
	}
	return tried, same
}

// equivalents are the changes that make no difference.
func equivalents(t *testing.T) map[string]bool {
	raw, err := os.ReadFile("testdata/equivalent.txt")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if change, reason, ok := strings.Cut(line, " # "); ok && reason != "" {
			all[change] = true
		} else if line != "" {
			t.Fatalf("testdata/equivalent.txt: %q has no reason behind #", line)
		}
	}
	return all
}

// noticed runs the tests of a package on each change that they enter: how many make a test fail, and which do not.
func noticed(t *testing.T, overlay, pkg string, all []*mutant) (n int, left []*mutant) {
	s := newSuite(t, overlay, pkg)
	for _, m := range all {
		if s.notices(t, m) {
			n++
			continue
		}
		left = append(left, m)
		t.Logf("not noticed by %s, where %s it: %s", pkg, s.whoEnters(m), m)
	}
	return n, left
}

func (s *suite) whoEnters(m *mutant) string {
	switch entering := s.entering(m); len(entering) {
	case 0:
		return "no test enters"
	case 1, 2, 3, 4:
		var names []string
		for _, e := range entering {
			names = append(names, e.name)
		}
		return fmt.Sprint(strings.Join(names, ", "), " enter")
	default:
		return fmt.Sprintf("%d tests enter", len(entering))
	}
}
