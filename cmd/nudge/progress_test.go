package main

import (
	"io"
	"strings"
	"testing"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		done, whole int64
		full        int
		want        string
	}{
		{0, 10, 0, "  0 %"}, {5, 10, 15, " 50 %"}, {10, 10, 30, "100 %"}, {11, 10, 30, "100 %"},
	} {
		got := bar(test.done, test.whole)
		if strings.Count(got, "█") != test.full || !strings.Contains(got, test.want) {
			t.Errorf("%d of %d is %s", test.done, test.whole, got)
		}
	}
	if got := bar(5, 0); got != "" {
		t.Errorf("of an unknown whole the bar is %q", got)
	}
}

// What was read and not yet answered is not done.
func TestProgressGoesByTheAnswers(t *testing.T) {
	p := newProgress(io.Discard, "event", nil)
	if _, err := io.Copy(io.Discard, p.through(strings.NewReader("1234\n1234\n1234\n1234\n"))); err != nil {
		t.Fatal(err)
	}
	for done, want := range map[int64]int64{0: 0, 1: 5, 4: 20, 5: 20} {
		if got := p.answered(done); got != want {
			t.Errorf("after %d answers %d bytes are done, want %d", done, got, want)
		}
	}
}
