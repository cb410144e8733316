package engine_test

import (
	"testing"

	"nudge/channels"
	"nudge/engine"
)

// TestPartitionOf holds the division of people to what stores are divided by already.
func TestPartitionOf(t *testing.T) {
	for name, of := range map[string][4]int{ // among 2, 4, 16 and 256
		"ann": {0, 1, 4, 0x49}, "bob": {1, 2, 8, 0x81}, "cid": {0, 1, 5, 0x54}, "dee": {1, 3, 14, 0xe7}, "": {1, 3, 14, 0xe3},
	} {
		for i, n := range []int{2, 4, 16, 256} {
			if got := engine.PartitionOf(name, n); got != of[i] {
				t.Errorf("%q is in partition %d of %d, want %d", name, got, n, of[i])
			}
		}
		if got := engine.PartitionOf(name, 1); got != 0 {
			t.Errorf("%q is in partition %d of 1", name, got)
		}
	}
}

func TestPartitionCheck(t *testing.T) {
	for p, ok := range map[engine.Partition]bool{
		{}: true, {Of: 1}: true, {Number: 3, Of: 4}: true, {Number: 255, Of: 256}: true,
		{Number: 4, Of: 4}: false, {Of: 3}: false, {Of: 512}: false, {Number: -1, Of: 2}: false, {Of: -2}: false, {Number: 1}: false,
	} {
		if err := p.Check(); (err == nil) != ok {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestRouteOf says for every kind of input who takes it among 16 partitions.
func TestRouteOf(t *testing.T) {
	const n = 16
	in := engine.Installation{1, 2, 3, 0, 5}.In(engine.Partition{Number: 7, Of: n})
	run := engine.RunID{6: in[0], 7: in[1], 8: in[2], 9: in[3]}
	ref := channels.Ref{Run: run.String(), Message: 1, Attempt: 1}
	home := uint64(9)<<48 | 1024
	each, own := engine.Route{Each: true}, engine.Route{Own: true}
	to := func(p int) engine.Route { return engine.Route{Partition: p} }
	ofRun := engine.Route{Partition: 7, Run: run}
	left := map[engine.InputKind]bool{}
	for _, kind := range engine.InputKinds() {
		left[kind] = true
	}
	for _, c := range []struct {
		what string
		in   engine.Input
		want engine.Route
	}{
		{"of a person", engine.Input{ID: "bob", Payload: &engine.Event{Type: "told", Profile: "ann"}}, to(4)},
		{"that names nobody", engine.Input{ID: "bob", Payload: &engine.Event{Type: "told"}}, to(8)},
		{"that names nobody, without an ID", engine.Input{Payload: &engine.Event{Type: "told", Data: []byte(`{"id":1}`)}}, to(4)},
		{"like it", engine.Input{Payload: &engine.Event{Type: "told", Data: []byte(`{"id":2}`)}}, to(0)},
		{"of a run", engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: ref, ProviderID: "bob"}}}, ofRun},
		{"by the provider's ID", engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{ProviderID: "bob"}}}, to(8)},
		{"of no run", engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: channels.Ref{Run: "?"}}}}, to(0)},
		{"", engine.Input{Payload: &engine.Reply{Reply: channels.Reply{Profile: "dee", Answers: ref}}}, to(14)},
		{"", engine.Input{Payload: &engine.SendResult{Run: run}}, ofRun},
		{"", engine.Input{Payload: &engine.Timer{Run: run}}, ofRun},
		{"", engine.Input{Payload: &engine.Claim{OutboxRef: engine.OutboxRef{Run: run}}}, ofRun},
		{"", engine.Input{Payload: &engine.Cancel{Run: run}}, ofRun},
		{"", engine.Input{Payload: &engine.Deploy{}}, each},
		{"", engine.Input{Payload: &engine.Control{}}, each},
		{"", engine.Input{Payload: &engine.ProfileChange{Profile: "dee"}}, to(14)},
		{"", engine.Input{Payload: &engine.Call{Flow: "f", Profile: "dee"}}, to(14)},
		{"", engine.Input{Payload: &engine.ChildEnded{Parent: run, Child: engine.RunID{9: 3}}}, ofRun},
		{"", engine.Input{Payload: &engine.Dequeue{Profile: "dee"}}, to(14)},
		{"", engine.Input{Payload: &engine.FetchResult{Run: run}}, ofRun},
		{"", engine.Input{Payload: &engine.Tick{Flow: "bob"}}, to(8)},
		{"", engine.Input{Payload: &engine.Snapshot{Campaign: home}}, to(9)},
		{"", engine.Input{Payload: &engine.Rows{Campaign: home}}, own},
		{"that starts one", engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "bob"}}, to(8)},
		{"of one", engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignPause, Campaign: home}}, to(9)},
		{"", engine.Input{Payload: &engine.Sweep{Campaign: home}}, own},
		{"", engine.Input{Payload: &engine.Move{Run: run}}, ofRun},
		{"", engine.Input{Payload: &engine.Accounts{}}, own},
		{"", engine.Input{Payload: &engine.ExpireOrphans{}}, own},
		{"", engine.Input{Payload: &engine.StatusAnswer{Run: run}}, ofRun},
		{"", engine.Input{Payload: &engine.RecheckRuns{}}, own},
		{"", engine.Input{Payload: &engine.Quarantine{Run: run}}, ofRun},
		{"about a person", engine.Input{Payload: &engine.Note{Profile: "dee"}}, to(14)},
		{"about nobody", engine.Input{Payload: &engine.Note{}}, to(0)},
		{"", engine.Input{Payload: &engine.Retry{Run: run, Profile: "dee"}}, ofRun},
	} {
		delete(left, c.in.Kind())
		if got := engine.RouteOf(&c.in, n); got != c.want {
			t.Errorf("%s %s: %+v, want %+v", c.in.Kind(), c.what, got, c.want)
		}
		if got := engine.RouteOf(&c.in, 1); got != (engine.Route{}) {
			t.Errorf("%s %s in an installation that is not divided: %+v", c.in.Kind(), c.what, got)
		}
	}
	for _, p := range []engine.Payload{&engine.Cancel{Run: engine.RunID{9: 200}}, &engine.CampaignControl{Do: engine.CampaignPause, Campaign: 200 << 48}} {
		if got := engine.RouteOf(&engine.Input{Payload: p}, n); got.Partition != 0 {
			t.Errorf("%s about what no partition has: %+v, want the first one, which says so", p.Kind(), got)
		}
	}
	for kind := range left {
		t.Errorf("no route of a %s", kind)
	}
}

