package main

import (
	"testing"
	"time"
)

func TestNextMonday(t *testing.T) {
	monday := time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)
	for days := range 7 {
		from := time.Date(2026, 3, 2+days, 23, 59, 0, 0, time.UTC)
		if got := nextMonday(from); !got.Equal(monday) {
			t.Errorf("after %s comes %s", from, got)
		}
	}
}
