package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocumentedLimits holds that the page about the language names the limits of a run.
func TestDocumentedLimits(t *testing.T) {
	page, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	_, limits, _ := strings.Cut(string(page), "\n## Limits\n")
	for _, want := range []string{
		fmt.Sprintf("A run has at most %d messages, without those that its conditions skip, and takes at most %d steps for one input", MaxMessagesPerRun, MaxStepsPerInput),
		fmt.Sprintf("A run keeps at most %d events and replies for later", MaxMailbox),
		fmt.Sprintf("A person has at most %d live runs", MaxLiveRuns),
		fmt.Sprintf("An event starts at most %d runs", MaxStartsPerInput),
	} {
		if !strings.Contains(limits, want) {
			t.Errorf("docs/language.md does not say under Limits: %s", want)
		}
	}
}
