package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"nudge/docs/pagetest"
)

// keptBlocks lists the blocks that no program here can read or make again: each with its page, its language, a
// sum of its text, and why it is only kept.
const keptBlocks = "../../docs/pagetest/testdata/kept-blocks.txt"

// whyNew stands in the place of a reason that somebody has to write.
const whyNew = "NEW: say why nothing better holds it"

// keptOf are the blocks of a page that are only kept, by their line in the list without the reason.
func (h *holder) keptOf(p pagetest.Page) (lines []string) {
	for _, b := range p.Blocks() {
		if !p.IsGenerated(b.Begin) && !h.held(p, b) {
			lines = append(lines, fmt.Sprintf("%s %s %08x", p.Name, b.Language, crc32.ChecksumIEEE([]byte(b.Text))))
		}
	}
	return lines
}

// holdKept compares the blocks of a page with their sums.
func (h *holder) holdKept(p pagetest.Page) (errs []error) {
	got := map[string]bool{}
	for _, line := range h.keptOf(p) {
		if got[line] = true; h.kept[line] == "" {
			errs = append(errs, fmt.Errorf("%s: the block has changed, or is new; is it right? Run the test with -update, and write why nothing better holds it", line))
		}
	}
	for line, why := range h.kept {
		if strings.HasPrefix(line, p.Name+" ") && !got[line] {
			errs = append(errs, fmt.Errorf("%s has %s, and the page does not", keptBlocks, line))
		}
		if why == whyNew {
			errs = append(errs, fmt.Errorf("%s: %s: %s", keptBlocks, line, why))
		}
	}
	return errs
}

func readKept(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(keptBlocks)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, why, _ := strings.Cut(strings.TrimSpace(line), ": ")
		all[name] = why
	}
	return all
}

// updateKept writes the sums anew. A block that has changed keeps its reason.
func (h *holder) updateKept(t *testing.T) {
	t.Helper()
	reasons := map[string][]string{} // of blocks that are no more, by page and language
	current := map[string]bool{}
	for _, p := range h.pages {
		for _, line := range h.keptOf(p) {
			current[line] = true
		}
	}
	kind := func(line string) string { return line[:strings.LastIndex(line, " ")] }
	for line, why := range h.kept {
		if !current[line] && line != "" {
			reasons[kind(line)] = append(reasons[kind(line)], why)
		}
	}
	var out strings.Builder
	for _, p := range h.pages {
		for _, line := range h.keptOf(p) {
			why := h.kept[line]
			if left := reasons[kind(line)]; why == "" && len(left) > 0 {
				why, reasons[kind(line)] = left[0], left[1:]
			} else if why == "" {
				why = whyNew
			}
			fmt.Fprintf(&out, "%s: %s\n", line, why)
		}
	}
	if err := os.WriteFile(keptBlocks, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	h.kept = readKept(t)
}
