package pagetest

import (
	"fmt"
	"go/constant"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// words are numbers that are written as words.
var words = []string{"", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
	"fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"}

// large are further words for numbers.
var large = map[string]float64{"thirty": 30, "forty": 40, "fifty": 50, "twice": 2, "hundred": 100, "thousand": 1000, "million": 1e6}

const (
	figure = `\d[\d,]*(?:\.\d+)?`
	short  = `(?:ms|s|m|h|d)?` // units that stand at the number
	word   = `two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|hundred|thousand|million|twice|half|quarters?|tenths?`
)

var (
	number   = regexp.MustCompile(`(?i)\b(?:` + figure + short + `|` + word + `|one (?:second|minute|hour|day|week|month|year))\b`)
	mark     = regexp.MustCompile(`<!-- ([a-z]\w*\.\w+) -->`)
	quantity = regexp.MustCompile(`(?i)(?:^|[^\w.,])(` + figure + `|one|` + word + `)(?:[ -]?([A-Za-zµ]+))?$`)
)

// units are in nanoseconds or in bytes.
var units = map[string]float64{
	"ms": 1e6, "s": 1e9, "second": 1e9, "m": 60e9, "minute": 60e9, "h": 3600e9, "hour": 3600e9, "day": 86400e9, "week": 7 * 86400e9,
	"byte": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}

var times = []string{"ms", "s", "second", "m", "minute", "h", "hour", "day", "week"}

// Values are what marks name beside constants, each as the page writes it.
type Values map[string]string

// Numbers are the numbers of a page that no constant gives.
type Numbers struct {
	Plain    []string            // phrases around numbers
	Code     []string            // likewise, around numbers in inline code alone
	Measured map[string][]string // the same, by the name of what was measured
}

// Numbers compares the numbers of a page that have a mark with the constants and the values, and returns
// the others.
func (p Page) Numbers(all Constants, values Values) (n Numbers, errs []error) {
	var held []span
	for _, m := range mark.FindAllStringSubmatchIndex(p.Text, -1) {
		name, before := p.Text[m[2]:m[3]], p.Text[:m[0]]
		length, err := all.compare(name, before, values)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", p.Name, 1+strings.Count(before, "\n"), err))
		}
		held = append(held, span{m[0] - length, m[0]})
	}
	n.Measured = map[string][]string{}
	measured := p.measured()
	for _, s := range p.phrases(held) {
		i := slices.IndexFunc(measured, func(m part) bool { return m.has(s.begin) })
		switch {
		case i >= 0:
			n.Measured[measured[i].name] = append(n.Measured[measured[i].name], s.text)
		case s.code:
			n.Code = append(n.Code, s.text)
		default:
			n.Plain = append(n.Plain, s.text)
		}
	}
	return n, errs
}

// compare compares what stands before a mark with what it names, and returns its length.
func (all Constants) compare(name, before string, values Values) (int, error) {
	if want, ok := values[name]; ok {
		if !strings.HasSuffix(strings.Join(strings.Fields(lastOf(before, 2*len(want))), " "), want) {
			return 0, fmt.Errorf("%s is %s, the page says %q", name, want, lastOf(before, len(want)))
		}
		return len(want) + strings.Count(lastOf(before, len(want)), "\n"), nil
	}
	v, timed, ok := all.Value(name)
	if !ok {
		return 0, fmt.Errorf("there is no constant %s whose value can be computed", name)
	}
	m := quantity.FindStringSubmatch(strings.ReplaceAll(lastOf(before, 40), "\n", " "))
	if m == nil {
		return 0, fmt.Errorf("no number stands before the mark of %s", name)
	}
	count, unit := countOf(m[1]), m[2]
	scale, known := units[unit]
	if !known {
		unit = strings.TrimSuffix(unit, "s")
		scale, known = units[unit]
	}
	if timed != (known && slices.Contains(times, unit)) || unit != "" && !known {
		return 0, fmt.Errorf("%s is %s, the page says %q: the units differ", name, shown(v, timed), m[0])
	}
	if !known {
		scale = 1
	}
	if got, _ := constant.Float64Val(constant.ToFloat(v)); got != count*scale {
		return 0, fmt.Errorf("%s is %s, the page says %q", name, shown(v, timed), strings.TrimSpace(m[0]))
	}
	return len(m[0]), nil
}

