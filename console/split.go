package console

import (
	"math"
	"slices"
	"strconv"

	"nudge/client"
)

// shownSplit is how the arms of a split compare.
type shownSplit struct {
	Step    string
	What    string // goal or read: what the sentences and the plot are about
	Says    []client.Comparison
	Arms    []shownArm
	Plot    *plot
	HasGoal bool
}

// shownArm is an arm with its first message after the split.
type shownArm struct {
	client.ArmCounts
	Send client.SendCounts
	Link string
}

// split compares the arms of a split: by the goal where the flow has one, else by what was read.
func (v *visit) split(counts *client.FlowCounts, s *client.SplitCounts) shownSplit {
	out := shownSplit{Step: s.Step}
	for _, what := range []string{"goal", "read"} {
		for _, c := range s.Comparisons {
			if c.What == what && (out.What == "" || out.What == what && c.Step == out.Says[0].Step) {
				out.What, out.Says = what, append(out.Says, c)
			}
		}
	}
	out.HasGoal = out.What == "goal"
	for _, a := range s.Arms {
		arm := shownArm{ArmCounts: a, Link: runsOf(counts, client.RunFilter{Arm: s.Step + "/" + a.Arm})}
		if len(a.Sends) > 0 {
			arm.Send = a.Sends[0]
		}
		out.Arms = append(out.Arms, arm)
	}
	if len(out.Says) > 0 {
		out.Plot = v.plotOf(s, out.Says)
	}
	return out
}

// leadsOf is by how much arms lead, at the first message that each of them has for itself. An arm that leads only some of the
// others for certain has no number: a reader would take it for the best one.
func (v *visit) leadsOf(splits []shownSplit) map[string]string {
	leads := map[string]string{}
	for i := range splits {
		s := &splits[i]
		if len(s.Says) == 0 || slices.ContainsFunc(s.Says, func(c client.Comparison) bool { return !c.Clear || c.A != s.Says[0].A }) {
			continue
		}
		least := s.Says[0].Difference
		for _, c := range s.Says {
			least = min(least, c.Difference)
		}
		if step := ownSend(s.Arms, s.Says[0].A); step != "" {
			leads[step] = "+" + v.print.Sprintf("%.1f", least) + " pts"
		}
	}
	return leads
}

// ownSend is the first send of an arm that no other arm has.
func ownSend(arms []shownArm, name string) string {
	others := map[string]bool{}
	var own []client.SendCounts
	for _, a := range arms {
		if a.Arm == name {
			own = a.Sends
			continue
		}
		for _, s := range a.Sends {
			others[s.Step] = true
		}
	}
	for _, s := range own {
		if !others[s.Step] {
			return s.Step
		}
	}
	return ""
}

// plot shows shares with their intervals of 95 %.
type plot struct {
	W, H, Label string
	Axes        []plotAxis
	Rows        []plotRow
}

type plotAxis struct{ X, Y, Said string }

type plotRow struct {
	Name, Y, Text string // where its texts stand
	D, X          string // the whiskers, and the point
	Share, Class  string
	shown         client.Interval
}

// The geometry of a plot.
const (
	plotW     = 324.0
	plotLeft  = 98.0
	plotRight = 266.0
	plotLine  = 28.0
)

// plotOf draws the shares of all arms that are compared.
func (v *visit) plotOf(s *client.SplitCounts, says []client.Comparison) *plot {
	p := &plot{W: px(plotW)}
	leads := says[0].Clear
	for _, a := range s.Arms {
		for _, c := range says {
			if c.A == a.Arm || c.B == a.Arm {
				row := plotRow{Name: a.Arm, shown: c.ShareB}
				if c.A == a.Arm {
					row.shown = c.ShareA
					if leads {
						row.Class = "g"
					}
				}
				p.Rows = append(p.Rows, row)
				break
			}
		}
	}
	low, high := 1.0, 0.0
	for _, r := range p.Rows {
		low, high = min(low, r.shown.Low), max(high, r.shown.High)
	}
	from, step, ticks := axisOf(100*low, 100*high)
	at := func(share float64) float64 {
		return plotLeft + (plotRight-plotLeft)*(100*share-from)/(step*float64(ticks))
	}
	foot := 6 + plotLine*float64(len(p.Rows))
	p.H = px(foot + 22)
	for i := range ticks + 1 {
		value := from + step*float64(i)
		p.Axes = append(p.Axes, plotAxis{px(at(value / 100)), px(foot), strconv.FormatFloat(value, 'f', -1, 64) + " %"})
	}
	p.Label = "Shares with where they lie by 95 %:"
	for i := range p.Rows {
		r := &p.Rows[i]
		y := 18 + plotLine*float64(i)
		l, h := px(at(r.shown.Low)), px(at(r.shown.High))
		r.Y, r.Text, r.X = px(y), px(y+4), px(at(r.shown.Share))
		r.D = "M" + l + " " + px(y) + "H" + h + "M" + l + " " + px(y-4) + "v8M" + h + " " + px(y-4) + "v8"
		r.Share = v.Pct(r.shown.Share, 1.0)
		p.Label += " " + r.Name + " " + r.Share + " (" + v.Pct(r.shown.Low, 1.0) + " to " + v.Pct(r.shown.High, 1.0) + ")"
	}
	return p
}

// axisOf returns where an axis begins, how far its marks are apart, and how many spaces there are: at most three.
func axisOf(low, high float64) (from, step float64, spaces int) {
	for _, step := range []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50} {
		from = math.Floor(low/step) * step
		if spaces = int(math.Ceil((high - from) / step)); spaces <= 3 {
			return from, step, max(1, spaces)
		}
	}
	return 0, 50, 2
}