// TestFormer holds that receipts for a store that was moved are taken by the one that it became, and that runs which other
// installations started are looked up.
func TestFormer(t *testing.T) {
	before, other := engine.Installation{9, 8, 7, 3, 5}, engine.Installation{9, 8, 7, 3, 6}
	part := engine.Partition{Number: 2, Of: 4}
	state := engine.State{Installation: engine.Installation{1, 2, 3, 0, 5}.In(part), Partition: part, Former: []engine.Installation{before}}
	core, err := engine.New(state, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := engine.RunID{6: before[0], 7: before[1], 8: before[2], 9: before[3]}
	for in, ignored := range map[engine.Installation]string{
		state.Installation: "there is no such message", before: "there is no such message", before.In(engine.Partition{Number: 9, Of: 16}): "there is no such message",
		other: "another installation sent it",
	} {
		receipt := &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: channels.Ref{Installation: in.String(), Run: run.String(), Message: 1, Attempt: 1}}}}
		var needs engine.Needs
		core.Needs(receipt, &needs)
		out := core.Apply(engine.NewWorkingSet(&needs, &engine.Loaded{}), receipt, 1000, nil)
		if got := out.Answer.Ignored; got != ignored {
			t.Errorf("a receipt for %s: %q, want %q", in, got, ignored)
		}
	}
	if own := (engine.RunID{6: 1, 7: 2, 8: 3, 9: 1}); !core.State.Moved(run) || core.State.Moved(own) {
		t.Error("which runs another installation started is not told")
	}
}
