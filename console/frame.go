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
		of, whole := readFrame(context.WithoutCancel(v.ctx()), v.api)
		if f.last = of; whole { // else it may be this visitor who is refused
			f.at = time.Now()
		}
	}
	return f.last
}

// frameLook is how many campaigns, the newest, are looked at for those that are under way.
const frameLook = 20

// readFrame asks for the numbers, and says whether it has all of them.
func readFrame(ctx context.Context, api *client.Client) (f *frame, whole bool) {
	f = &frame{}
	flows, err := api.Flows(ctx)
	whole = err == nil
	for _, version := range flows {
		if version.Active {
			f.Flows++
		}
	}
	campaigns, err := api.Campaigns(ctx, client.CampaignQuery{Limit: frameLook})
	if whole = whole && err == nil; err == nil {
		for _, campaign := range campaigns.Campaigns {
			if slices.Contains([]string{"waiting", "freezing", "starting", "paused", "held"}, campaign.Status) {
				f.Campaigns++
			}
		}
	}
	deploys, err := api.Deploys(ctx, "", 0)
	if whole = whole && err == nil; err == nil {
		for _, d := range deploys.Deploys {
			if d.State == "open" {
				f.Reviews++
			}
		}
	}
	health, err := api.Health(ctx)
	if whole = whole && err == nil; err == nil {
		f.Needs, f.Outbound, f.Accounts = len(health.Needs), health.Outbound.Mode, len(health.Accounts)
		if health.Outbound.Killed {
			f.Outbound = "killed"
		}
	}
	return f, whole
}
