package backtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/whatif/backtest"
	"nudge/whatif/replay"
	"nudge/whatif/virtual"
)

var shop = fstest.MapFS{
	"nudge.yaml": {Data: []byte(`timezone: Europe/London
profile: { plan: optional string }
events:
  order.shipped: { order_id: string, total: number }
  order.delivered: { order_id: string }
`)},
	"flows/shipped.yaml": {Data: []byte(`flow: shipped
trigger: { event: order.shipped, key: event.order_id, if: event.total > 20 }
data: { order_id: string, total: number }
entry: { if_running: skip }
exit: [ { event: order.delivered, key: event.order_id, as: arrived } ]
steps:
  - send: shipped
  - wait:
      - read: shipped
      - failed: shipped
        then: [ { exit: unreachable } ]
      - reply: shipped
        then: [ { send: handover }, { exit: handed_over } ]
      - after: 24h
        then:
          - send: reminder
          - wait: [ { read: reminder }, { failed: reminder }, { after: 2d } ]
  - start: { flow: thanks, data: { order_id: = data.order_id } }
`)},
	"flows/thanks.yaml": {Data: []byte(`flow: thanks
data: { order_id: string }
steps:
  - wait: 3h
  - if: profile.plan == "pro"
    send: thanks
`)},
	"templates/shipped.yaml":  {Data: []byte("body: Your order {{ data.order_id }} is on its way.\n")},
	"templates/reminder.yaml": {Data: []byte("body: Order {{ data.order_id }} again.\n")},
	"templates/handover.yaml": {Data: []byte("body: A person will help you.\n")},
	"templates/thanks.yaml":   {Data: []byte("body: Thanks for {{ data.order_id }}.\n")},
}

