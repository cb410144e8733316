package story_test

import (
	"os"
	"testing"

	"nudge/flows"
	"nudge/whatif/story"
)

// BenchmarkThousandTests plays a thousand tests of the ten flows, side by side.
func BenchmarkThousandTests(b *testing.B) {
	dir := os.DirFS("../../flows/testdata/ten")
	p, list := flows.Load(dir)
	if list.HasErrors() {
		b.Fatal(list)
	}
	suite, list := story.Load(dir, p)
	if list.HasErrors() {
		b.Fatal(list)
	}
	var tests []*story.Test
	for len(tests) < 1000 {
		tests = append(tests, suite.Tests()...)
	}
	tests = tests[:1000]
	for b.Loop() {
		if _, err := story.PlayAll(tests, story.Options{}, func(*story.Result) {}); err != nil {
			b.Fatal(err)
		}
	}
}
