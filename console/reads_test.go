package console_test

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
	"nudge/store/memory"
)

// mostReads is how many records the answer to one page may read.
const mostReads = 500

// metered is a store that counts the records that are read.
type metered struct {
	store.KV
	on    atomic.Bool
	mu    sync.Mutex
	reads map[store.Bucket]int
}

func (m *metered) View(f func(store.Reader) error) error {
	if !m.on.Load() {
		return m.KV.View(f)
	}
	return m.KV.View(func(r store.Reader) error { return f(&meteredReader{r, m}) })
}

// during returns how many records are read while f runs, by bucket.
func (m *metered) during(f func()) (all int, reads map[store.Bucket]int) {
	m.reads = map[store.Bucket]int{}
	m.on.Store(true)
	f()
	m.on.Store(false)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.reads {
		all += n
	}
	return all, m.reads
}

type meteredReader struct {
	store.Reader
	m *metered
}

func (r *meteredReader) note(b store.Bucket) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.reads[b]++
}

func (r *meteredReader) Get(b store.Bucket, key []byte) []byte {
	r.note(b)
	return r.Reader.Get(b, key)
}

func (r *meteredReader) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	r.Reader.Ascend(b, from, func(key, value []byte) bool {
		r.note(b)
		return visit(key, value)
	})
}

func (r *meteredReader) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	r.Reader.Descend(b, before, func(key, value []byte) bool {
		r.note(b)
		return visit(key, value)
	})
}

// crowd is what a store of a large product has.
type crowd struct {
	runs, people, flows, campaigns, changes int
	days                                    int // over which the runs have started, up to now
}

// crowdProject has many flows.
func crowdProject(flows int) map[string]string {
	project := map[string]string{"nudge.yaml": "project: crowd\nprofile: { name: string, plan: search string }\nevents: { order.returned: { order_id: string } }\n"}
	for n := range flows {
		name := fmt.Sprintf("flow%02d", n)
		project["flows/"+name+".yaml"] = fmt.Sprintf("flow: %s\ntrigger: { event: told%d, key: event.order_id }\ndata: { order_id: string }\nexit: [ { event: order.returned, key: event.order_id, as: returned } ]\n"+
			"steps:\n  - id: first\n    send: { body: \"Hello {{ data.order_id }}\" }\n  - wait: [ { read: first }, { failed: first }, { after: 24h } ]\n  - id: second\n    send: { body: Again }\n  - wait: [ { read: second }, { after: 24h } ]\n", name, n)
	}
	return project
}

func (c *crowd) person(n int) string { return fmt.Sprintf("person%07d", n%c.people) }

// run is one of the runs, and what it does to counts as if it had come to where it is.
func (c *crowd) run(n int, at engine.Instant, v engine.FlowVersion, campaign uint64) *engine.Run {
	var id engine.RunID
	binary.BigEndian.PutUint64(id[:8], uint64(at)<<16)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	order := fmt.Sprint("o", n)
	r := &engine.Run{ID: id, Flow: v.Flow, Version: v.Version, Profile: c.person(n / 10), Key: order, StartedBy: "told", Data: json.RawMessage(`{"order_id":"` + order + `"}`),
		Status: engine.Waiting, At: 1, Campaign: campaign, Deadline: at + 1<<40,
		Timeline: []engine.Entry{{At: at, Kind: engine.KindStarted, Step: engine.NoStep}}}
	r.Alarms = []engine.Alarm{{At: r.Deadline}}
	r.Ways = &engine.Way{Version: v.Version, Kind: engine.CountStarted, Step: engine.NoStep}
	r.Ways = &engine.Way{Version: v.Version, Kind: engine.CountCame, Step: 0, Before: r.Ways}
	r.Ways = &engine.Way{Version: v.Version, Kind: engine.CountCame, Step: 1, Before: r.Ways}
	m := engine.Message{Number: 1, Step: 0, Status: engine.Delivered, Attempt: 1, Accepted: true, Planned: at, Posted: at, ProviderID: fmt.Sprint("m", n)}
	switch n % 4 {
	case 1:
		m.Status, m.ReadAt = engine.Read, at+1000
		r.Status, r.Outcome, r.Ended = engine.Ended, "read", at+2000
	case 2:
		m.Status, m.Reason = engine.Failed, fmt.Sprint("no channel ", c.word(n%(4*700)))
		r.Status, r.Outcome, r.Ended = engine.Ended, "failed", at+2000
	}
	if r.Status == engine.Ended {
		r.Deadline, r.Alarms = 0, nil
	}
	r.Messages = []engine.Message{m}
	return r
}

