package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/console"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
	"nudge/store/bolt"
)

// BenchmarkR1 is the reference workload end to end, over loopback HTTP: an event
// starts a run; it sends to a sink; it durably waits for Read or an hour; a signed
// Read webhook ends it. Every accepted input is synced to disk before it is
// answered. Starts and reads are two phases with 256 callers each, as in the drivers
// it is compared with; runs/s is the rate of both together. Driver, sink and engine
// share the machine. Run it with a fixed number of runs:
//
//	go test ./server -run '^$' -bench R1 -benchtime 20000x
func BenchmarkR1(b *testing.B) { benchmarkR1(b, 256, 1) }

// BenchmarkR1Batch is the same with a hundred events in an array, and a hundred
// receipts in a webhook, from 8 callers: the bodies are as large as a busy product's.
func BenchmarkR1Batch(b *testing.B) { benchmarkR1(b, 8, 100) }

// BenchmarkR1Tabs is R1 while 200 tabs have a page of the console open, each another one: what people who look cost those
// who get messages. Compare it with R1.
func BenchmarkR1Tabs(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	r := newR1(b, b.TempDir())
	defer r.stop()
	heard := r.tabs(200)
	r.run(b, 256, 1)
	b.ReportMetric(float64(heard()), "bytes-to-tabs")
}

// BenchmarkR1Partitions is R1 over a store of one, two and four partitions, with their loops and files on one machine. With a
// key each event is looked for in all partitions.
func BenchmarkR1Partitions(b *testing.B) {
	for _, n := range []int{1, 2, 4} {
		for name, key := range map[string]string{"plain": "", "keyed": ", key: event.order"} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				defer debug.SetGCPercent(debug.SetGCPercent(200))
				r := newR1Of(b, b.TempDir(), n, key)
				defer r.stop()
				r.run(b, 256, 1)
			})
		}
	}
}

func benchmarkR1(b *testing.B, callers, size int) {
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as nudge serve has it
	r := newR1(b, b.TempDir())
	defer r.stop()
	r.run(b, callers, size)
}

// run starts and ends as many runs as the benchmark wants.
func (r *r1) run(b *testing.B, callers, size int) {
	n := b.N
	b.ResetTimer()
	began := time.Now()
	r.fan(callers, n, size, r.after(r.start))
	r.until(func(c *store.VersionCounts) bool { return c.Parked[1] == uint64(r.first+n) })
	started := time.Since(began)
	began = time.Now()
	r.fan(callers, n, size, r.after(r.read))
	r.until(func(c *store.VersionCounts) bool { return c.Outcomes["completed"] == uint64(n) })
	drained := time.Since(began)
	b.ReportMetric(float64(n)/started.Seconds(), "starts/s")
	b.ReportMetric(float64(n)/drained.Seconds(), "reads/s")
	b.ReportMetric(float64(n)/(started+drained).Seconds(), "runs/s")
	b.ReportMetric(float64(r.size())/float64(n), "file-B/run")
	b.ReportMetric(float64(n)/float64(r.sends.Load()), "messages/request")
}

// after does something with the runs behind those that were there before.
func (r *r1) after(do func(from, to int)) func(from, to int) {
	return func(from, to int) { do(r.first+from, r.first+to) }
}

// tabs opens pages of the console as so many tabs do, and follows them. It returns once all are followed. What it returns ends them,
// and says how many bytes they got.
func (r *r1) tabs(n int) (end func() int64) {
	ctx, cancel := context.WithCancel(context.Background())
	var followed, ended sync.WaitGroup
	var heard atomic.Int64
	followed.Add(n)
	for i := range n {
		ended.Go(func() { // ends with ctx
			page := "/console/flows/follow_up?tab=" + strconv.Itoa(i)
			request, err := http.NewRequestWithContext(ctx, "GET", r.api.URL+"/console/live?page="+url.QueryEscape(page), http.NoBody)
			r.check(err)
			response, err := r.client.Do(request)
			followed.Done()
			if err != nil {
				r.tb.Error(err)
				return
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				r.tb.Errorf("%s: %d", page, response.StatusCode)
			}
			got, _ := io.Copy(io.Discard, response.Body) // until it is cancelled
			heard.Add(got)
		})
	}
	followed.Wait()
	return func() int64 {
		cancel()
		ended.Wait()
		return heard.Load()
	}
}

