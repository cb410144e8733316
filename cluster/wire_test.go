package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
	"nudge/runner"
	"nudge/store/nodes"
)

const secret = "0123456789abcdef0123456789abcdef"

func identity(t *testing.T, store string, secrets ...string) *Identity {
	t.Helper()
	id, err := NewIdentity(store, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// directory is what nodes of these tests know of each other.
type directory struct {
	mu    sync.Mutex
	owner string // address of the node that has all partitions, as known before a look; "": nobody
	found string // likewise, after one; "": no look helps
	holds bool
	looks int
}

func (d *directory) Holds(int) bool { d.mu.Lock(); defer d.mu.Unlock(); return d.holds }

func (d *directory) Owner(int) (nodes.Node, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return nodes.Node{ID: "b", Name: "b", Address: d.owner}, d.owner != ""
}

func (d *directory) Node(id nodes.ID) (nodes.Node, bool) {
	n, _ := d.Owner(0)
	return n, id == "b"
}

func (d *directory) Others() []nodes.Node { n, _ := d.Owner(0); return []nodes.Node{n} }

func (d *directory) Look(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	if d.found != "" {
		d.owner = d.found
	}
	return nil
}

// local is the runner of a node in these tests.
type local struct {
	mu       sync.Mutex
	applied  [][]*engine.Input
	handed   []*runner.Handover
	apply    func(context.Context, [][]*engine.Input) ([]runner.Outcome, error) // nil: all are taken
	takeOver func(*runner.Handover) (*runner.Taken, error)
}

func (l *local) Apply(ctx context.Context, partition int, groups [][]*engine.Input) ([]runner.Outcome, error) {
	l.mu.Lock()
	l.applied = append(l.applied, groups...)
	l.mu.Unlock()
	if l.apply != nil {
		return l.apply(ctx, groups)
	}
	return answersTo(partition, groups), nil
}

// answersTo are answers that name the partition and the inputs.
func answersTo(partition int, groups [][]*engine.Input) (all []runner.Outcome) {
	for _, g := range groups {
		var o runner.Outcome
		for _, in := range g {
			o.Answers = append(o.Answers, engine.Answer{ID: in.ID, Ignored: fmt.Sprint(partition), Decisions: []engine.Decision{{Flow: "f", Run: "r", Action: engine.DidStart}}})
		}
		all = append(all, o)
	}
	return all
}

func (l *local) TakeHandover(_ context.Context, to int, h *runner.Handover) (*runner.Taken, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handed = append(l.handed, h)
	if l.takeOver != nil {
		return l.takeOver(h)
	}
	t := &runner.Taken{}
	for _, in := range h.Inputs {
		t.UpTo = in.Origin.Number
		t.Answers = append(t.Answers, runner.TakenAnswer{Number: in.Origin.Number, Answer: engine.Answer{Ignored: fmt.Sprint(to)}})
	}
	return t, nil
}

func (l *local) times() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.applied) }

// link is a node that asks, and one that answers.
type link struct {
	*Client
	asks, answers *directory
	local         *local
	address       string
	metrics       *Metrics
}

// connect makes both. The listener may be edited, as may what the one that answers needs.
func connect(t *testing.T, edit ...func(*ServerConfig)) *link {
	t.Helper()
	x := &link{asks: &directory{}, answers: &directory{holds: true}, local: &local{}, metrics: NewMetrics()}
	config := ServerConfig{Identity: identity(t, "s", secret), Directory: x.answers, Local: x.local}
	for _, f := range edit {
		f(&config)
	}
	x.address = serve(t, config)
	x.asks.owner = x.address
	x.Client = client(t, x.asks, x.metrics, identity(t, "s", secret))
	return x
}