// word is a number in letters: numbers of reasons are left out of the groups of failures.
func (c *crowd) word(n int) (word string) {
	for ; n > 0; n /= 26 {
		word += string(rune('a' + n%26))
	}
	return word
}

// fill puts a crowd into a store, behind the back of a runner that has nothing to do.
func (c *crowd) fill(tb testing.TB, s *store.Store, now time.Time) {
	tb.Helper()
	check := func(err error) {
		if err != nil {
			tb.Helper()
			tb.Fatal(err)
		}
	}
	state, err := s.State()
	check(err)
	const most = 20_000 // of a commit
	begin := engine.InstantOf(now.Add(-time.Duration(c.days) * 24 * time.Hour))
	span := engine.InstantOf(now) - begin
	for at := 0; at < c.runs; at += most {
		b := &engine.Batch{State: state}
		for n := at; n < min(c.runs, at+most); n++ {
			campaign := uint64(0)
			if n%3 == 0 {
				campaign = uint64(1 + n/3%c.campaigns)
			}
			b.Changes = append(b.Changes, engine.Change{After: c.run(n, begin+span/engine.Instant(c.runs)*engine.Instant(n), state.Active[n%len(state.Active)], campaign)})
		}
		check(s.Commit(b))
	}
	for at := 0; at < c.people; at += most {
		b := &engine.Batch{State: state}
		for n := at; n < min(c.people, at+most); n++ {
			b.People = append(b.People, &engine.Person{ID: c.person(n), Attributes: json.RawMessage(fmt.Sprintf(`{"name": "Name %d", "plan": "pro"}`, n))})
		}
		check(s.Commit(b))
	}
	b := &engine.Batch{State: state}
	for n := range c.campaigns {
		f := state.Active[n%len(state.Active)]
		due := begin + span/engine.Instant(c.campaigns)*engine.Instant(n)
		b.Campaigns = append(b.Campaigns, &engine.Campaign{Number: uint64(n + 1), ID: fmt.Sprintf("%s@%d", f.Flow, n), Flow: f.Flow, Version: f.Version, Due: due, Begun: due, Status: engine.Walked, Audience: "people", Rows: 100, Walked: 100})
	}
	first := c.person(0)
	for n := range c.changes {
		seq := uint64(n)<<20 + 1000
		b.Audit = append(b.Audit, &engine.AuditEntry{Seq: seq, At: begin, By: engine.Actor{Name: "eve"}, Did: "cancel run", On: "x", Profile: first})
		b.History = append(b.History, &engine.HistoryEntry{Profile: first, Seq: seq, At: begin + engine.Instant(n), Ignored: "nobody waits for it"})
	}
	check(s.Commit(b))
	var types []*engine.Arrivals
	for n := range c.changes / 3 {
		types = append(types, &engine.Arrivals{Type: fmt.Sprint("odd", n), First: begin, Last: begin})
	}
	check(s.NoteArrivals(types, nil, 0))
	for at := 0; at < c.changes; at += 100 {
		var refused []*store.Refusal
		for n := range 100 {
			refused = append(refused, &store.Refusal{At: begin + engine.Instant(n), From: "shop", Code: "shape", Detail: "order_id must be a string", Type: "told1", Profile: c.person(n), Body: []byte("{}")})
		}
		check(s.NoteArrivals(nil, refused, 0))
	}
	for more := true; more; {
		more, err = s.FoldCounts(engine.InstantOf(now))
		check(err)
	}
}

