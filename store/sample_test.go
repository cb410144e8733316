package store

import (
	"encoding/json"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/trace"
)

var aTrace = trace.Context{Parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", State: "congo=t61rcWkgMzE"}

// sample returns a live run with something in every field.
func sample() *engine.Run {
	id, err := engine.ParseRunID("01KAS5R9G0ADFRQ2P4F0000400")
	if err != nil {
		panic(err)
	}
	return &engine.Run{
		ID: id, Flow: "order_shipped", Version: "0123456789abcdef", Profile: "ann", Key: "O1", StartedBy: "order.shipped",
		Data: json.RawMessage(`{"order_id":"O1"}`), Vars: []engine.Var{{Name: "score", Value: json.RawMessage("9")}},
		Status: engine.Sending, At: 3, Deadline: 1_772_449_200_000,
		Messages: []engine.Message{
			{Number: 4, Step: 0, Status: engine.Read, Attempt: 2, Resends: 1, Reached: 1_772_445_500_000, Planned: 1_772_445_600_000, Order: 7, Posted: 1_772_445_600_001, Cap: "orders", Counted: true, ProviderID: "m1", Conversation: "acme_ann", Account: "orders", ByID: true, Accepted: true, ReadAt: 1_772_445_700_000, Replied: true, Goal: true},
			{Number: 6, Step: 3, Status: engine.Claimed, Attempt: 1, Planned: 1_772_445_600_002, Order: 300, Posted: 1_772_445_600_002, Reason: "?", Conversation: "acme_ann"},
		},
		Alarms:        []engine.Alarm{{At: 1_772_449_200_000, Place: engine.AtMessage}, {At: 1_772_549_200_000, Place: 4, Line: -1}},
		StatusCheck:   engine.StatusCheck{Until: 1_772_449_300_000, Messages: []int{1}, Held: []engine.Alarm{{At: 1_772_449_200_000, Place: 3, Line: 1}}, Busy: true, Tries: 2, Failed: true},
		StatusChecked: 1_772_445_600_009,
		Repeats:       []engine.RepeatState{{Step: 4, Round: 2, Began: 1_772_445_600_000, Endless: true}}, Dropped: engine.Dropped{Entries: 7, Calls: 2, Sends: []engine.DroppedSends{{Number: 2, Sends: engine.Sends{Step: 1, Status: engine.Unsent, Reason: "capped", HandedOver: 1, Replied: true, Goal: true, ReadIn: 3, Out: true}}}},
		Arms:         []engine.ArmTaken{{Step: 5, Arm: "brisk", After: 4}},
		Collected:    []engine.Collection{{Step: 6, Signals: []int{1, 2}}},
		FetchAttempt: 2, FetchFirst: 2, FetchPaused: true, Fetched: []engine.Fetched{{Step: 8, Status: 200, JSON: json.RawMessage(`{"n":1}`)}},
		Meanwhile: &engine.Meanwhile{Step: 3, Taken: []int{0, 2}, Line: 2, Event: 1, Reply: 1,
			Next: []engine.PendingDo{{Line: 1}, {Line: 2, Signal: engine.Signal{At: 1_772_445_600_004, Who: "ann", Text: "so?"}}}},
		Leaving: 2, Freed: true, Depth: 3, Campaign: 8, OwnTime: 511, Replied: true, Parent: engine.RunID{1, 2}, ParentCall: 5,
		Waits:   []engine.WaitEnd{{Step: 1, Outcome: "reply", Reply: 2}, {Step: 2, Outcome: "event", Event: 1}},
		Signals: []engine.Signal{{At: 1_772_445_600_000, Event: "x", Who: "shop", Data: json.RawMessage("{}"), Offered: true, Unique: `"c1"`}, {At: 1_772_445_500_000, Who: "ann", Text: "9", Depth: 2, Conversation: "acme_ann"}},
		Event:   1, Reply: 2,
		Mailbox: []engine.Signal{{At: 1_772_445_600_003, Who: "ann", Text: "and?"}},
		Timeline: []engine.Entry{
			{At: 1_772_445_600_000, Kind: engine.KindStarted, Step: engine.NoStep, Detail: "order.shipped"},
			{At: 1_772_445_600_000, Kind: engine.KindClaimed, Step: 0, Message: 1, Attempt: 1},
		},
		Retries: []engine.Retried{{Message: 2, Attempts: 1}},
		Trace:   aTrace,
	}
}

// ended returns the sample after its end.
func ended() *engine.Run {
	r := sample()
	r.Status, r.Outcome, r.Goal, r.Ended, r.Deadline = engine.Ended, "handed_over", true, 1_772_445_700_000, 0
	r.Mailbox = nil
	return r
}

// inputs returns at least one input of every kind.
func inputs() []*engine.Input {
	id := sample().ID
	on := true
	ref := channels.Ref{Installation: "0102", Run: id.String(), Message: 2, Attempt: 1}
	at := time.UnixMilli(1_772_445_600_123).UTC()
	return []*engine.Input{
		{ID: "e1", Payload: &engine.Event{Type: "told", Profile: "ann", Data: json.RawMessage(`{"a":1}`), FanOut: &engine.FanOutCursor{ID: "e0", After: id, Before: id}}},
		{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: ref, ProviderID: "m", Status: channels.Read, Reason: "r", At: at, Profile: "p", Conversation: "c"}}},
		{ID: "p1", Payload: &engine.Reply{Reply: channels.Reply{ID: "p1", Profile: "ann", Conversation: "c", Text: "yes", Answers: ref, AnswersID: "m", At: at,
			Parts:    []channels.ReplyPart{{Type: "image/png", Name: "ann.png", URL: "https://x.example/ann.png"}, {Type: "application/json", Data: json.RawMessage(`{"n":[1]}`)}},
			Metadata: json.RawMessage(`{"of":"ann"}`)}}},
		{Payload: &engine.SendResult{Run: id, Message: 2, Attempt: 1, Result: channels.Result{
			Outcome: channels.Deferred, ProviderID: "m", Conversation: "c", Reason: "busy", RetryAfter: time.Minute}}},
		{Payload: &engine.SendResult{Run: id, Message: 2, Attempt: 1, Returned: true, Result: channels.Result{Reason: "held"}}},
		{Payload: &engine.Timer{Due: 1_772_445_600_000, Run: id}},
		{Payload: &engine.Claim{OutboxRef: engine.OutboxRef{Order: 300, Run: id, Message: 2}}},
		{ID: "c1", Payload: &engine.Cancel{Run: id, Reason: "by mistake"}},
		{Payload: &engine.Control{Outbound: engine.OutboundOnly, Only: []string{"ann", "bob"}, Kill: &on}},
		{Payload: &engine.ProfileChange{Profile: "ann", Set: json.RawMessage(`{"plan":"pro"}`), Replace: true,
			OptOuts: &[]string{"orders"}, Forget: true, OptOut: "cart", OptIn: "news"}},
		{Depth: 2, Derived: 7, Payload: &engine.Call{Flow: "f", Profile: "ann", Key: "k", By: "g", Data: json.RawMessage("{}"), Parent: id, Number: 3}},
		{Depth: 1, Derived: 8, Payload: &engine.ChildEnded{Parent: id, Call: 2, Child: id, Outcome: "done"}},
		{Payload: &engine.FetchResult{Run: id, Step: 3, Attempt: 2, Status: 503, JSON: json.RawMessage("{}"), Error: "e", Busy: true, Final: true}},
		{Payload: &engine.Tick{Flow: "f", Trigger: 1, Due: 1_772_445_600_000}},
		{Payload: &engine.Snapshot{Campaign: 8, Audience: "a1", Rows: 3, Bad: 1, BadRows: []engine.BadRow{{Line: 3, What: "it names no person"}}, Failed: "?"}},
		{Payload: &engine.Rows{Campaign: 8, From: 1, Next: 99, Rows: []engine.Row{{Profile: "ann", Data: json.RawMessage(`{"n":1}`)}, {Profile: "bob"}}}},
		{Payload: &engine.CampaignControl{Do: engine.CampaignCancel, Flow: "f", Campaign: 8, Reason: "by mistake", EndRuns: true}},
		{Derived: 10, Payload: &engine.Sweep{Campaign: 8, After: engine.PersonHash{1, 2}}},
		{Payload: &engine.Move{Run: id, Version: "0123"}},
		{Payload: &engine.Accounts{List: []engine.AccountPolicy{{Account: "main", ByID: true, Verify: true, Asks: true}}, Down: true}},
		{Payload: &engine.ExpireOrphans{ProviderIDs: []string{"m", "n"}}},
		{Payload: &engine.StatusAnswer{Run: id, Message: 2, Receipt: channels.Receipt{ProviderID: "m", Status: channels.Read, At: at}, Failed: "f", Busy: true}},
		{Payload: &engine.RecheckRuns{Runs: []engine.RunID{id}, Survey: true, Last: true}},
		{Payload: &engine.Quarantine{Run: id, Campaign: 8, Profile: "ann", Parent: id, Call: 2}},
		{Depth: 1, Derived: 9, Payload: &engine.Dequeue{Flow: "f", Profile: "ann", Key: "k", Named: []string{"bob"}}},
		{Payload: &engine.Deploy{Flows: []flows.Bundle{{{Name: "flows/a.yaml", Text: "flow: a < b\n"}}}}},
		{Payload: &engine.Deploy{Flows: []flows.Bundle{{{Name: "flows/a.yaml", Text: "flow: a\n"}}}, Proposal: "12", Against: []engine.FlowVersion{{Flow: "a", Version: "9f86d081884c"}}}},
		{By: &engine.Actor{Name: "ops", Address: "10.0.0.7:4711", Request: "r1"}, Payload: &engine.Note{Did: "reload tokens", Before: json.RawMessage(`{"tokens":[]}`), After: json.RawMessage(`{"tokens":["a"]}`)}},
		{ID: "e2", Payload: &engine.Event{Type: "told", Profile: "ann", Trace: aTrace}},
		{Payload: &engine.Call{Flow: "f", Profile: "ann", By: "call", Trace: aTrace}},
		{Origin: &engine.Origin{From: 3, Number: 300}, By: &engine.Actor{Name: "ops"}, Elsewhere: []int{0, 255}, Payload: &engine.Event{Type: "told", Profile: "ann",
			Passed: &engine.Passed{ID: "e3", Known: &engine.Known{Attributes: json.RawMessage(`{"plan":"pro"}`), Caps: []engine.CapCount{{Category: "news", At: []engine.Instant{7, 9}}}, Homes: []engine.Home{{Zone: "Asia/Tokyo", Until: 8}}}, Counts: true, From: "shop", Collected: []string{"g"},
				Later: []string{"h", "i"}, Via: []int{2, 5}, Only: []string{"k"}}}},
		{Elsewhere: []int{1}, Payload: &engine.Receipt{Receipt: channels.Receipt{ProviderID: "m", Status: channels.Read}}},
		{ID: "t1", Payload: &engine.Retry{Run: id, Flow: "f", Version: "0123", Profile: "ann", Reason: "mended", AsOf: 299}},
	}
}
