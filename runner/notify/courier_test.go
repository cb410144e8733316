package notify_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"nudge/engine"
	"nudge/runner"
	"nudge/runner/notify"
	"nudge/store"
	"nudge/store/memory"
)

const (
	oldSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	newSecret = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
)

// got is a request that an endpoint has had.
type got struct {
	at     time.Time
	header http.Header
	body   []byte
}

// endpoint is another system. It answers with the next of its answers, and with the last one from then on.
type endpoint struct {
	mu      sync.Mutex
	answers []func(http.ResponseWriter)
	had     []got
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	answer := e.answers[min(len(e.had), len(e.answers)-1)]
	e.had = append(e.had, got{time.Now(), r.Header, body})
	answer(w)
}

func (e *endpoint) requests() []got {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.had
}

func status(code int, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// world is a store with notices, and a courier that delivers them to an endpoint, in the time of a bubble.
type world struct {
	t       *testing.T
	store   *store.Store
	courier *notify.Courier
	seq     uint64
}

// begin starts a courier for an endpoint. The transport stands in for the network.
func begin(t *testing.T, e *endpoint) *world { return beginHeld(t, e, nil) }

// beginHeld is begin with a courier that may deliver nothing as long as held says so.
func beginHeld(t *testing.T, e *endpoint, held func() bool) *world {
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: s}
	crm := notify.Endpoint{Endpoint: runner.Endpoint{Name: "crm", Types: []engine.NoticeType{engine.NoticeRunEnded}}, URL: "http://crm.example/hook?key=private", Secrets: []string{newSecret, oldSecret}}
	w.courier, err = notify.New(notify.Config{Store: s, Clock: runner.RealClock(), Log: slog.New(slog.DiscardHandler), Endpoints: []notify.Endpoint{crm}, Held: held,
		Settle: func(_ context.Context, results []store.NoticeResult) error { return s.SettleNotices(results) }})
	if err != nil {
		t.Fatal(err)
	}
	notify.UseTransport(w.courier, transport{e})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.courier.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if report, err := s.Check(); err != nil || len(report.Problems) > 0 {
			t.Errorf("the store: %v, %v", report.Problems, err)
		}
	})
	return w
}

// transport carries requests to a handler, without a network.
type transport struct{ h http.Handler }

func (x transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	x.h.ServeHTTP(w, r)
	return w.Result(), nil
}

// happens commits a notice.
func (w *world) happens(data string) {
	w.t.Helper()
	state, err := w.store.State()
	if err != nil {
		w.t.Fatal(err)
	}
	w.seq++
	state.Seq, state.Stamp = w.seq, engine.InstantOf(time.Now())
	n := engine.Notice{Type: engine.NoticeRunEnded, At: state.Stamp, Profile: "ann", Data: json.RawMessage(data)}
	journal := []engine.Journaled{{Seq: w.seq, Stamp: state.Stamp, Input: &engine.Input{Payload: &engine.Event{Type: "x"}}}}
	if err := w.store.Commit(&engine.Batch{State: state, Journal: journal, Notices: []*engine.NoticeTo{{Endpoint: "crm", Notice: n}}}); err != nil {
		w.t.Fatal(err)
	}
	w.courier.Wake()
}

func (w *world) failed() []*store.Notice {
	w.t.Helper()
	all, _, err := w.store.FailedNotices(nil, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// TestDelivery delivers a notice, which any verifier of Standard Webhooks with either secret takes.
func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answers: []func(http.ResponseWriter){status(204)}}
		w := begin(t, e)
		w.happens(`{"run":"r1"}`)
		w.happens(`{"run":"r2"}`)
		synctest.Wait()
		had := e.requests()
		if len(had) != 2 {
			t.Fatalf("the endpoint had %d requests", len(had))
		}
		for _, secret := range []string{oldSecret, newSecret} {
			verifier, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := verifier.VerifyIgnoringTimestamp(had[0].body, had[0].header); err != nil {
				t.Errorf("with %s: %v", secret, err)
			}
			if verifier.VerifyIgnoringTimestamp(append(had[0].body, ' '), had[0].header) == nil {
				t.Error("a changed body is taken")
			}
		}
		var body struct {
			Type, Timestamp string
			Data            struct{ Run string }
		}
		if err := json.Unmarshal(had[0].body, &body); err != nil || body.Type != "run.ended" || body.Data.Run == "" || body.Timestamp == "" {
			t.Errorf("the endpoint had %s, %v", had[0].body, err)
		}
		if a, b := had[0].header.Get("webhook-id"), had[1].header.Get("webhook-id"); a == "" || a == b {
			t.Errorf("the IDs are %q and %q", a, b)
		}
	})
}

