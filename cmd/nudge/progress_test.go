package main

import (
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
