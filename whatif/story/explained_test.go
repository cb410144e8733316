package story_test

import (
	"os"
	"regexp"
	"testing"

	"nudge/whatif/story"
)

// TestEveryCodeIsExplained holds the explanations to the list of codes.
func TestEveryCodeIsExplained(t *testing.T) {
	source, err := os.ReadFile("codes.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`= "(test-[a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	for _, m := range codes {
		if story.Explanations[m[1]] == "" {
			t.Errorf("%s is not explained", m[1])
		}
	}
	if len(codes) != len(story.Explanations) {
		t.Errorf("%d codes, %d explanations", len(codes), len(story.Explanations))
	}
}
