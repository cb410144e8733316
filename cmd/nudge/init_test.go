package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// mostInit is how many bytes one of our packages may allocate before the program begins: tables, patterns, compiled
// expressions.
const mostInit = 512 << 10

// TestStartsWithLittle: what few commands need is made when it is needed. Every command, and the memory of every server, would pay
// for it.
func TestStartsWithLittle(t *testing.T) {
	nudge, err := exec.LookPath("nudge") // this test's own program, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nudge, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) { // init PACKAGE @T ms, T ms clock, N bytes, N allocs
		words := strings.Fields(line)
		if len(words) < 10 || words[0] != "init" || !strings.HasPrefix(words[1], "nudge/") {
			continue
		}
		bytes, err := strconv.Atoi(words[7])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		seen++
		if bytes > mostInit {
			t.Errorf("%s allocates %d bytes before the program begins, at most %d", words[1], bytes, mostInit)
		}
	}
	if seen == 0 {
		t.Fatalf("the program says nothing of its packages:\n%s", out)
	}
}