func client(t *testing.T, d *directory, m *Metrics, id *Identity) *Client {
	c := NewClient(ClientConfig{Identity: id, Directory: d, Metrics: m})
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, config ServerConfig) (address string) {
	t.Helper()
	s := NewServer(config)
	l := listen(t)
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(ctx)
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// closedAddress is one where nobody listens.
func closedAddress(t *testing.T) string {
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func event(id string) []*engine.Input {
	return []*engine.Input{{ID: id, Payload: &engine.Event{Type: "told", Profile: "ann", Data: json.RawMessage(`{"n":1}`), From: "shop"}}}
}

func (x *link) submit(t *testing.T, groups ...[]*engine.Input) ([]runner.Outcome, error) {
	return x.Submit(t.Context(), 3, groups)
}

// forwards is how many calls ended so.
func (x *link) forwards(c call, r result) int {
	return counted(x.metrics.forwards.WithLabelValues(string(c), string(r)))
}

// counted is the value of a counter.
func counted(c prometheus.Collector) int {
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	all, _ := reg.Gather()
	return int(all[0].GetMetric()[0].GetCounter().GetValue())
}

// TestSubmit holds that inputs come to the other node as they are, and answers back.
func TestSubmit(t *testing.T) {
	x := connect(t)
	groups := [][]*engine.Input{append(event("e1"), event("")...), event("e2")}
	got, err := x.submit(t, groups...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answersTo(3, groups), got); diff != "" {
		t.Errorf("answers (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(groups, x.local.applied, cmpopts.IgnoreUnexported(engine.Event{})); diff != "" {
		t.Errorf("inputs (-sent +taken)\n%s", diff)
	}
	if x.asks.looks != 0 || x.forwards(callSubmit, resultDone) != 1 {
		t.Errorf("it looked %d times, and called %d times", x.asks.looks, x.forwards(callSubmit, resultDone))
	}
}

// TestErrorsOfNodes holds that errors of another node are the same ones here, and which of them are tried again.
func TestErrorsOfNodes(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		want   error
		tries  int // with IDs
		result result
	}{
		"not the owner": {nodes.ErrNotOwner, runner.ErrElsewhere, 2, resultNotOwner},
		"elsewhere":     {runner.ErrElsewhere, nodes.ErrNotOwner, 2, resultNotOwner},
		"busy":          {fmt.Errorf("queue: %w", runner.ErrBusy), runner.ErrBusy, 1, resultBusy},
		"stopped":       {runner.ErrStopped, runner.ErrStopped, 2, resultStopped},
		"unsure":        {runner.ErrUnsure, runner.ErrUnsure, 2, resultUnknown},
		"anything else": {errors.New("the disk is gone"), runner.ErrUnsure, 2, resultUnknown},
	} {
		for _, whole := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", whole: ", whole), func(t *testing.T) {
				x := connect(t)
				x.local.apply = func(_ context.Context, groups [][]*engine.Input) ([]runner.Outcome, error) {
					if whole {
						return nil, test.err
					}
					return []runner.Outcome{{Err: test.err}}, nil
				}
				got, err := x.submit(t, event("e1"))
				if !whole && err == nil {
					err = got[0].Err
				}
				if !errors.Is(err, test.want) {
					t.Errorf("got %v, want: %v", err, test.want)
				}
				if n := x.local.times(); n != test.tries {
					t.Errorf("it was tried %d times, want %d", n, test.tries)
				}
				if whole && x.forwards(callSubmit, test.result) != test.tries {
					t.Errorf("%d calls are counted as %s", x.forwards(callSubmit, test.result), test.result)
				}
				if test.want == runner.ErrElsewhere || test.tries == 1 {
					return
				}
				x.local.applied = nil
				if x.submit(t, event("e1"), event("")); x.local.times() > 3 && name != "elsewhere" {
					t.Errorf("what has no ID was tried again: %d groups were", x.local.times())
				}
			})
		}
	}
}