// edit is the shop with one text replaced by another.
func edit(t *testing.T, file, old, new string) fstest.MapFS {
	t.Helper()
	files := maps.Clone(shop)
	text := string(files[file].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", file, old)
	}
	files[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
	return files
}

func run(t *testing.T, h *history, files fstest.MapFS, o backtest.Options) *backtest.Report {
	t.Helper()
	report, err := backtest.Run(context.Background(), []replay.Source{h.store}, bundles(t, files), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestNothingChanged shows that flows which were not edited send in a backtest exactly
// what they sent in reality.
func TestNothingChanged(t *testing.T) {
	sent := 0
	for seed := range uint64(15) {
		h := newHistory(t, seed, shop)
		h.live(10)
		all := run(t, h, shop, backtest.Options{})
		want := backtest.Changes{Same: h.sent}
		if all.Changes != want || all.Before.Messages != h.sent || len(all.People) != 0 {
			t.Errorf("seed %d: %d messages were sent, the backtest has %+v", seed, h.sent, all.Changes)
		}
		if unread := all.Before.Receipts.Unread; unread > h.sent-all.Recorded {
			t.Errorf("seed %d: %d messages were not found in the recording", seed, unread)
		}
		window := run(t, h, shop, backtest.Options{Since: begin.AddDate(0, 0, 6)})
		if c := window.Changes; c.Same == 0 || c.Same != window.Before.Messages || c.Same > h.sent {
			t.Errorf("seed %d: of the last days the backtest has %+v", seed, c)
		}
		sent += h.sent
	}
	if sent < 500 {
		t.Errorf("only %d messages: the histories prove little", sent)
	}
}

func TestAnEditShowsAsWhatItIs(t *testing.T) {
	h := newHistory(t, 3, shop)
	h.live(10)
	for name, c := range map[string]struct {
		files fstest.MapFS
		check func(*backtest.Report) bool
	}{
		"another text": {edit(t, "templates/reminder.yaml", "again", "still waits"), func(r *backtest.Report) bool {
			return r.Changes == backtest.Changes{Same: r.Before.Messages - of(r, "reminder").Before, Reworded: of(r, "reminder").Before} &&
				of(r, "reminder").Reworded > 0
		}},
		"a lower bound": {edit(t, "flows/shipped.yaml", "total > 20", "total > 10"), func(r *backtest.Report) bool {
			return of(r, "shipped").Added > 0 && r.Changes.Reworded == 0 && r.After.Receipts.Unread > r.Before.Receipts.Unread
		}},
		"a later reminder": {edit(t, "flows/shipped.yaml", "after: 24h", "after: 26h"), func(r *backtest.Report) bool {
			return of(r, "reminder").Moved > 0 && of(r, "shipped").Same == of(r, "shipped").Before && len(r.People) > 0
		}},
		"no reminder": {edit(t, "flows/shipped.yaml", "          - send: reminder\n          - wait: [ { read: reminder }, { failed: reminder }, { after: 2d } ]\n", "          - wait: 2d\n"), func(r *backtest.Report) bool {
			reminder := of(r, "reminder")
			return reminder.After == 0 && reminder.Dropped == reminder.Before && reminder.Dropped > 0
		}},
	} {
		report := run(t, h, c.files, backtest.Options{})
		if report.Before.Messages != h.sent || !c.check(report) {
			text, _ := json.MarshalIndent(report, "", "  ")
			t.Errorf("%s: %s", name, text)
		}
	}
}

func of(r *backtest.Report, template string) backtest.Template {
	for _, t := range r.Templates {
		if t.Template == template {
			return t
		}
	}
	return backtest.Template{}
}

// TestLikeOthers shows that new messages get what others got, where that is assumed.
func TestLikeOthers(t *testing.T) {
	h := newHistory(t, 4, shop)
	h.live(10)
	files := edit(t, "flows/shipped.yaml", "total > 20", "total > 0")
	unread := run(t, h, files, backtest.Options{Assume: backtest.Unread})
	alike := run(t, h, files, backtest.Options{Assume: backtest.LikeOthers})
	if unread.After.Receipts.LikeOthers != 0 || alike.After.Receipts.LikeOthers == 0 {
		t.Errorf("unread: %+v; like others: %+v", unread.After.Receipts, alike.After.Receipts)
	}
	if got, more := of(alike, "reminder").After, of(unread, "reminder").After; got >= more {
		t.Errorf("%d reminders where people read as others do, %d where nobody reads", got, more)
	}
}

// TestSameReport shows that a backtest depends on nothing but the journal and the flows.
func TestSameReport(t *testing.T) {
	h := newHistory(t, 5, shop)
	h.live(6)
	files := edit(t, "flows/shipped.yaml", "after: 24h", "after: 12h")
	o := backtest.Options{Assume: backtest.LikeOthers, Since: begin.AddDate(0, 0, 2)}
	if diff := cmp.Diff(run(t, h, files, o), run(t, h, files, o)); diff != "" {
		t.Error(diff)
	}
}

func TestNothingInTheWindow(t *testing.T) {
	h := newHistory(t, 6, shop)
	h.live(1)
	_, err := backtest.Run(context.Background(), []replay.Source{h.store}, bundles(t, shop), backtest.Options{Since: h.now.Add(time.Hour)})
	if !errors.Is(err, backtest.ErrNothing) {
		t.Error(err)
	}
}

// TestCampaign shows that a schedule fires again over the audience that it had.
func TestCampaign(t *testing.T) {
	weekly := fstest.MapFS{
		"nudge.yaml":        {Data: []byte("profile: { plan: optional string }\n")},
		"flows/weekly.yaml": {Data: []byte("flow: weekly\ntrigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 6h, audience: people.csv }\ndata: { n: number }\nsteps:\n  - send: { body: \"{{ data.n }}\" }\n")},
	}
	h := newHistory(t, 8, weekly)
	h.rows = []engine.Row{{Profile: "ann", Data: []byte(`{"n":1}`)}, {Profile: "bob", Data: []byte(`{"n":2}`)}}
	h.live(3)
	same := run(t, h, weekly, backtest.Options{})
	if want := (backtest.Changes{Same: 6}); same.Changes != want || h.sent != 6 {
		t.Errorf("%d were sent, the backtest has %+v", h.sent, same.Changes)
	}
	files := maps.Clone(weekly)
	files["flows/weekly.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(weekly["flows/weekly.yaml"].Data), "max_delay: 6h", "max_delay: 6h, if: data.n > 1", 1))}
	picky := run(t, h, files, backtest.Options{})
	if want := (backtest.Changes{Same: 3, Dropped: 3}); picky.Changes != want {
		t.Errorf("the pickier schedule: %+v", picky.Changes)
	}
	files["flows/weekly.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(weekly["flows/weekly.yaml"].Data), "0 9 * * *", "0 10 * * *", 1))}
	later := run(t, h, files, backtest.Options{})
	if later.After.Messages != 0 || later.After.Unfrozen != 3 {
		t.Errorf("the schedule at another hour has no recorded audience: %+v", later.After)
	}
}

// TestEnginePanics holds that a backtest fails when the engine panics, although the loop
// itself goes on.
func TestEnginePanics(t *testing.T) {
	h := newHistory(t, 6, shop)
	h.live(1)
	broken := engine.Observer{Condition: func(engine.Condition) { panic("a fault of ours") }}
	err := backtest.RunObserved(context.Background(), []replay.Source{h.store}, bundles(t, shop), broken)
	var found *virtual.PanicError
	if !errors.As(err, &found) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkBacktest reports how long the inputs of a journal take.
func BenchmarkBacktest(b *testing.B) {
	h := newHistory(b, 1, shop)
	h.live(300)
	state, err := h.store.State()
	if err != nil {
		b.Fatal(err)
	}
	all := bundles(b, shop)
	for b.Loop() {
		if _, err := backtest.Run(context.Background(), []replay.Source{h.store}, all, backtest.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(state.Seq)*float64(b.N)/b.Elapsed().Seconds(), "inputs/s")
}