// crowdPages are pages about a crowd, by what they do to a store: everything that lists, counts or finds.
func crowdPages(live, ended string) []string {
	return []string{"", "flows", "flows/flow03", "flows/flow03?since=all", "flows/flow03/runs", "flows/flow03/versions", "flows/flow03/source", "flows/flow03/proof",
		"runs", "runs?status=live", "runs?status=ended", "runs?flow=flow03", "runs?outcome=nothing", "runs?key=o3", "runs?key=none", "runs?profile=person0000007", "runs?profile=nobody", "runs?campaign=flow03@3", "runs?reason=none",
		"runs/failed", "runs/" + live, "runs/" + ended, "people", "people?q=person", "people?prefix=person", "people?if=plan+%3D%3D+%22pro%22", "people?if=plan+%3D%3D+%22free%22",
		"people/person0000000", "people/person0000007", "people/nobody", "events", "events/told3", "campaigns", "campaigns?flow=flow03", "campaigns?flow=none", "campaigns/flow03@3",
		"templates", "deploys", "health", "audit", "audit?by=nobody", "audit?profile=nobody", "batches", "find?q=person0000007", "find?q=o3", "find?q=none", "stories"}
}

// TestPagesReadLittle holds that no page reads more than 500 records, however many there are, and counts nothing
// for a page.
func TestPagesReadLittle(t *testing.T) {
	kv := &metered{KV: new(memory.KV)}
	c := &crowd{runs: 8000, people: 2000, flows: 30, campaigns: 900, changes: 1500, days: 60}
	w := startOn(t, kv, crowdProject(c.flows), tokens()...)
	c.fill(t, w.store, time.Now())
	v := w.visitor("admin")
	live, ended := w.newest("live"), w.newest("ended")
	for _, page := range crowdPages(live, ended) {
		var got *shown
		look := func() { got = v.get("/console/" + page) }
		all, reads := kv.during(look)
		if all > mostReads { // it may have read what is around it, too, which is then kept for all pages of all visitors for a while
			all, reads = kv.during(look)
		}
		if got.status >= 400 && got.status != 404 {
			t.Errorf("%s: status %d", page, got.status)
		}
		if all > mostReads {
			t.Errorf("/console/%s reads %d records: %v", page, all, reads)
		}
	}
}

var crowdRuns = flag.Int("crowd-runs", 20_000, "how many runs BenchmarkPages has; a tenth as many people")

// BenchmarkPages renders every page over a file with many runs and people, one after the other, and says how long the slowest of a hundred
// renderings takes: 10 million runs take some minutes to write.
//
//	go test ./console -run '^$' -bench Pages -crowd-runs 10000000 -benchtime 100x -timeout 2h
func BenchmarkPages(b *testing.B) {
	kv, err := bolt.Open(b.TempDir())
	must(b, err)
	defer kv.Close()
	c := &crowd{runs: *crowdRuns, people: *crowdRuns / 10, flows: 30, campaigns: 900, changes: 1500, days: 60}
	w := startOn(b, kv, crowdProject(c.flows), tokens()...)
	c.fill(b, w.store, time.Now())
	v := w.visitor("admin")
	slowest, which := time.Duration(0), ""
	for _, page := range crowdPages(w.newest("live"), w.newest("ended")) {
		b.Run("page="+url.QueryEscape(page), func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begun := time.Now()
				v.get("/console/" + page)
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			p99 := took[(len(took)-1)*99/100]
			if len(took) >= 10 && p99 > slowest {
				slowest, which = p99, page
			}
			b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
		})
	}
	b.Logf("the slowest page is /console/%s: %s at the 99th percentile", which, slowest)
}

// newest is the newest run of a status.
func (w *world) newest(status string) string {
	w.t.Helper()
	page, err := w.api.Runs(w.t.Context(), client.RunQuery{RunFilter: client.RunFilter{Status: status}, Limit: 1})
	must(w.t, err)
	return page.Runs[0].ID
}
