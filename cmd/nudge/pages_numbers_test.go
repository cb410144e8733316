package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nudge/docs/pagetest"
)

const (
	plainNumbers = "../../docs/pagetest/testdata/plain-numbers.txt"
	measuredFile = performance + "measured.json"
	codeKind     = "# Numbers in code"
	newKind      = "# New: say what kind of number each is"
)

// figures are figures that somebody measured, and that no test can measure again.
type figures struct {
	Name    string   `json:"name"` // as the mark on the page has it
	Page    string   `json:"page"`
	Command string   `json:"command"` // that measured them
	Machine string   `json:"machine"`
	Date    string   `json:"date"`
	Figures []string `json:"figures"` // each with the words around it
}

// TestPageNumbers holds every number in the prose of the pages. With -update it writes what was measured
// into its file, and numbers that it does not know to the end of the list of plain numbers, where they fail
// until somebody sorts them.
func TestPageNumbers(t *testing.T) {
	h := newHolder(t)
	if *update {
		h.updateNumbers(t)
	}
	for _, p := range h.pages {
		if err := h.holdNumbers(p); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(plainNumbers)
	if err != nil {
		t.Fatal(err)
	}
	if _, unsorted, _ := strings.Cut(string(text), newKind); strings.TrimSpace(unsorted) != "" {
		t.Errorf("%s has numbers that nobody has sorted:%s", plainNumbers, unsorted)
	}
}

// holdNumbers compares the numbers of a page with the constants, with what was measured, and with the
// list of plain numbers.
func (h *holder) holdNumbers(p pagetest.Page) error {
	n, errs := p.Numbers(h.constants, h.values)
	got := map[string]int{}
	for _, phrase := range slices.Concat(n.Plain, n.Code) {
		got[p.Name+": "+phrase]++
	}
	for line := range got {
		if h.plain[line] == 0 {
			errs = append(errs, fmt.Errorf("nothing holds this number; give it a mark, or list it with -update: %s", line))
		}
	}
	for line, times := range h.plain {
		if strings.HasPrefix(line, p.Name+": ") && got[line] != times {
			errs = append(errs, fmt.Errorf("on the page %d times, not %d as in %s: %s", got[line], times, plainNumbers, line))
		}
	}
	for _, f := range h.measured {
		if f.Page != p.Name {
			continue
		}
		if !slices.Equal(f.Figures, n.Measured[f.Name]) {
			errs = append(errs, fmt.Errorf("%s: %q was measured as\n%q\nthe page says\n%q", p.Name, f.Name, f.Figures, n.Measured[f.Name]))
		}
		delete(n.Measured, f.Name)
	}
	for name := range n.Measured {
		errs = append(errs, fmt.Errorf("%s: %s has no %q", p.Name, measuredFile, name))
	}
	return errors.Join(errs...)
}

// TestMeasured holds that the page of each figure names the command that measured it.
func TestMeasured(t *testing.T) {
	h := newHolder(t)
	for _, f := range h.measured {
		i := slices.IndexFunc(h.pages, func(p pagetest.Page) bool { return p.Name == f.Page })
		if i < 0 || f.Command == "" || f.Machine == "" || f.Date == "" {
			t.Errorf("%q lacks its page, its command, its machine or its date", f.Name)
			continue
		}
		test := testName.FindString(f.Command)
		if text := h.pages[i].Text; f.Command != notNoted && !strings.Contains(text, f.Command) && (test == "" || !strings.Contains(text, test)) {
			t.Errorf("%s does not say that %q makes %q", f.Page, f.Command, f.Name)
		}
	}
}

// testName is the first test that a command runs.
var testName = regexp.MustCompile(`Test[A-Z]\w*`)

// notNoted stands in the place of a command that nobody wrote down.
const notNoted = "not noted"

// readPlain reads the plain numbers, and how often each is on its page.
func readPlain(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(plainNumbers)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "# ") {
			all[line]++
		}
	}
	return all
}

// updateNumbers writes the list of plain numbers and what was measured anew. What is listed stays under its
// heading.
func (h *holder) updateNumbers(t *testing.T) {
	t.Helper()
	plain, code, measured := map[string]int{}, map[string]int{}, map[string][]string{}
	for _, p := range h.pages {
		n, _ := p.Numbers(h.constants, h.values)
		for _, phrase := range n.Plain {
			plain[p.Name+": "+phrase]++
		}
		for _, phrase := range n.Code {
			code[p.Name+": "+phrase]++
		}
		for name, phrases := range n.Measured {
			measured[p.Name+": "+name] = phrases
		}
	}
	for i, f := range h.measured {
		h.measured[i].Figures = measured[f.Page+": "+f.Name]
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(h.measured); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(plainNumbers)
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	before, _, _ := strings.Cut(string(text), codeKind)
	for line := range strings.Lines(before) {
		name := strings.TrimSuffix(line, "\n")
		if name == "" || strings.HasPrefix(name, "# ") || plain[name] > 0 {
			kept.WriteString(line)
			plain[name]--
		}
	}
	for _, kind := range []struct {
		title string
		lines map[string]int
	}{{codeKind + "\n", code}, {"\n" + newKind, plain}} {
		kept.WriteString(kind.title + "\n")
		for _, line := range slices.Sorted(maps.Keys(kind.lines)) {
			for range kind.lines[line] {
				kept.WriteString(line + "\n")
			}
		}
	}
	for file, text := range map[string][]byte{plainNumbers: []byte(kept.String()), measuredFile: out.Bytes()} {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h.plain = readPlain(t)
}
