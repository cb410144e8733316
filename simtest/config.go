package simtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// config is what kind of bad luck a seed has: which classes of fault it knows at all,
// and how often they come. Many faults show only where others are absent, so each
// class is off in many seeds.
type config struct {
	lanes   []runner.AccountSettings
	batch   int           // groups in one step at most
	queue   int           // groups that may wait
	latency time.Duration // of a commit
	events  time.Duration // between two events, on average
	people  int
	begin   time.Time
	project string  // the example that it lives with; empty for an authored project
	oracle  *oracle // nil: nobody can be asked
	rate    [classes]float64
}

// class is a class of fault.
type class uint8

const (
	diskErrors    class = iota // commits that fail
	crashes                    // between commits and at effects
	recoveryFault              // while a process starts
	slowDisk                   // commits that take long
	lostAnswers                // accepted, and the answer is lost
	lostRequests               // not accepted, and nobody knows
	lateAnswers                // answered after two minutes
	busyProvider               // 429
	refusals                   // 400
	returns                    // claimed, and taken back before it was posted
	doubled                    // receipts and replies that come again
	shuffled                   // receipts out of order, or before the response
	withheld                   // receipts that come hours late
	failing                    // messages that fail or expire at the provider
	autoReplies                // people whose machine answers at once
	operators                  // deploys, holds, kill switches, forgets, cancels
	restores                   // an old backup is put back
	clockSteps                 // the clock is set
	downtime                   // long times without a process
	classes
)

var classNames = [classes]string{"disk errors", "crashes", "recovery faults", "slow disk", "lost answers", "lost requests",
	"late answers", "busy provider", "refusals", "returns", "doubled", "shuffled", "withheld", "failing", "auto replies",
	"operators", "restores", "clock steps", "downtime"}

// Days around which clocks change somewhere, and one on which they do not.
var beginnings = []time.Time{
	time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC),  // Europe goes forward
	time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), // and back
	time.Date(2026, 3, 7, 20, 0, 0, 0, time.UTC),   // New York
	time.Date(2026, 4, 4, 4, 0, 0, 0, time.UTC),    // Lord Howe goes back by half an hour
	time.Date(2026, 10, 3, 4, 0, 0, 0, time.UTC),   // and forward
	time.Date(2028, 2, 28, 9, 0, 0, 0, time.UTC),   // a leap day
	time.Date(2026, 6, 15, 7, 0, 0, 0, time.UTC),
}

func drawConfig(dice *rand.Rand) config {
	c := config{
		lanes:   drawLanes(dice),
		batch:   1 + dice.IntN(30),
		queue:   1 + dice.IntN(20),
		latency: time.Duration(1+dice.IntN(20)) * time.Millisecond,
		events:  time.Duration(3+dice.IntN(12)) * time.Minute,
		people:  2 + dice.IntN(5),
		begin:   beginnings[dice.IntN(len(beginnings))],
	}
	for i := range c.rate {
		if dice.IntN(2) == 0 {
			c.rate[i] = dice.Float64()
		}
	}
	return c
}

// drawLanes draws one account, or two of which the second keeps a rate.
func drawLanes(dice *rand.Rand) []runner.AccountSettings {
	places := func() int { return pick(dice, 1, 2, 3, 4, 64) }
	if dice.IntN(3) > 0 {
		return []runner.AccountSettings{{Account: engine.AnyAccount, Places: places(), ByID: dice.IntN(4) == 0}}
	}
	return []runner.AccountSettings{{Account: "main", Places: places(), ByID: dice.IntN(3) == 0},
		{Account: "second", Places: places(), ByID: dice.IntN(3) == 0, Rate: pick(dice, flows.Rate{}, flows.Rate{Messages: 6, Per: time.Minute}, flows.Rate{Messages: 90, Per: time.Hour})}}
}

// String is the configuration in a line.
func (c *config) String() string {
	words := []string{fmt.Sprintf("accounts %+v, %d groups a step, queue %d, commit %s, event every %s, %d people, from %s",
		c.lanes, c.batch, c.queue, c.latency, c.events, c.people, c.begin.Format("2006-01-02 15:04"))}
	if c.project != "" {
		words = append(words, "the example "+c.project)
	}
	if c.oracle != nil {
		words = append(words, c.oracle.String())
	}
	for i, rate := range c.rate {
		if rate > 0 {
			words = append(words, fmt.Sprintf("%s %.2f", classNames[i], rate))
		}
	}
	return strings.Join(words, "; ")
}
