package numbers

import (
	"fmt"
	"math"
	"slices"

	"nudge/flows"
)

// Enough is how many runs each of two arms needs before their difference is told.
const Enough = 100

// z is the quantile of the normal distribution for intervals of 95 %.
const z = 1.959963984540054

// Interval is a share, and where it lies with a probability of 95 %, from 0 to 1.
type Interval struct {
	Of    int64   `json:"of"` // how many the share is of
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Wilson returns the share of k among n with its interval by Wilson's score (E. B. Wilson,
// "Probable inference, the law of succession, and statistical inference", 1927). Of nothing it says
// nothing: from 0 to 1.
func Wilson(k, n int64) Interval {
	if n <= 0 {
		return Interval{High: 1}
	}
	p, m := float64(k)/float64(n), float64(n)
	middle := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	return Interval{Of: n, Share: p, Low: max(0, (middle-half)/scale), High: min(1, (middle+half)/scale)}
}

// Difference returns by how much the share of a exceeds that of b, and the interval of that by
// Newcombe's method from the intervals of both (R. G. Newcombe, "Interval estimation for the
// difference between independent proportions", 1998, method 10).
func Difference(a, b Interval) (d, low, high float64) {
	d = a.Share - b.Share
	low = d - math.Hypot(a.Share-a.Low, b.High-b.Share)
	high = d + math.Hypot(a.High-a.Share, b.Share-b.Low)
	return d, low, high
}

// Comparison says how two arms differ in one share.
type Comparison struct {
	What       string   `json:"what"`           // goal, or read or replied of a send
	Step       string   `json:"step,omitempty"` // the send; empty for the goal, and for the first send that each arm has for itself
	A          string   `json:"a"`              // the arm with the larger share
	B          string   `json:"b"`
	ShareA     Interval `json:"share_a"`
	ShareB     Interval `json:"share_b"`
	Difference float64  `json:"difference"` // in points: hundredths
	Low        float64  `json:"low"`
	High       float64  `json:"high"`
	Clear      bool     `json:"clear"` // zero is not in the interval
	Says       string   `json:"says"`  // in a sentence
}

// rate is one share of an arm.
type rate struct {
	what, step string
	of         func(Arm) (k, n int64)
}

// compare compares the best arm with each other, in everything that all of them have.
func compare(f *flows.Flow, arms []Arm) (all []Comparison) {
	var rates []rate
	if hasGoal(f) {
		rates = append(rates, rate{"goal", "", func(a Arm) (int64, int64) { return a.Goal, a.Runs }})
	}
	common := sentByAll(arms)
	for _, step := range common {
		rates = append(rates, ratesOf(step, func(a Arm) *Send { return sendOf(a, step) })...)
	}
	if own := func(a Arm) *Send { return ownSend(a, common) }; !slices.ContainsFunc(arms, func(a Arm) bool { return own(a) == nil }) {
		rates = append(rates, ratesOf("", own)...)
	}
	for _, r := range rates {
		all = append(all, compareIn(r, arms)...)
	}
	return all
}

// ratesOf are the shares of a send that are compared.
func ratesOf(step string, send func(Arm) *Send) []rate {
	of := func(value func(*Send) int64) func(Arm) (int64, int64) {
		return func(a Arm) (int64, int64) {
			s := send(a)
			return value(s), s.Sent
		}
	}
	return []rate{{"read", step, of(func(s *Send) int64 { return s.Read })}, {"replied", step, of(func(s *Send) int64 { return s.Replied })}}
}

// ownSend is the first send of an arm that not all arms have: in most splits, what the arm is about.
func ownSend(a Arm, common []string) *Send {
	for i := range a.Sends {
		if !slices.Contains(common, a.Sends[i].Step) {
			return &a.Sends[i]
		}
	}
	return nil
}

func hasGoal(f *flows.Flow) bool {
	for i := range f.Exits {
		if f.Exits[i].Goal {
			return true
		}
	}
	for i := range f.Steps {
		if e := f.Steps[i].Exit; e != nil && e.Goal {
			return true
		}
	}
	return false
}

// sentByAll are the sends that the runs of every arm have come to: only those can be compared.
func sentByAll(arms []Arm) (steps []string) {
	for i := range arms {
		for _, s := range arms[i].Sends {
			if i == 0 {
				steps = append(steps, s.Step)
			}
		}
	}
	var common []string
	for _, step := range steps {
		shared := true
		for _, a := range arms {
			shared = shared && sendOf(a, step) != nil
		}
		if shared {
			common = append(common, step)
		}
	}
	return common
}

func sendOf(a Arm, step string) *Send {
	for i := range a.Sends {
		if a.Sends[i].Step == step {
			return &a.Sends[i]
		}
	}
	return nil
}

func compareIn(r rate, arms []Arm) (all []Comparison) {
	shares := make([]Interval, len(arms))
	best := 0
	for i, a := range arms {
		shares[i] = Wilson(r.of(a))
		if shares[i].Share > shares[best].Share {
			best = i
		}
	}
	for i := range arms {
		if i == best {
			continue
		}
		c := Comparison{What: r.what, Step: r.step, A: arms[best].Arm, B: arms[i].Arm, ShareA: shares[best], ShareB: shares[i]}
		c.Difference, c.Low, c.High = Difference(shares[best], shares[i])
		c.Difference, c.Low, c.High = points(c.Difference), points(c.Low), points(c.High)
		c.say()
		all = append(all, c)
	}
	return all
}

// points is a share in hundredths, to a tenth.
func points(share float64) float64 { return math.Round(share*1000) / 10 }

// say puts the comparison into a sentence. It names no winner.
func (c *Comparison) say() {
	switch {
	case c.ShareA.Of < Enough || c.ShareB.Of < Enough:
		c.Says = fmt.Sprintf("too few to tell: %d and %d runs, each arm needs %d", c.ShareA.Of, c.ShareB.Of, Enough)
	case c.Low > 0:
		c.Clear = true
		c.Says = fmt.Sprintf("%s leads by %.1f points (%.1f to %.1f)", c.A, c.Difference, c.Low, c.High)
	default:
		c.Says = fmt.Sprintf("no clear difference: %s is %.1f points above %s (%.1f to %.1f)", c.A, c.Difference, c.B, c.Low, c.High)
	}
}
