package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"nudge/client"
)

// followEvery is how often a followed campaign is read.
const followEvery = 500 * time.Millisecond

// followCampaign waits until a campaign takes no more people, and shows its progress on a
// terminal. When ctx ends, only the command stops; the campaign goes on.
func followCampaign(ctx context.Context, a *client.Client, id string, errs io.Writer) (c *client.Campaign, err error) {
	began, first := time.Now(), -1
	for {
		if c, err = a.Campaign(ctx, id); err != nil {
			return nil, err
		}
		if !c.Open() {
			clearLine(errs)
			return c, nil
		}
		if first < 0 {
			first = c.Taken
		}
		if isTerminal(errs) {
			fmt.Fprint(errs, emptyLine, bar(int64(c.Taken), int64(c.Audience)), pace(c, c.Taken-first, time.Since(began)))
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
			clearLine(errs)
			return c, ctx.Err()
		}
	}
}

func clearLine(errs io.Writer) {
	if isTerminal(errs) {
		fmt.Fprint(errs, emptyLine)
	}
}

// pace returns how fast a campaign takes people, and how long the rest will take.
func pace(c *client.Campaign, taken int, in time.Duration) string {
	text := fmt.Sprintf("%d of %d", c.Taken, c.Audience)
	if c.Status != "starting" {
		return text + ", " + c.Status
	}
	rate := float64(taken) / max(in.Seconds(), 1)
	if rate <= 0 {
		return text
	}
	left := time.Duration(float64(c.Audience-c.Taken) / rate * float64(time.Second))
	return fmt.Sprintf("%s, %.0f/s, %s left", text, rate, left.Round(time.Second))
}