// TestTail holds that of several groups only those are tried again that nobody took, and none overtakes another.
func TestTail(t *testing.T) {
	x := connect(t)
	x.local.apply = func(_ context.Context, groups [][]*engine.Input) ([]runner.Outcome, error) {
		all := answersTo(3, groups)
		if len(groups) == 4 {
			all[1] = runner.Outcome{Err: runner.ErrElsewhere} // one after it was taken: it stays as it is
			all[3] = runner.Outcome{Err: runner.ErrElsewhere}
		}
		return all, nil
	}
	got, err := x.submit(t, event("e0"), event("e1"), event("e2"), event(""))
	if err != nil {
		t.Fatal(err)
	}
	var failed []bool
	for _, o := range got {
		failed = append(failed, o.Err != nil)
	}
	if want := []bool{false, true, false, false}; !cmp.Equal(failed, want) {
		t.Errorf("failed: %v, want %v", failed, want)
	}
	if n := x.local.times(); n != 5 {
		t.Errorf("%d groups came, want 5", n)
	}
}

// TestLargeGroups holds that groups which are large come in several calls, and that what one of them does not take is not sent again
// behind it.
func TestLargeGroups(t *testing.T) {
	x := connect(t)
	large := func(id string) []*engine.Input {
		return []*engine.Input{{ID: id, Payload: &engine.Event{Type: "told", Profile: "ann", Data: json.RawMessage(`"` + strings.Repeat("x", maxRequest/2) + `"`)}}}
	}
	groups := [][]*engine.Input{event("e0"), large("e1"), large("e2"), event("e3")}
	x.local.apply = func(_ context.Context, groups [][]*engine.Input) ([]runner.Outcome, error) {
		if x.local.times() > 2 {
			return nil, runner.ErrBusy
		}
		return answersTo(3, groups), nil
	}
	got, err := x.submit(t, groups...)
	if err != nil || got[1].Err != nil || !errors.Is(got[2].Err, runner.ErrBusy) || !errors.Is(got[3].Err, runner.ErrBusy) {
		t.Errorf("when the second call fails: %v, %v, %v, %v", err, got[1].Err, got[2].Err, got[3].Err)
	}
}

// TestMoved holds that a partition is looked for where it is now: its old node is gone, or says that it has it no more.
func TestMoved(t *testing.T) {
	for name, old := range map[string]func(*testing.T) string{
		"the node is gone": closedAddress,
		"the node has it no more": func(t *testing.T) string {
			return serve(t, ServerConfig{Identity: identity(t, "s", secret), Directory: &directory{owner: "10.0.0.9:1"}, Local: &local{}})
		},
		"nobody was known": func(*testing.T) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			x := connect(t)
			x.asks.owner, x.asks.found = old(t), x.address
			if _, err := x.submit(t, event("")); err != nil {
				t.Error(err)
			}
			if x.asks.looks != 1 || x.local.times() != 1 {
				t.Errorf("it looked %d times, and %d groups came", x.asks.looks, x.local.times())
			}
			x.asks.owner, x.asks.found = old(t), ""
			_, err := x.submit(t, event(""))
			if !errors.Is(err, runner.ErrElsewhere) {
				t.Errorf("when no look helps: got %v, want: %v", err, runner.ErrElsewhere)
			}
		})
	}
}

// TestOwnerIsNamed holds that a node which does not have a partition says who has it.
func TestOwnerIsNamed(t *testing.T) {
	x := connect(t)
	x.answers.holds, x.answers.owner = false, "10.0.0.9:1"
	_, err := x.submit(t, event("e1"))
	e, ok := errors.AsType[*remoteError](err)
	if !ok || e.Owner != "10.0.0.9:1" || !strings.Contains(err.Error(), e.Owner) {
		t.Errorf("got %v", err)
	}
}

// TestUnsureStays holds that a second attempt which was certainly not taken does not make the first one certain.
func TestUnsureStays(t *testing.T) {
	x := connect(t)
	x.local.apply = func(context.Context, [][]*engine.Input) ([]runner.Outcome, error) {
		if x.local.times() == 1 {
			return nil, runner.ErrUnsure
		}
		return nil, runner.ErrElsewhere
	}
	if _, err := x.submit(t, event("e1")); !errors.Is(err, runner.ErrUnsure) || errors.Is(err, runner.ErrElsewhere) {
		t.Errorf("got %v, want: %v", err, runner.ErrUnsure)
	}
}

