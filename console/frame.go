package console

import (
	"context"
	"slices"
	"sync"
	"time"

	"nudge/client"
)

// frame is what is around every page.
type frame struct {
	Flows     int
	Campaigns int    // that still take people
	Reviews   int    // proposals that wait for somebody
	Needs     int    // things that need somebody
	Outbound  string // live, hold, only or killed; empty where it is not known
	Accounts  int
	Dev       bool // the clock and the people are ours
}

// frameLasts is how long the numbers of a frame are taken for new.
const frameLasts = 2 * time.Second

// frames keeps the last frame: its numbers are the same for everybody.
type frames struct {
	mu   sync.Mutex
	last *frame
	at   time.Time
}

// frame asks for the numbers around the page. What cannot be had is left out: the page itself is worth more.
func (v *visit) frame() *frame {
	f := &v.console.frames
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil || time.Since(f.at) > frameLasts {
		f.last, f.at = readFrame(v.ctx(), v.api), time.Now()
	}
	return f.last
}

func readFrame(ctx context.Context, api *client.Client) *frame {
	f := &frame{}
	if flows, err := api.Flows(ctx); err == nil {
		for _, version := range flows {
			if version.Active {
				f.Flows++
			}
		}
	}
	if page, err := api.Campaigns(ctx, client.CampaignQuery{}); err == nil {
		for _, campaign := range page.Campaigns {
			if slices.Contains([]string{"waiting", "freezing", "starting", "paused", "held"}, campaign.Status) {
				f.Campaigns++
			}
		}
	}
	if page, err := api.Deploys(ctx, "", 0); err == nil {
		for _, d := range page.Deploys {
			if d.State == "open" {
				f.Reviews++
			}
		}
	}
	if h, err := api.Health(ctx); err == nil {
		f.Needs, f.Outbound, f.Accounts = len(h.Needs), h.Outbound.Mode, len(h.Accounts)
		if h.Outbound.Killed {
			f.Outbound = "killed"
		}
	}
	return f
}
