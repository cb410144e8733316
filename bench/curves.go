package bench

import (
	"fmt"

	"nudge/bench/curve"
)

// Curve is a chart of the cost of a run against the number of waiting runs.
type Curve struct {
	Name  string
	title string
	y     string
	lines []curveLine
}

type curveLine struct {
	name  string
	value func(*Point) float64
}

// Curves lists all charts for a report of park.
var Curves = []Curve{
	{"cost", "What a run costs while others wait", "microseconds", []curveLine{
		{"start", func(p *Point) float64 { return p.Start }},
		{"start, the engine's CPU", func(p *Point) float64 { return p.StartCPU }},
		{"receipt of a run at random", func(p *Point) float64 { return p.Receipt }},
		{"receipt, the engine's CPU", func(p *Point) float64 { return p.ReceiptCPU }},
	}},
	{"disk", "What a waiting run takes of the file", "bytes", []curveLine{
		{"run, its person and its timer", func(p *Point) float64 { return p.FileBytes }},
		{"its part of the journal", func(p *Point) float64 { return p.JournalBytes }},
	}},
	{"memory", "What the engine has in memory of its own", "MiB", []curveLine{
		{"anonymous memory", func(p *Point) float64 {
			if p.Memory == nil {
				return 0
			}
			return float64(p.Memory.Anonymous) / (1 << 20)
		}},
	}},
	{"restart", "How long the engine is away", "seconds", []curveLine{
		{"after a clean stop", func(p *Point) float64 { return p.AfterStop }},
		{"after kill -9", func(p *Point) float64 { return p.AfterKill }},
	}},
}

// Draw draws the curve for a report of park as SVG.
func (c *Curve) Draw(r *Report) ([]byte, error) {
	if len(r.Park) == 0 {
		return nil, fmt.Errorf("there is no curve in a report of %s; nudge bench park makes one", r.Workload)
	}
	chart := &curve.Chart{Title: c.title, X: "waiting runs", Y: c.y}
	for _, l := range c.lines {
		line := curve.Line{Name: l.name}
		for i := range r.Park {
			line.Points = append(line.Points, curve.Point{X: float64(r.Park[i].Waiting), Y: l.value(&r.Park[i])})
		}
		chart.Lines = append(chart.Lines, line)
	}
	return chart.SVG()
}

// FindCurve returns the curve with this name.
func FindCurve(name string) (*Curve, bool) {
	for i := range Curves {
		if Curves[i].Name == name {
			return &Curves[i], true
		}
	}
	return nil, false
}