// r1 is an engine with its server, a sink in place of the provider, and a driver.
type r1 struct {
	tb     testing.TB
	size   func() int64 // of the store, in bytes
	store  *store.Store
	server *server.Server
	api    *httptest.Server
	sink   *httptest.Server
	client *http.Client
	refs   sync.Map // run number to its message's reference
	sends  atomic.Int64
	first  int                  // number of the first run that is measured
	opened func(*runner.Runner) // takes the partitions, where the runner has none at first
	cancel context.CancelFunc
	done   chan error
}

const r1Secret = "a secret of the webhooks of R1"

func newR1(tb testing.TB, dir string) *r1 { return newR1Of(tb, dir, 1, "") }

// newR1Of has a store of so many partitions, and a trigger with a key.
func newR1Of(tb testing.TB, dir string, partitions int, key string) *r1 {
	r := &r1{tb: tb, done: make(chan error, 1), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512, MaxConnsPerHost: 512}}}
	r.sink = httptest.NewServer(http.HandlerFunc(r.receive))
	files, err := bolt.OpenAll(dir, partitions)
	r.check(err)
	r.size = files.Size
	all, err := store.OpenAll(files.KVs())
	r.check(err)
	r.store = store.Join(all)
	var parts []runner.Part
	for _, s := range all {
		core, err := s.Engine()
		r.check(err)
		parts = append(parts, runner.Part{Store: s, Core: core})
	}
	run, err := runner.NewOf(parts, runner.Config{Channel: r.channel()})
	r.check(err)
	r.serve(run, key)
	return r
}

func (r *r1) channel() channels.Channel {
	channel, err := appmessaging.New(appmessaging.Config{BaseURL: r.sink.URL, PathPrefix: "/cpaas", Token: "t", Concurrency: 64})
	r.check(err)
	return channel
}

// serve lets the runner work, and deploys the flow.
func (r *r1) serve(run *runner.Runner, key string) {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.done <- run.Run(ctx) }()
	if r.opened != nil {
		r.opened(run)
	}
	s, err := server.New(server.Config{Runner: run, Store: r.store, Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{r1Secret}}},
		Console: func(api http.Handler) (http.Handler, error) {
			c, err := console.New(console.Config{API: api})
			if err != nil {
				return nil, err
			}
			return c.Handler(), nil
		},
	})
	r.check(err)
	r.server, r.api = s, httptest.NewServer(s.Handler())
	_, err = run.Submit(ctx, &engine.Input{Payload: &engine.Deploy{Flows: r1Flow(r.tb, key)}})
	r.check(err)
}

func r1Flow(tb testing.TB, key string) []flows.Bundle {
	project, list := flows.Load(fstest.MapFS{
		"flows/follow_up.yaml": {Data: []byte(`flow: follow_up
trigger: { event: order.shipped` + key + ` }
data: { name: string, order: string, date: string, carrier: string, url: string }
steps:
  - send: shipped
  - wait: [ { read: shipped }, { after: 1h } ]
`)},
		"templates/shipped.yaml": {Data: []byte(`body: "Hello {{ data.name }}, your order {{ data.order }} of {{ data.date }} is on its way with {{ data.carrier }}. Track it at {{ data.url }} - reply STOP to opt out."` + "\n")},
	})
	if list.HasErrors() {
		tb.Fatal(list)
	}
	return []flows.Bundle{project.Flows[0].Bundle}
}

func (r *r1) check(err error) {
	r.tb.Helper()
	if err != nil {
		r.tb.Fatal(err)
	}
}