// TestHeld holds that notices wait as long as nothing may be delivered, and go out soon after.
func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answers: []func(http.ResponseWriter){status(204)}}
		var over atomic.Bool
		w := beginHeld(t, e, func() bool { return !over.Load() })
		w.happens(`{"run":"r1"}`)
		time.Sleep(time.Hour)
		if n := len(e.requests()); n != 0 {
			t.Fatalf("the endpoint had %d requests", n)
		}
		over.Store(true)
		time.Sleep(10 * time.Second)
		if n := len(e.requests()); n != 1 {
			t.Fatalf("the endpoint had %d requests after that, want 1", n)
		}
	})
}

// TestRetries holds that a notice is tried again as Standard Webhooks recommends, always under the same
// ID, and is given up at last; and that an operator can have it tried again.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answers: []func(http.ResponseWriter){status(500)}}
		w := begin(t, e)
		w.happens(`{}`)
		time.Sleep(100 * time.Hour)
		synctest.Wait()
		var after []string
		had := e.requests()
		for i, r := range had {
			after = append(after, r.at.Sub(had[max(0, i-1)].at).Round(time.Second).String())
			if r.header.Get("webhook-id") != had[0].header.Get("webhook-id") {
				t.Error("an attempt has another ID")
			}
		}
		if got, want := strings.Join(after, " "), "0s 5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s"; got != want {
			t.Errorf("attempts came after %s, want %s", got, want)
		}
		all := w.failed()
		if len(all) != 1 || all[0].Attempts != 10 || all[0].Error != "the endpoint answered 500" {
			t.Fatalf("given up are %+v", all)
		}
		e.mu.Lock()
		e.answers = []func(http.ResponseWriter){status(200)}
		e.mu.Unlock()
		if err := w.store.SettleNotices([]store.NoticeResult{{Notice: all[0], Again: engine.InstantOf(time.Now())}}); err != nil {
			t.Fatal(err)
		}
		w.courier.Wake()
		synctest.Wait()
		if len(e.requests()) != 11 || len(w.failed()) != 0 {
			t.Errorf("tried again: %d requests, given up are %v", len(e.requests()), w.failed())
		}
	})
}

// TestAnswers holds what each answer of an endpoint leads to.
func TestAnswers(t *testing.T) {
	for name, x := range map[string]struct {
		answer func(http.ResponseWriter)
		wait   time.Duration // until it is tried again; 0: it is not
		failed int
	}{
		"taken":         {status(202), 0, 0},
		"gone":          {status(410), 0, 1},
		"elsewhere":     {status(307, "Location", "http://other.example/"), 5 * time.Second, 0},
		"busy":          {status(429, "Retry-After", "3600"), time.Hour, 0},
		"busy for ever": {status(503, "Retry-After", "999999999"), 24 * time.Hour, 0},
		"an odd wish":   {status(503, "Retry-After", "soon"), 5 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &endpoint{answers: []func(http.ResponseWriter){x.answer, status(200)}}
				w := begin(t, e)
				w.happens(`{}`)
				time.Sleep(x.wait + time.Hour)
				synctest.Wait()
				had := e.requests()
				var wait time.Duration
				if len(had) > 1 {
					wait = had[1].at.Sub(had[0].at).Round(time.Second)
				}
				if wait != x.wait || len(w.failed()) != x.failed {
					t.Errorf("it is tried again after %s, want %s; given up are %d, want %d", wait, x.wait, len(w.failed()), x.failed)
				}
			})
		})
	}
}

// TestForgottenNotices holds that nobody is told of a person any more once they are forgotten.
func TestForgottenNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answers: []func(http.ResponseWriter){status(410), status(500)}}
		w := begin(t, e)
		w.happens(`{"profile":"ann"}`)
		synctest.Wait()
		w.happens(`{"profile":"ann"}`)
		synctest.Wait()
		state, err := w.store.State()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.store.Commit(&engine.Batch{State: state, Forgotten: []string{"ann"}}); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			if more, err = w.store.Erase(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(e.requests()) != 2 || len(w.failed()) != 0 {
			t.Errorf("the endpoint had %d requests, given up are %v", len(e.requests()), w.failed())
		}
	})
}
