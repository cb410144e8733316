package app

import (
	"os"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/client"
)

// TestCampaignDetail: a campaign says who started it, what was done with it, its wave, and whom it left out.
func TestCampaignDetail(t *testing.T) {
	local := startProject(t, Read(fstest.MapFS{
		"nudge.yaml": {Data: []byte("project: shop\nprofile: { plan: optional string, points: optional number }\n")},
		"flows/sale.yaml": {Data: []byte(`flow: sale
trigger: { cron: "0 9 1 1 *", timezone: UTC, max_delay: 6h, audience: { if: profile.plan == "pro" }, if: profile.points > 5 }
steps: [ { wait: 7d } ]
`)},
	}, LocalSettings(os.LookupEnv)), t.TempDir())
	a, ctx := clientOf(t, local.Instance), t.Context()
	for who, points := range map[string]string{"ann": "1", "bob": "9", "cid": "2"} {
		if _, err := a.SetProfile(ctx, who, []byte(`{"plan": "pro", "points": `+points+`}`)); err != nil {
			t.Fatal(err)
		}
	}
	started, err := a.StartCampaign(ctx, client.CampaignStart{Flow: "sale"})
	if err != nil {
		t.Fatal(err)
	}
	detail := func() *client.CampaignDetail {
		t.Helper()
		c, err := a.CampaignDetail(ctx, started.ID)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := detail()
	for deadline := time.Now().Add(patience); c.Status != "started" && time.Now().Before(deadline); {
		c = detail()
	}
	if c.Started.How != "operator" || c.Started.At != c.Begun || len(c.Actions) != 0 || c.Pace != nil || len(c.Wave) != 0 {
		t.Errorf("%+v", c)
	}
	if len(c.LeftOut) != 1 || c.LeftOut[0].Reason != "if" || c.LeftOut[0].Rows != 2 {
		t.Fatalf("left out: %+v", c.LeftOut)
	}
	if named := slices.Sorted(slices.Values(c.LeftOut[0].Examples)); !slices.Equal(named, []string{"ann", "cid"}) {
		t.Errorf("named are %v", named)
	}
	if _, err := a.CancelCampaign(ctx, c.ID, "sold out", false); err != nil {
		t.Fatal(err)
	}
	if c = detail(); len(c.Actions) != 1 || c.Actions[0].Did != "cancel campaign" || c.Actions[0].Reason != "sold out" {
		t.Errorf("actions: %+v", c.Actions)
	}
}
