package store_test

import (
	"fmt"
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

// lived is a store with a person who has many runs, among others.
type lived struct {
	t    *testing.T
	kv   *countedKV
	s    *store.Store
	loop *runner.Loop
	now  time.Time
}

// countedKV counts the records that readers look at.
type countedKV struct {
	memory.KV
	reads int
}

func (kv *countedKV) View(f func(store.Reader) error) error {
	return kv.KV.View(func(r store.Reader) error { return f(countedReader{r, kv}) })
}

type countedReader struct {
	store.Reader
	kv *countedKV
}

func (r countedReader) Get(b store.Bucket, key []byte) []byte {
	r.kv.reads++
	return r.Reader.Get(b, key)
}

func (r countedReader) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	r.Reader.Ascend(b, from, func(key, value []byte) bool { r.kv.reads++; return visit(key, value) })
}

func (r countedReader) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	r.Reader.Descend(b, before, func(key, value []byte) bool { r.kv.reads++; return visit(key, value) })
}

func newLived(t *testing.T) *lived {
	t.Helper()
	x := &lived{t: t, kv: new(countedKV), now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	var err error
	if x.s, err = store.Open(x.kv); err != nil {
		t.Fatal(err)
	}
	core, err := x.s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	x.loop = runner.NewLoop(x.s, core, 100)
	project, list := flows.Load(fstest.MapFS{
		"flows/brief.yaml": {Data: []byte("flow: brief\ntrigger: { event: told, key: event.id, if: event.id != \"\" }\ndata: { id: string }\nexit: [ { event: off, key: event.id, as: off } ]\nsteps: [ { wait: 1h } ]\n")},
		"flows/news.yaml":  {Data: []byte("flow: news\ntrigger: { at: 2026-01-01 09:00, audience: people.csv, if: data.wanted }\ndata: { wanted: boolean }\nsteps: [ { wait: 1h } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	x.apply(&engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle, project.Flows[1].Bundle}})
	return x
}

func (x *lived) apply(p engine.Payload) *runner.Step {
	x.t.Helper()
	x.now = x.now.Add(time.Second)
	step, err := x.loop.Step(x.now, []*runner.Group{{Inputs: []*engine.Input{{Payload: p}}}})
	if err != nil {
		x.t.Fatal(err)
	}
	return step
}

func (x *lived) told(profile, id string) {
	x.apply(&engine.Event{Type: "told", Profile: profile, Data: fmt.Appendf(nil, `{"id":%q}`, id)})
}

func (x *lived) off(id string) {
	x.apply(&engine.Event{Type: "off", Data: fmt.Appendf(nil, `{"id":%q}`, id)})
}

// pages are all pages of a person's history: what each item is, newest first.
func (x *lived) pages(profile string, limit int) (items []string) {
	x.t.Helper()
	for before := []byte(nil); ; {
		page, err := x.s.History(profile, before, limit)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, item := range page.Items {
			items = append(items, nameOfItem(item))
		}
		if before = page.Next; before == nil {
			return items
		}
	}
}

func nameOfItem(item store.HistoryItem) string {
	switch e := item.Entry; {
	case e == nil:
		return item.Run.Flow + " " + item.Run.Key + " " + item.Run.Outcome
	case e.Campaign != 0:
		return "left out: " + e.Reason
	case e.Ignored != "":
		return "ignored: " + e.Ignored
	case len(e.Decisions) > 0:
		return string(e.Decisions[0].Action) + ": " + e.Decisions[0].Reason
	}
	return item.Input.Kind().String()
}

func (x *lived) is(profile string, limit int, want ...string) {
	x.t.Helper()
	if got := strings.Join(x.pages(profile, limit), "\n"); got != strings.Join(want, "\n") {
		x.t.Errorf("the history of %s is\n%s\nwant\n%s", profile, got, strings.Join(want, "\n"))
	}
	report, err := x.s.Check()
	if err != nil || len(report.Problems) > 0 {
		x.t.Errorf("the store has problems: %v %v", err, report.Problems)
	}
}

// TestHistory holds what a history has: live runs first, then what is over and what no run tells of, by time.
func TestHistory(t *testing.T) {
	x := newLived(t)
	x.told("ann", "1")
	x.told("ann", "")
	x.told("bob", "")
	x.off("1")
	x.told("ann", "2")
	x.apply(&engine.Event{Type: "unknown", Profile: "ann"})
	x.apply(&engine.Reply{Reply: channels.Reply{Profile: "ann", Text: "hello?"}})
	x.told("ann", "3")
	x.off("3")
	x.apply(&engine.ProfileChange{Profile: "ann", OptOut: "news"})
	x.apply(&engine.ProfileChange{Profile: "ann", OptOut: "news"})                // nothing changes
	x.apply(&engine.ProfileChange{Profile: "ann", Set: []byte(`{"name":"Ann"}`)}) // the trail of audits tells it
	start := x.apply(&engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"})
	number := start.Freezes[0].Campaign
	x.apply(&engine.Snapshot{Campaign: number, Audience: "a", Rows: 3})
	x.apply(&engine.Rows{Campaign: number, Next: 9, Rows: []engine.Row{{Profile: "ann", Data: []byte(`{"wanted":false}`)}, {Profile: "ann", Data: []byte(`{"wanted":true}`)}, {Profile: "cid", Data: []byte(`{"wanted":true}`)}}})
	for _, limit := range []int{1, 2, 100} {
		x.is("ann", limit, "brief 2 ", "left out: if", "profile", "brief 3 off", "ignored: no run waits for it", "ignored: no flow uses events of this type",
			"brief 1 off", "skipped: the trigger's if is false")
	}
	x.is("bob", 10, "skipped: the trigger's if is false")
	x.is("cid", 10, "news  ")
	x.is("dan", 10)
	for _, id := range []string{"7", "8", "9"} {
		x.told("eve", id)
	}
	x.is("eve", 1, "brief 9 ", "brief 8 ", "brief 7 ")
	x.is("eve", 10, "brief 9 ", "brief 8 ", "brief 7 ")
}

// TestHistoryReadsLittle counts the records that a page reads. A page reads at most two records for each of its
// items, and two for each live run, of which a person has 100 at most; so neither the number of runs nor the
// length of the journal matters.
func TestHistoryReadsLittle(t *testing.T) {
	x := newLived(t)
	for i := range 1000 {
		x.told("ann", fmt.Sprint(i))
		x.told("ann", "")
		x.told(fmt.Sprint("other", i%7), fmt.Sprint("o", i))
		if i%10 != 0 || i < 500 { // 50 stay live
			x.off(fmt.Sprint(i))
		}
	}
	state, err := x.s.State()
	if err != nil {
		t.Fatal(err)
	}
	pages, items, most := 0, 0, 0
	for before := []byte(nil); ; {
		x.kv.reads = 0
		page, err := x.s.History("ann", before, store.MaxHistory)
		if err != nil {
			t.Fatal(err)
		}
		pages, items, most = pages+1, items+len(page.Items), max(most, x.kv.reads)
		if before = page.Next; before == nil {
			break
		}
	}
	if most > 500 || items != 2000 || pages < 20 {
		t.Errorf("%d items on %d pages, a page reads up to %d records of %d inputs", items, pages, most, state.Seq)
	}
}

// TestHistoryGoes holds that a history goes with the journal, with the runs, and with the person.
func TestHistoryGoes(t *testing.T) {
	x := newLived(t)
	for _, id := range []string{"1", "2", ""} {
		x.told("ann", id)
		x.told("bob", "b"+id)
		x.off(id)
	}
	x.told("bob", "")
	x.off("b1")
	x.apply(&engine.ProfileChange{Profile: "ann", Forget: true})
	for more := true; more; {
		var err error
		if more, err = x.s.Erase(); err != nil {
			t.Fatal(err)
		}
	}
	x.is("ann", 10)
	left := []string{"brief b ", "brief b2 ", "brief b1 off", "skipped: the trigger's if is false"}
	x.is("bob", 10, left...)
	if _, err := x.s.PurgeRuns(engine.InstantOf(x.now), nil); err != nil {
		t.Fatal(err)
	}
	x.is("bob", 10, "brief b ", "brief b2 ", left[3])
	if _, err := x.s.PurgeJournal(engine.InstantOf(x.now)); err != nil {
		t.Fatal(err)
	}
	x.is("bob", 10, "brief b ", "brief b2 ")
	entries := len(x.kv.Dump(store.People))
	if last, err := x.s.PurgeHistory(nil); last != nil || err != nil {
		t.Fatal(last, err)
	}
	if now := len(x.kv.Dump(store.People)); now != entries-1 {
		t.Errorf("%d entries of %d stay", now, entries)
	}
	x.is("bob", 10, "brief b ", "brief b2 ")
}
