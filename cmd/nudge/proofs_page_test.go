package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProofsPage follows docs/proofs.md like a reader, and compares the output of nudge
// prove with the page.
func TestProofsPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/proofs.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, proved := t.TempDir(), 0
	for _, m := range pageBlock.FindAllStringSubmatch(string(text), -1) {
		fails, kind, body := m[1] != "", m[2], m[3]
		head, rest, _ := strings.Cut(body, "\n")
		if kind == "yaml" {
			path := filepath.Join(dir, strings.TrimPrefix(head, "# "))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(rest), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		code := 0
		if fails {
			code = 1
		}
		if got := said(t, code, append(strings.Fields(strings.TrimPrefix(head, "$ nudge ")), dir)...); got != rest {
			t.Errorf("the page shows\n%s\nand %s says\n%s", rest, head, got)
		}
		proved++
		playStories(t, dir, rest)
	}
	if proved != 2 {
		t.Errorf("%d proofs were read", proved)
	}
}

// playStories plays the stories of a proof as tests.
func playStories(t *testing.T, dir, proof string) {
	t.Helper()
	for i, part := range strings.Split(proof, "\nflow: ")[1:] {
		story, _, _ := strings.Cut("flow: "+part, "\n  broken ")
		path := filepath.Join(dir, "tests", "proof.yaml")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(story), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := said(t, 0, "test", dir); !strings.Contains(got, "1 test: 1 passed") {
			t.Errorf("story %d: %s", i+1, got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
