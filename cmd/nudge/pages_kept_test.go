package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"nudge/docs/pagetest"
)

// keptBlocks lists the blocks of the pages: each with its page, its language and a sum of its text, which notices
// a change that is as valid as what was there. Of a block that no program here can read or make again it says
// why it is only kept.
const keptBlocks = "../../docs/pagetest/testdata/kept-blocks.txt"

// alsoHeld stands in the place of a reason where the block is loaded, parsed or run as well.
const alsoHeld = "held"

// whyNew stands in the place of a reason that somebody has to write.
const whyNew = "NEW: say why nothing better holds it"

// keptOf are the blocks of a page.
func (h *holder) keptOf(p pagetest.Page) (lines []keptBlock) {
	for _, b := range p.Blocks() {
		if p.IsGenerated(b.Begin) {
			continue
		}
		line := fmt.Sprintf("%s %s %08x", p.Name, b.Language, crc32.ChecksumIEEE([]byte(b.Text)))
		lines = append(lines, keptBlock{line, h.held(p, b)})
	}
	return lines
}

// keptBlock is a block of the list.
type keptBlock struct {
	line string // without the reason
	held bool   // by more than its sum
}

// holdKept compares the blocks of a page with their sums.
func (h *holder) holdKept(p pagetest.Page) (errs []error) {
	got := map[string]bool{}
	for _, b := range h.keptOf(p) {
		if got[b.line] = true; h.kept[b.line] == "" {
			errs = append(errs, fmt.Errorf("%s: the block has changed, or is new; is it right? Run the test with -update", b.line))
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
	var blocks []keptBlock
	current := map[string]bool{}
	for _, p := range h.pages {
		for _, b := range h.keptOf(p) {
			blocks, current[b.line] = append(blocks, b), true
		}
	}
	kind := func(line string) string { return line[:strings.LastIndex(line, " ")] }
	reasons := map[string][]string{} // of blocks that are no more, by page and language
	for line, why := range h.kept {
		if !current[line] && why != "" && why != alsoHeld {
			reasons[kind(line)] = append(reasons[kind(line)], why)
		}
	}
	var out strings.Builder
	for _, b := range blocks {
		why := h.kept[b.line]
		if left := reasons[kind(b.line)]; b.held {
			why = alsoHeld
		} else if (why == "" || why == alsoHeld) && len(left) > 0 {
			why, reasons[kind(b.line)] = left[0], left[1:]
		} else if why == "" || why == alsoHeld {
			why = whyNew
		}
		fmt.Fprintf(&out, "%s: %s\n", b.line, why)
	}
	if err := os.WriteFile(keptBlocks, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	h.kept = readKept(t)
}