func shown(v constant.Value, timed bool) string {
	if n, exact := constant.Int64Val(constant.ToInt(v)); timed && exact {
		return time.Duration(n).String()
	}
	return v.String()
}

func lastOf(text string, n int) string { return text[max(0, len(text)-n):] }

// countOf is the number that a word or figures write.
func countOf(text string) float64 {
	text = strings.ToLower(text)
	if i := slices.Index(words, text); i > 0 {
		return float64(i)
	}
	if n, ok := large[text]; ok {
		return n
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil {
		return -1
	}
	return n
}

// part is a named part of a page.
type part struct {
	span
	name string
}

var measuredMark = regexp.MustCompile(`(?m)^ *<!-- measured: ([a-z0-9 -]+) -->\n`)

// measured returns where figures that were measured stand: behind their mark, up to the next mark or blank line.
func (p Page) measured() (parts []part) {
	for _, m := range measuredMark.FindAllStringSubmatchIndex(p.Text, -1) {
		block, _, _ := strings.Cut(p.Text[m[1]:], "\n\n")
		if next := measuredMark.FindStringIndex(block); next != nil {
			block = block[:next[0]]
		}
		parts = append(parts, part{span{m[1], m[1] + len(block)}, p.Text[m[2]:m[3]]})
	}
	return parts
}

// phrase is a number, or several that stand together, with the words around.
type phrase struct {
	span
	text string
	code bool // its numbers are in inline code
}

// apart is how many words between two numbers make two phrases of them, and around how many words
// beside a number belong to its phrase.
const apart, around = 3, 2

var (
	newPart = regexp.MustCompile(`^\s*(?:[-*|#]|\d+\. )`)
	anyWord = regexp.MustCompile(`\S+`)
	comment = regexp.MustCompile(`<!--.*?-->`)
)

// phrases returns the numbers of the prose, without those in the spans, with the words around.
func (p Page) phrases(without []span) (all []phrase) {
	var at []int
	for _, m := range number.FindAllStringIndex(p.prose(), -1) {
		if !anyHas(without, m[0]) {
			at = append(at, m[0])
		}
	}
	text := comment.ReplaceAllStringFunc(p.Text, func(c string) string { return strings.Repeat(" ", len(c)) })
	for _, s := range sections(text) {
		all = append(all, phrasesOf(text, s, at)...)
	}
	code := p.codeSpans()
	for i, s := range all {
		all[i].code = !slices.ContainsFunc(at, func(n int) bool { return s.has(n) && !anyHas(code, n) })
	}
	return all
}

// sections are the paragraphs, items and rows of a text.
func sections(text string) (all []span) {
	begin, offset := 0, 0
	for line := range strings.Lines(text) {
		if offset > begin && (newPart.MatchString(line) || strings.TrimSpace(line) == "") {
			all, begin = append(all, span{begin, offset}), offset
		}
		offset += len(line)
	}
	return append(all, span{begin, offset})
}

// phrasesOf returns the phrases of a section around the numbers at the places.
func phrasesOf(text string, section span, at []int) (all []phrase) {
	tokens := anyWord.FindAllStringIndex(text[section.begin:section.end], -1)
	var hits []int // the words with numbers
	for i, w := range tokens {
		s := span{section.begin + w[0], section.begin + w[1]}
		if slices.ContainsFunc(at, s.has) {
			hits = append(hits, i)
		}
	}
	for len(hits) > 0 {
		n := 1
		for n < len(hits) && hits[n]-hits[n-1] <= apart {
			n++
		}
		first, last := hits[0], hits[n-1]
		var shown []string
		for _, w := range tokens[max(0, first-around):min(len(tokens), last+around+1)] {
			shown = append(shown, text[section.begin+w[0]:section.begin+w[1]])
		}
		all = append(all, phrase{span{section.begin + tokens[first][0], section.begin + tokens[last][1]}, strings.Join(shown, " "), false})
		hits = hits[n:]
	}
	return all
}

// Places returns where the numbers of the prose are.
func (p Page) Places() (all [][2]int) {
	for _, m := range number.FindAllStringIndex(p.prose(), -1) {
		all = append(all, [2]int{m[0], m[1]})
	}
	return all
}