// TestStrangers holds that nobody is asked, and nobody answered, who does not prove that they belong to the cluster.
func TestStrangers(t *testing.T) {
	const other = "another secret, which is as long as that one"
	for name, test := range map[string]struct {
		asks, answers *Identity
		well          bool
	}{
		"one secret":                         {identity(t, "s", secret), identity(t, "s", secret), true},
		"another secret":                     {identity(t, "s", other), identity(t, "s", secret), false},
		"another store":                      {identity(t, "z", secret), identity(t, "s", secret), false},
		"a new secret, first taken":          {identity(t, "s", secret), identity(t, "s", other, secret), true},
		"a new secret, then proved":          {identity(t, "s", other, secret), identity(t, "s", other, secret), true},
		"a new secret that nobody takes yet": {identity(t, "s", other, secret), identity(t, "s", secret), false},
	} {
		t.Run(name, func(t *testing.T) {
			x := connect(t, func(c *ServerConfig) { c.Identity = test.answers })
			c := client(t, x.asks, nil, test.asks)
			_, err := c.Submit(t.Context(), 3, [][]*engine.Input{event("e1")})
			switch {
			case test.well && err != nil:
				t.Error(err)
			case !test.well && (!errors.Is(err, ErrStranger) || !errors.Is(err, runner.ErrElsewhere)):
				t.Errorf("got %v, want: %v", err, ErrStranger)
			case !test.well && x.local.times() > 0:
				t.Error("it was taken")
			}
		})
	}
	if _, err := NewIdentity("s", "short"); err == nil {
		t.Error("a short secret is taken")
	}
	if _, err := NewIdentity("s"); err == nil {
		t.Error("no secret is taken")
	}
}

// between is somebody between two nodes who has the connection of either, and passes on what they say.
func between(t *testing.T, address string) string {
	l := listen(t)
	stranger := identity(t, "s", strings.Repeat("?", minSecret))
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				in := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{stranger.certificate}})
				defer in.Close()
				out, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
				if err != nil {
					return
				}
				work.Go(func() { io.Copy(out, in); out.Close() })
				io.Copy(in, out)
			})
		}
	})
	return l.Addr().String()
}

// TestManInTheMiddle holds that somebody between two nodes is noticed, though both of them know the secret.
func TestManInTheMiddle(t *testing.T) {
	x := connect(t)
	x.asks.owner = between(t, x.address)
	if _, err := x.submit(t, event("e1")); !errors.Is(err, ErrStranger) {
		t.Errorf("got %v, want: %v", err, ErrStranger)
	}
	if x.local.times() > 0 {
		t.Error("it was taken")
	}
}

// TestImpostor holds that a node asks nobody who cannot prove to know the secret: one that sends something, or what it was sent.
func TestImpostor(t *testing.T) {
	for name, answer := range map[string]func(proof []byte) []byte{
		"something":       func([]byte) []byte { return make([]byte, proofBytes) },
		"its own proof":   func(proof []byte) []byte { return proof },
		"nothing":         func([]byte) []byte { return nil },
		"half of a proof": func(proof []byte) []byte { return proof[:proofBytes/2] },
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			defer l.Close()
			var asked atomic.Int64
			var work sync.WaitGroup
			work.Go(func() {
				raw, err := l.Accept()
				if err != nil {
					return
				}
				c := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{identity(t, "s", strings.Repeat("?", minSecret)).certificate}})
				defer c.Close()
				proof := make([]byte, proofBytes)
				io.ReadFull(c, proof)
				c.Write(answer(proof))
				c.CloseWrite()
				n, _ := io.Copy(io.Discard, c)
				asked.Store(n)
			})
			d := &directory{owner: l.Addr().String(), found: closedAddress(t)}
			_, err := client(t, d, nil, identity(t, "s", secret)).submit(t.Context(), 3, [][]*engine.Input{event("e1")})
			work.Wait()
			if !errors.Is(err, ErrStranger) || asked.Load() > 0 {
				t.Errorf("got %v after %d bytes, want: %v", err, asked.Load(), ErrStranger)
			}
		})
	}
}

