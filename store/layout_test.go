package store_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"strconv"
	"strings"
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

// TestLayout checks the table in the package comment: every bucket has a row, and the keys
// of a store in use match the rows part by part.
func TestLayout(t *testing.T) {
	rows := layoutTable(t)
	kv := inUse(t)
	fired, lost, failed := campaign(t), lostRun(t), failedRun(t)
	for _, b := range store.Buckets {
		if len(rows[b.String()]) == 0 {
			t.Errorf("bucket %s has no row in the table", b)
		}
		keys := fired.Dump(b)
		if keys == nil {
			keys = map[string][]byte{}
		}
		maps.Copy(keys, kv.Dump(b))
		maps.Copy(keys, lost.Dump(b))
		maps.Copy(keys, failed.Dump(b))
		if len(keys) == 0 {
			t.Errorf("bucket %s: the test puts nothing into it", b)
		}
		for key := range keys {
			if !matchesAny(key, rows[b.String()]) {
				t.Errorf("bucket %s: key %q is none of %q", b, key, rows[b.String()])
			}
		}
		delete(rows, b.String())
	}
	for name := range rows {
		t.Errorf("the table has a row for %s, which is no bucket", name)
	}
}

// layoutTable reads the descriptions of keys by bucket.
func layoutTable(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	inTable := false
	columns := regexp.MustCompile(`\s{2,}`)
	for _, line := range strings.Split(file.Doc.Text(), "\n") {
		cells := columns.Split(strings.TrimSpace(line), -1)
		switch {
		case cells[0] == "bucket":
			inTable = true
		case strings.TrimSpace(line) == "":
			inTable = false
		case inTable:
			rows[cells[0]] = append(rows[cells[0]], cells[1])
		}
	}
	return rows
}

func matchesAny(key string, descriptions []string) bool {
	for _, d := range descriptions {
		if rest, ok := strip(key, strings.Split(d, ", ")); ok && rest == "" {
			return true
		}
	}
	return false
}

var width = regexp.MustCompile(`\((\d+)\)$`)

// strip removes the described parts from the beginning of a key.
func strip(key string, parts []string) (rest string, ok bool) {
	for _, part := range parts {
		n := 0
		switch {
		case strings.HasPrefix(part, `"`):
			literal, _ := strconv.Unquote(part)
			if !strings.HasPrefix(key, literal) {
				return key, false
			}
			n = len(literal)
		case strings.HasPrefix(part, "run ID"):
			n = 16
		case strings.HasPrefix(part, "sized "):
			n = 1 + int(key[0]) // the samples are short, so their varint has one byte
		case part == "event type" && key == "": // of all that are counted together
			continue
		case part == "ID", part == "event type": // of a notice
			n = len(key)
		case part == `kind ":" id`:
			if kind, id, found := strings.Cut(key, ":"); !found || kind == "" || id == "" {
				return key, false
			}
			n = len(key)
		default:
			if m := width.FindStringSubmatch(part); m != nil {
				n, _ = strconv.Atoi(m[1])
			}
		}
		if n == 0 || n > len(key) {
			return key, false
		}
		key = key[n:]
	}
	return key, true
}

