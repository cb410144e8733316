package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nudge/docs/pagetest"
)

var (
	breakages     = flag.Int("breakages", 5, "how many things on pages TestBreakages breaks")
	breakagesSeed = flag.Uint64("seed", 1, "the seed of TestBreakages")
)

// breakage is a change that makes a page wrong.
type breakage struct {
	page       pagetest.Page
	kind       string
	begin, end int
	with       string
	bare       bool // it must be noticed without the sum of its block
}

func (b breakage) String() string {
	line := 1 + strings.Count(b.page.Text[:b.begin], "\n")
	return fmt.Sprintf("%s:%d: %s: %q becomes %q", b.page.Name, line, b.kind, b.page.Text[b.begin:b.end], b.with)
}

// TestBreakages breaks pages at random, one thing at a time, and holds that the tests of the pages notice
// each: a number in prose, a key of YAML, a link, a word of a command or of inline code, a character of what a
// program prints. Parts that a test writes are left out, as that test compares all of them. What is as valid as before,
// such as another time in a script of people, only the sum of its block notices.
func TestBreakages(t *testing.T) {
	h := newHolder(t)
	random := rand.New(rand.NewPCG(*breakagesSeed, 0))
	byKind := map[string][]breakage{}
	var kinds []string
	for _, p := range h.pages {
		if err := errors.Join(h.holdNumbers(p), h.holdCode(p)); err != nil { // of their blocks, see TestPageBlocks
			t.Fatalf("the pages are wrong before they are broken: %v", err)
		}
		for _, b := range h.breakagesOf(p) {
			if byKind[b.kind] == nil {
				kinds = append(kinds, b.kind)
			}
			byKind[b.kind] = append(byKind[b.kind], b)
		}
	}
	slices.Sort(kinds)
	for range *breakages {
		some := byKind[kinds[random.IntN(len(kinds))]]
		b := some[random.IntN(len(some))]
		t.Run(b.kind, func(t *testing.T) {
			h.bare = b.bare
			broken := pagetest.Page{Name: b.page.Name, Text: b.page.Text[:b.begin] + b.with + b.page.Text[b.end:]}
			if h.holdNumbers(broken) == nil && h.holdCode(broken) == nil && len(broken.Links(root)) == 0 && h.holdBlocks(t, broken) == nil {
				t.Errorf("nothing notices it (-seed %d): %s", *breakagesSeed, b)
			}
		})
	}
}

var (
	flagWord = regexp.MustCompile(`(?: |^)--?([a-z][a-z-]+)`)
	pageLink = regexp.MustCompile(`\]\(([a-z#][^):\s]+)\)`)
	anyShown = regexp.MustCompile(`[A-Za-z0-9]+`)
)

// breakagesOf are the ways to break a page.
func (h *holder) breakagesOf(p pagetest.Page) (all []breakage) {
	for _, at := range p.Places() {
		if !p.IsGenerated(at[0]) {
			all = append(all, breakage{p, "number", at[0], at[1], anotherNumber(p.Text[at[0]:at[1]]), false})
		}
	}
	for _, c := range p.InlineCode() {
		for _, m := range codeWord.FindAllStringIndex(c.Text, -1) {
			if begin := c.Begin + m[0]; m[1]-m[0] > 3 && p.Text[begin:c.Begin+m[1]] == c.Text[m[0]:m[1]] {
				all = append(all, misspelled(p, "inline code", begin, c.Begin+m[1]))
			}
		}
	}
	for _, m := range pageLink.FindAllStringSubmatchIndex(p.Text, -1) {
		if !p.IsGenerated(m[0]) {
			all = append(all, misspelled(p, "link", m[2], m[3]))
		}
	}
	for _, b := range p.Blocks() {
		if p.IsGenerated(b.Begin) {
			continue
		}
		text := p.Text[b.Begin:b.End]
		add := func(kind string, form *regexp.Regexp, group int) {
			for _, m := range form.FindAllStringSubmatchIndex(text, -1) {
				if before := text[strings.LastIndex(text[:m[0]], "\n")+1 : m[2*group]]; !strings.Contains(before, "#") {
					broken := misspelled(p, kind, b.Begin+m[2*group], b.Begin+m[2*group+1])
					broken.bare = kind != "value" && h.held(p, b)
					all = append(all, broken)
				}
			}
		}
		switch b.Language {
		case "yaml":
			add("key", yamlKey, 1)
			add("value", anyShown, 0)
		case "sh":
			add("flag", flagWord, 1)
			add("value", anyShown, 0)
		case "console":
			add("flag", flagWord, 1)
			if !slices.ContainsFunc(shownBy(b), func(s commandShown) bool { return s.want == "" }) {
				add("output", anyShown, 0)
			}
		case "http": // see TestPageExamples of the sandbox
			add("value", anyShown, 0)
		default:
			add("text", anyShown, 0)
		}
	}
	return all
}

// misspelled doubles the second character of a word.
func misspelled(p pagetest.Page, kind string, begin, end int) breakage {
	at := min(begin+1, end-1)
	return breakage{p, kind, begin, end, p.Text[begin:at+1] + p.Text[at:end], false}
}

// anotherNumber is another number, written alike.
func anotherNumber(text string) string {
	words := strings.Fields("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty hundred thousand million")
	first, rest, _ := strings.Cut(text, " ")
	if i := slices.Index(words, strings.ToLower(first)); i >= 0 {
		return strings.TrimSpace(words[(i+1)%len(words)] + " " + rest)
	}
	digit, err := strconv.Atoi(text[:1])
	if err != nil {
		return text + "1"
	}
	return fmt.Sprint(digit%9+1) + text[1:]
}