// TestSilentStranger holds that a connection which says nothing holds nobody up, and that one which speaks no TLS is closed.
func TestSilentStranger(t *testing.T) {
	x := connect(t)
	says := append(make([]string, maxUnproven), "GET / HTTP/1.1\r\n\r\n") // more than have a place
	for _, says := range says {
		c, err := net.Dial("tcp", x.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, says)
	}
	if _, err := x.submit(t, event("e1")); err != nil {
		t.Error(err)
	}
}

// cutter is a way to a node that ends after some bytes of its answer.
func cutter(t *testing.T, address string, cut *atomic.Int64) string {
	l := listen(t)
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", address)
			if err != nil {
				in.Close()
				continue
			}
			work.Go(func() { io.Copy(out, in); out.Close() })
			work.Go(func() {
				io.CopyN(in, out, cut.Load())
				in.Close()
				out.Close()
			})
		}
	})
	return l.Addr().String()
}

// TestCutAnswer holds what follows when the connection ends in the middle of an answer: nobody knows whether it was taken, so only
// what has an ID is sent again.
func TestCutAnswer(t *testing.T) {
	x := connect(t)
	long := strings.Repeat("x", 100_000)
	x.local.apply = func(_ context.Context, groups [][]*engine.Input) ([]runner.Outcome, error) {
		return []runner.Outcome{{Answers: []engine.Answer{{Ignored: long}}}}, nil
	}
	var cut atomic.Int64
	cut.Store(50_000)
	x.asks.owner = cutter(t, x.address, &cut)
	_, err := x.submit(t, event(""))
	if !errors.Is(err, runner.ErrUnsure) || errors.Is(err, runner.ErrElsewhere) {
		t.Errorf("got %v, want: %v", err, runner.ErrUnsure)
	}
	if n := x.local.times(); n != 1 {
		t.Errorf("without an ID it was sent %d times", n)
	}
	x.asks.found = x.address
	got, err := x.submit(t, event("e1"))
	if err != nil || got[0].Answers[0].Ignored != long {
		t.Errorf("with an ID: %v", err)
	}
	if n := x.local.times(); n != 3 {
		t.Errorf("%d groups came in all, want 3", n)
	}
}

// TestLateAnswer holds that an answer which comes too late is not waited for, and that nobody knows what became of the inputs.
func TestLateAnswer(t *testing.T) {
	x := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	noticed := make(chan struct{})
	x.local.apply = func(ctx context.Context, _ [][]*engine.Input) ([]runner.Outcome, error) {
		cancel()
		<-ctx.Done() // the connection was closed
		close(noticed)
		return nil, ctx.Err()
	}
	_, err := x.Submit(ctx, 3, [][]*engine.Input{event("")})
	if !errors.Is(err, runner.ErrUnsure) {
		t.Errorf("got %v, want: %v", err, runner.ErrUnsure)
	}
	<-noticed
}

func handover(bytes int, numbers ...uint64) *runner.Handover {
	h := &runner.Handover{Store: engine.Installation{1, 2, 3, 4, 5, 6, 7, 8}, From: 2, Commands: 7}
	for _, n := range numbers {
		h.Inputs = append(h.Inputs, &engine.Input{Origin: &engine.Origin{From: 2, Number: n},
			Payload: &engine.Event{Type: "told", Profile: "ann", Data: json.RawMessage(`"` + strings.Repeat("x", bytes) + `"`)}})
	}
	return h
}