func (r *r1) stop() {
	r.server.EndLive()
	r.api.Close()
	r.cancel()
	if err := <-r.done; err != nil {
		r.tb.Error(err)
	}
	r.sink.Close()
	r.check(r.store.Close())
}

// receive is the sink: it takes a message, or a batch of them, and notes whose they are.
func (r *r1) receive(w http.ResponseWriter, q *http.Request) {
	r.sends.Add(1)
	raw, _ := io.ReadAll(q.Body)
	w.Header().Set("Content-Type", "application/json")
	if !strings.HasSuffix(q.URL.Path, "/batch") {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"messageId":"m-%d","status":"processing"}`, r.note(raw))
		return
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		r.tb.Error(err)
	}
	var answer []string
	for index, one := range all {
		answer = append(answer, fmt.Sprintf(`{"index":%d,"messageId":"m-%d"}`, index, r.note(one)))
	}
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, "["+strings.Join(answer, ",")+"]")
}

// note keeps the reference of a message under the number of its run.
func (r *r1) note(raw json.RawMessage) (i int) {
	var message struct {
		To       struct{ ProfileID string }
		Metadata struct{ Nudge channels.Ref }
	}
	if err := json.Unmarshal(raw, &message); err != nil {
		r.tb.Error(err)
	}
	fmt.Sscanf(message.To.ProfileID, "u-%d", &i)
	r.refs.Store(i, message.Metadata.Nudge)
	return i
}

// start posts the events of some runs: an array where there are several.
func (r *r1) start(from, to int) {
	r.post("/v1/events", list(from, to, func(i int) string {
		return fmt.Sprintf(`{"type":"order.shipped","profile":"u-%d","data":{"name":"Ada","order":"A-%d","date":"2026-11-22","carrier":"DHL","url":"https://example.org/t/%d"}}`, i, i, i)
	}), "")
}

// read posts that the messages of some runs were read, likewise.
func (r *r1) read(from, to int) {
	body := list(from, to, func(i int) string {
		ref, _ := r.refs.Load(i)
		raw, err := json.Marshal(ref)
		r.check(err)
		return fmt.Sprintf(`{"eventId":"e-%d","name":"message.read","payload":{"id":"m-%d","metadata":{"nudge":%s},"updatedOn":"2026-11-22T10:00:00.000Z"},"timestamp":"2026-11-22T10:00:00.000Z"}`, i, i, raw)
	})
	r.post("/webhooks/comapi", body, appmessaging.Sign(r1Secret, []byte(body)))
}

// list is one JSON value by itself, several as an array.
func list(from, to int, one func(i int) string) string {
	if to-from == 1 {
		return one(from)
	}
	var all []string
	for i := from; i < to; i++ {
		all = append(all, one(i))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func (r *r1) post(path, body, signature string) {
	request, err := http.NewRequest("POST", r.api.URL+path, strings.NewReader(body))
	r.check(err)
	request.Header.Set("Content-Type", "application/json")
	if signature != "" {
		request.Header.Set(appmessaging.SignatureHeader, signature)
	}
	response, err := r.client.Do(request)
	if err != nil {
		r.tb.Error(err)
		return
	}
	answer, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		r.tb.Errorf("%s: %d %s", path, response.StatusCode, answer)
	}
}

// fan calls f with 0 to n, size at a time, from so many goroutines.
func (r *r1) fan(callers, n, size int, f func(from, to int)) {
	var next atomic.Int64
	var done sync.WaitGroup
	take := func() int { return int(next.Add(int64(size))) - size }
	for range callers {
		done.Go(func() {
			for from := take(); from < n; from = take() {
				f(from, min(from+size, n))
			}
		})
	}
	done.Wait()
}

// until polls the numbers of the flow until they are as wanted.
func (r *r1) until(wanted func(*store.VersionCounts) bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		counts, err := r.store.Counts()
		r.check(err)
		if len(counts) == 1 && wanted(counts[0]) {
			return
		}
	}
}
