package curve

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func growth() *Chart {
	return &Chart{Title: "Cost & growth", X: "waiting runs", Y: "µs", Lines: []Line{
		{"start", []Point{{10_000, 90}, {100_000, 100}, {1_000_000, 140}}},
		{"receipt", []Point{{10_000, 60}, {1_000_000, 0}}},
	}}
}

// TestSVG verifies that a chart is XML, contains its numbers in words, and has a marker
// for each point and line.
func TestSVG(t *testing.T) {
	svg, err := growth().SVG()
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for text, times := range map[string]int{
		"<title id=\"title\">Cost &amp; growth</title>":                              1,
		"µs by waiting runs. start: 90 at 10,000, 100 at 100,000, 140 at 1,000,000.": 1,
		"receipt: 60 at 10,000, 0 at 1,000,000.":                                     1,
		`<circle class="m0"`:                                                         4,
		`<path class="m1"`:                                                           3,
		`>100,000</text>`:                                                            1,
		"prefers-color-scheme: dark":                                                 1,
		`aria-labelledby="title desc"`:                                               1,
		`stroke-dasharray="8 4"`:                                                     2,
		`<path class="line c0"`:                                                      2,
		"</svg>\n":                                                                   1,
		"NaN":                                                                        0,
	} {
		if got := strings.Count(string(svg), text); got != times {
			t.Errorf("%q is there %d times, want %d", text, got, times)
		}
	}
	again, err := growth().SVG()
	if err != nil || string(again) != string(svg) {
		t.Error("the same chart gives two drawings")
	}
}

func TestPlot(t *testing.T) {
	p := newPlot(growth())
	for _, c := range []struct{ got, want float64 }{
		{p.x(10_000), left}, {p.x(1_000_000), width - right}, {p.x(100_000), (left + width - right) / 2},
		{p.y(0), height - bottom}, {p.topY, 150}, {p.y(150), top}, {p.step, 50},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("it is %g, want %g", c.got, c.want)
		}
	}
	one := newPlot(&Chart{Lines: []Line{{"one", []Point{{20, 0}}}}})
	if x := one.x(20); x != (left+width-right)/2 || one.topY != 1 {
		t.Errorf("a single point is at %g below %g", x, one.topY)
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	for want, lines := range map[string][]Line{
		"0 lines":          nil,
		"5 lines":          make([]Line, 5),
		"no point":         {{"a", nil}},
		"at 0, 1":          {{"a", []Point{{0, 1}}}},
		"at 1, -1":         {{"a", []Point{{1, -1}}}},
		"at 1, NaN":        {{"a", []Point{{1, math.NaN()}}}},
		"do not rise in X": {{"a", []Point{{2, 1}, {1, 1}}}},
	} {
		if _, err := (&Chart{Lines: lines}).SVG(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error with %q", lines, err, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 1: "1", 0.0123456: "0.0123", 12.345: "12.3", 999.6: "1,000", 1234: "1,230", 10_000_000: "10,000,000", 1.5: "1.5",
	} {
		if got := number(n); got != want {
			t.Errorf("%g is %s, want %s", n, got, want)
		}
	}
}