// TestHandOver holds that a handover comes as it is, and once more if the answer was lost; one that is large comes in parts.
func TestHandOver(t *testing.T) {
	x := connect(t)
	h := handover(10, 5, 6)
	got, err := x.HandOver(t.Context(), 3, h)
	if err != nil {
		t.Fatal(err)
	}
	want := &runner.Taken{UpTo: 6, Answers: []runner.TakenAnswer{{Number: 5, Answer: engine.Answer{Ignored: "3"}}, {Number: 6, Answer: engine.Answer{Ignored: "3"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(h, x.local.handed[0], cmpopts.IgnoreUnexported(engine.Event{})); diff != "" {
		t.Errorf("handover (-sent +taken)\n%s", diff)
	}
	if got, err = x.HandOver(t.Context(), 3, handover(maxRequest/2, 7, 8)); err != nil || got.UpTo != 8-1 {
		t.Errorf("a large one: up to %v, %v", got, err)
	}
	for _, refused := range []error{runner.ErrGap, runner.ErrBehind, runner.ErrBusy} {
		x.local.takeOver = func(*runner.Handover) (*runner.Taken, error) { return nil, fmt.Errorf("no: %w", refused) }
		if _, err := x.HandOver(t.Context(), 3, h); !errors.Is(err, refused) {
			t.Errorf("got %v, want: %v", err, refused)
		}
	}
	x.local.handed = nil
	x.local.takeOver = func(*runner.Handover) (*runner.Taken, error) {
		if len(x.local.handed) == 1 {
			return nil, errors.New("the answer is lost")
		}
		return &runner.Taken{UpTo: 6}, nil
	}
	if got, err := x.HandOver(t.Context(), 3, h); err != nil || got.UpTo != 6 {
		t.Errorf("the second time: %v, %v", got, err)
	}
	x.local.takeOver = nil
	if _, err := x.HandOver(t.Context(), 3, &runner.Handover{Inputs: event("e1")}); !errors.Is(err, errMessage) {
		t.Errorf("a handover without numbers: %v", err)
	}
}

// TestTell holds that a notice comes to the other nodes, and that one which is gone holds nobody up.
func TestTell(t *testing.T) {
	heard := make(chan Notice, 1)
	x := connect(t, func(c *ServerConfig) { c.Hear = func(n Notice) { heard <- n } })
	want := Notice{Commands: true, Released: []int{3}, Leaving: "a"}
	x.Tell(want)
	if diff := cmp.Diff(want, <-heard); diff != "" {
		t.Errorf("(-told +heard)\n%s", diff)
	}
	x.asks.owner = closedAddress(t)
	x.Tell(want)
	x.telling.Wait()
	if n := x.forwards(callNudge, resultUnreached); n != 1 {
		t.Errorf("%d notices did not arrive, want 1", n)
	}
}

// TestBrokenMessages holds that no message which is cut or changed is taken.
func TestBrokenMessages(t *testing.T) {
	x := connect(t)
	whole, err := encodeMessage(submitHead{Partition: 3, Sizes: []int{1}}, encodeInputs(nil, event("e1")))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{config: ServerConfig{Directory: x.answers, Local: x.local}}
	if _, err := s.submit(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := s.submit(t.Context(), whole[:n]); err == nil {
			t.Errorf("the first %d bytes of %d are taken", n, len(whole))
		}
	}
	for name, head := range map[string]submitHead{
		"a group too many": {Sizes: []int{1, 1}}, "an empty group": {Sizes: []int{0, 1}}, "no group": {}, "a group of less than nothing": {Sizes: []int{-1, 2}},
	} {
		body, _ := encodeMessage(head, encodeInputs(nil, event("e1")))
		if _, err := s.submit(t.Context(), body); !errors.Is(err, errMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{submitPath, handOverPath, noticePath} {
		_, err := x.ask(t.Context(), callSubmit, nodes.Node{Address: x.address}, path, bytes.Repeat([]byte{255}, 40))
		if !errors.Is(err, errMessage) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := x.ask(t.Context(), callSubmit, nodes.Node{Address: x.address}, "/else", nil); !errors.Is(err, runner.ErrUnsure) {
		t.Errorf("a path of another version: %v", err)
	}
}
