//go:build mutants

package house

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// suite are the tests of one package, compiled with all changes.
type suite struct {
	binary, dir string
	tests       []suiteTest // the fast ones first
}

type suiteTest struct {
	name   string
	takes  time.Duration
	enters map[int]bool // the changes whose place it enters
}

// maxSurvey is how long one test may take; a longer one is left out, and the log says so.
const maxSurvey = 90 * time.Second

// newSuite builds the tests of a package and runs each alone, without a change. What fails then cannot tell anything: some tests of
// other packages need programs that test.sh installs.
func newSuite(t *testing.T, overlay, pkg string) *suite {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tests")
	if out, err := exec.Command("go", "test", "-overlay", overlay, "-vet=off", "-c", "-o", binary, "./"+pkg).CombinedOutput(); err != nil {
		t.Fatalf("the tests of %s do not build: %v\n%s", pkg, err, out)
	}
	s := &suite{binary: binary, dir: pkg}
	list := exec.Command(binary, "-test.list", "^(Test|Example|Fuzz)")
	list.Dir = pkg
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		log := filepath.Join(t.TempDir(), "entered")
		began := time.Now()
		out, err, late := s.run(t, []string{name}, maxSurvey, "MUTANT_LOG="+log)
		switch {
		case late:
			t.Logf("left out: %s of %s takes too long", name, pkg)
		case err != nil:
			t.Logf("left out: %s of %s fails without a change: %v\n%s", name, pkg, err, out)
		default:
			s.tests = append(s.tests, suiteTest{name, time.Since(began), entered(t, log)})
		}
	}
	slices.SortStableFunc(s.tests, func(a, b suiteTest) int { return cmp.Compare(a.takes, b.takes) })
	return s
}

// entered are the numbers that a test has written down.
func entered(t *testing.T, log string) map[int]bool {
	numbers := map[int]bool{}
	f, err := os.Open(log)
	if os.IsNotExist(err) {
		return numbers
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		numbers[n] = true
	}
	return numbers
}

// run runs tests. A change may make a loop endless, or make it ask for memory until there is none, so both have a limit.
func (s *suite) run(t *testing.T, names []string, limit time.Duration, env string) (out []byte, err error, late bool) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tests := exec.CommandContext(ctx, "sh", "-c", `ulimit -v 16000000; exec "$0" "$@"`, s.binary,
		"-test.short", "-test.failfast", "-test.run", "^("+strings.Join(names, "|")+")$")
	tests.Dir, tests.Env = s.dir, append(os.Environ(), env, "GOMAXPROCS=2")
	tests.WaitDelay = 5 * time.Second
	out, err = tests.CombinedOutput()
	return out, err, ctx.Err() != nil
}

// entering are the tests that enter the place of a change.
func (s *suite) entering(m *mutant) (all []suiteTest) {
	for _, one := range s.tests {
		if one.enters[m.number] {
			all = append(all, one)
		}
	}
	return all
}

// notices reports whether a test fails with a change. Most changes are noticed at once, so a few fast tests run first.
func (s *suite) notices(t *testing.T, m *mutant) bool {
	left := s.entering(m)
	for budget := 100 * time.Millisecond; len(left) > 0; budget *= 4 {
		var names []string
		var takes time.Duration
		for len(left) > 0 && (len(names) == 0 || takes+left[0].takes < budget) {
			names, takes = append(names, left[0].name), takes+left[0].takes
			left = left[1:]
		}
		if _, err, _ := s.run(t, names, 20*time.Second+10*takes, fmt.Sprint("MUTANT=", m.number)); err != nil {
			return true
		}
	}
	return false
}
