package runner_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
)

// crowd is audiences of so many people each.
type crowd int

func (c crowd) Freeze(context.Context, engine.SnapshotRequest) (*engine.Snapshot, error) {
	return &engine.Snapshot{Audience: "crowd", Rows: int(c)}, nil
}

func (c crowd) Read(_ string, offset int64, limit int) (rows []engine.Row, next int64, err error) {
	for next = offset; len(rows) < limit && next < int64(c); next++ {
		rows = append(rows, engine.Row{Profile: fmt.Sprint("p", next)})
	}
	return rows, next, nil
}

func (c crowd) Keep(int, []string) error { return nil }

// TestCampaignsOfAHeldAccount shows that an account which takes nothing holds up the
// campaigns that go through it, after so many messages, and no other.
func TestCampaignsOfAHeldAccount(t *testing.T) {
	const people = 1000
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 2 * people}, runner.AccountSettings{Account: "orders", Places: 2 * people})
	d.loop.UseAudiences(crowd(people))
	d.happen("ordered", 0, 1)
	d.end(d.posts[0], channels.Result{Outcome: channels.Deferred, Reason: "429", RetryAfter: time.Hour})
	for number, flow := range []string{"offers", "news"} {
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: flow}}}})
		campaigns, err := d.store.ListCampaigns(flow, 0, 1)
		if err != nil || len(campaigns) != 1 {
			t.Fatalf("campaign %d: %v", number+1, err)
		}
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.Snapshot{Campaign: campaigns[0].Number, Audience: "crowd", Rows: people}}}})
	}
	posted := map[string]int{}
	for _, p := range d.posts {
		posted[p.Account]++
	}
	offers, err := d.store.ListCampaigns("offers", 0, 1)
	if err != nil || offers[0].Walked == 0 || offers[0].Walked >= people {
		t.Errorf("of the held campaign %d rows were taken, %v; want some and not all", offers[0].Walked, err)
	}
	if posted[""] != people || posted["orders"] != 1 {
		t.Errorf("posts by account: %v, want all %d of the other campaign", posted, people)
	}
	d.now = d.now.Add(time.Hour)
	d.step()
	if offers, err = d.store.ListCampaigns("offers", 0, 1); err != nil || offers[0].Walked != people {
		t.Errorf("once the account takes messages again %d rows were taken, %v; want all", offers[0].Walked, err)
	}
}
