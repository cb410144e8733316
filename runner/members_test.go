package runner_test

import (
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// TestCancelAfterRetry: who cancels a campaign with its runs ends also the run that was tried again after all runs of the
// campaign had ended, when the store no longer knew its people.
func TestCancelAfterRetry(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoop(s, core, 8)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	apply := func(payloads ...engine.Payload) *runner.Step {
		t.Helper()
		var groups []*runner.Group
		for _, p := range payloads {
			groups = append(groups, &runner.Group{Inputs: []*engine.Input{{Payload: p}}})
		}
		step, err := loop.Step(now, groups)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			if refused := g.Answers[0].Refused; refused != nil {
				t.Fatal(refused)
			}
		}
		return step
	}
	project, list := flows.Load(fstest.MapFS{
		"flows/news.yaml":      {Data: []byte("flow: news\ntrigger: { at: 2026-03-02 11:00, audience: people.jsonl }\nsteps: [ { send: hello } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	apply(&engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}})
	campaign := apply(&engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"}).Freezes[0].Campaign
	apply(&engine.Snapshot{Campaign: campaign, Audience: "a", Rows: 1})
	post := apply(&engine.Rows{Campaign: campaign, Next: 9, Rows: []engine.Row{{Profile: "cid"}}}).Posts[0]
	apply(&engine.SendResult{Run: post.Run, Message: post.Message, Attempt: post.Attempt, Result: channels.Result{Outcome: channels.Refused, Reason: "no such person"}})
	apply() // tidies up
	if left := kv.Dump(store.Members); len(left) != 0 {
		t.Fatalf("the store keeps %d people of a campaign whose runs have ended", len(left))
	}
	apply(&engine.Retry{Run: post.Run, Flow: "news", Version: project.Flows[0].Version, Profile: "cid", AsOf: core.State.Seq})
	apply()
	apply(&engine.CampaignControl{Do: engine.CampaignCancel, Campaign: campaign, EndRuns: true})
	if run, err := s.Run(post.Run); err != nil || run.Outcome != engine.OutcomeCancelled {
		t.Errorf("the run that was tried again is %v %q, %v; want cancelled", run.Status, run.Outcome, err)
	}
}