// inUse returns a store with something in every bucket: a run that is sending, a run that
// waits and a run that has ended.
func inUse(t *testing.T) *memory.KV {
	t.Helper()
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoopOf(s, core, []runner.AccountSettings{{Account: engine.AnyAccount, Places: 8, ByID: true, Verify: true, Asks: true}})
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	if _, err := loop.Recover(now); err != nil {
		t.Fatal(err)
	}
	apply := func(in *engine.Input) *runner.Step {
		step, err := loop.Step(now, []*runner.Group{{Inputs: []*engine.Input{in}}})
		if err != nil {
			t.Fatal(err)
		}
		return step
	}
	project, list := flows.Load(fstest.MapFS{
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told, key: event.id }\nsteps: [ { send: hello }, { wait: [ { read: hello }, { after: 1h } ] } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	apply(&engine.Input{By: &engine.Actor{Name: "ops"}, Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}, Marks: "profile: { plan: search string }\n"}})
	for i, outcome := range []channels.Outcome{0, channels.Accepted, channels.Accepted} {
		step := apply(&engine.Input{ID: fmt.Sprint("e", i),
			Payload: &engine.Event{Type: "told", Profile: "ann", Data: []byte(fmt.Sprintf(`{"id":"O%d"}`, i))}})
		if outcome != 0 {
			p := step.Posts[0]
			apply(&engine.Input{Payload: &engine.SendResult{Run: p.Run, Message: 1, Attempt: 1, Result: channels.Result{Outcome: outcome, ProviderID: "m"}}})
		}
		if i == 2 {
			apply(&engine.Input{Payload: &engine.Cancel{Run: step.Posts[0].Run}})
		}
	}
	if _, err := s.AddProposal(&store.Proposal{At: 1, By: engine.Actor{Name: "ann"}, Digest: "d"}, []byte(`{"files":[]}`)); err != nil {
		t.Fatal(err)
	}
	apply(&engine.Input{By: &engine.Actor{Name: "ops"}, Payload: &engine.ProfileChange{Profile: "ann", Set: []byte(`{"plan":"pro"}`)}})
	now = now.Add(time.Hour) // the waiting run starts a status check
	apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{ProviderID: "o", Status: channels.Read, Profile: "ann"}}})
	// The process stopped between an event and its derived inputs.
	after := core.State
	after.Derived, after.Owed = 1, []uint64{0, 0, 1}
	notice := engine.Notice{Type: engine.NoticeRunEnded, At: after.Stamp, Profile: "ann", Data: []byte(`{"profile":"ann"}`)}
	if err := s.Commit(&engine.Batch{State: after, Forgotten: []string{"bob"}, Derived: []*engine.Input{
		{Derived: 1, Depth: 1, Payload: &engine.Dequeue{Flow: "tell", Profile: "ann"}}},
		Owed:    []engine.Owed{{To: 2, Input: &engine.Input{Origin: &engine.Origin{Number: 1}, Payload: &engine.Call{Flow: "tell", Profile: "bob"}}}},
		Notices: []*engine.NoticeTo{{Endpoint: "crm", Notice: notice}, {Endpoint: "erp", Notice: notice}}}); err != nil {
		t.Fatal(err)
	}
	due, _, err := s.DueNotices("erp", after.Stamp, 1)
	if err == nil {
		err = s.SettleNotices([]store.NoticeResult{{Notice: due[0], Error: "it is gone", GaveUp: after.Stamp}})
	}
	for _, at := range []engine.Instant{after.Stamp, after.Stamp.Add(time.Hour)} {
		a := &engine.Arrivals{Type: "told"}
		a.Note(at, "shop", engine.VerdictRefused)
		if err == nil {
			err = s.NoteArrivals([]*engine.Arrivals{a}, []*store.Refusal{{At: at, Code: "json", Profile: "ann"}}, 0)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddCommand(&engine.Input{Origin: &engine.Origin{From: 4, Number: 1}, Payload: &engine.Control{Outbound: engine.OutboundHold}}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddJob(&store.Job{ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Kind: "retry runs"}, 1); err != nil {
		t.Fatal(err)
	}
	return kv
}

// failedRun returns a store with a run whose message was refused.
func failedRun(t *testing.T) *memory.KV {
	t.Helper()
	kv := new(memory.KV)
	w := newWorld(t, kv, map[string]string{"flows/tell.yaml": "flow: tell\ntrigger: { event: told }\nsteps: [ { send: { body: hello } } ]\n"})
	w.result(w.told(1, 1)[0], channels.Refused, "gone")
	return kv
}

// lostRun returns a store like that of inUse, in which a run was set apart.
func lostRun(t *testing.T) *memory.KV {
	t.Helper()
	kv := inUse(t)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	live, err := s.Live(engine.RunID{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	breakRecord(t, kv, store.Runs, live[0][:])
	if _, err := s.Quarantine(live, 1); err != nil {
		t.Fatal(err)
	}
	return kv
}

// campaign returns a store with a campaign whose last run has just ended. The process
// stopped before it settled the campaign.
func campaign(t *testing.T) *memory.KV {
	t.Helper()
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
	apply := func(in *engine.Input) *runner.Step {
		step, err := loop.Step(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), []*runner.Group{{Inputs: []*engine.Input{in}}})
		if err != nil {
			t.Fatal(err)
		}
		return step
	}
	project, list := flows.Load(fstest.MapFS{
		"flows/news.yaml": {Data: []byte("flow: news\ntrigger: { at: 2026-03-02 11:00, audience: people.jsonl }\nsteps: [ { wait: 1h } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	apply(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	step := apply(&engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"}})
	campaign := step.Freezes[0].Campaign
	apply(&engine.Input{Payload: &engine.Snapshot{Campaign: campaign, Audience: "a", Rows: 1}})
	apply(&engine.Input{Payload: &engine.Rows{Campaign: campaign, Next: 9, Rows: []engine.Row{{Profile: "cid"}}}})
	page, err := s.List(store.Query{RunFilter: store.RunFilter{Flow: "news"}, Limit: 1})
	if err != nil || len(page.Runs) != 1 {
		t.Fatalf("the campaign started %d runs: %v", len(page.Runs), err)
	}
	loaded, err := s.Load(&engine.Needs{Runs: []engine.RunID{page.Runs[0].ID}, Campaigns: []uint64{campaign}})
	if err != nil {
		t.Fatal(err)
	}
	ended := *loaded.Runs[0]
	loaded.Campaigns[0].Live = 0
	ended.Status, ended.Outcome, ended.Ended = engine.Ended, "done", core.State.Stamp
	if err := s.Commit(&engine.Batch{State: core.State, Changes: []engine.Change{{Before: loaded.Runs[0], After: &ended}}, Campaigns: loaded.Campaigns}); err != nil {
		t.Fatal(err)
	}
	return kv
}
