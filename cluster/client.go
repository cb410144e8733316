package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store/nodes"
)

const (
	noticeTime = time.Second // how long another node may take to take a notice; then it looks by itself
)

// ClientConfig is what a node needs to ask others.
type ClientConfig struct {
	Identity  *Identity
	Directory Directory
	Metrics   *Metrics     // nil: nothing is counted
	Log       *slog.Logger // nil: nothing is logged
}

// Client asks other nodes.
type Client struct {
	config    ClientConfig
	transport *http.Transport
	ctx       context.Context // of what is told; ends with Close
	cancel    context.CancelFunc
	telling   sync.WaitGroup
}

// NewClient returns a client without connections.
func NewClient(config ClientConfig) *Client {
	if config.Metrics == nil {
		config.Metrics = NewMetrics()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{config: config}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.transport = &http.Transport{
		DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			conn, err := config.Identity.dial(ctx, address)
			if err != nil {
				return nil, &unreached{err}
			}
			return conn, nil
		},
		MaxIdleConnsPerHost: 64, IdleConnTimeout: idleTime / 2, DisableCompression: true,
	}
	return c
}

// Close ends what is told, and closes the connections that carry nothing.
func (c *Client) Close() {
	c.cancel()
	c.telling.Wait()
	c.transport.CloseIdleConnections()
}

// unreached is an error before anything was sent.
type unreached struct{ error }

func (u *unreached) Unwrap() error { return u.error }

// ask calls a node. The error is [runner.ErrElsewhere] if nothing was sent, and [runner.ErrUnsure] if nobody knows what the node
// did; otherwise it is the node's own.
func (c *Client) ask(ctx context.Context, what call, to nodes.Node, path string, body []byte) (answer []byte, err error) {
	began := time.Now()
	defer func() { c.config.Metrics.called(what, resultOf(err), time.Since(began)) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+to.Address+path, bytes.NewReader(body))
	if err != nil {
		return nil, c.failed(to, &unreached{err})
	}
	response, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, c.failed(to, err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxMessage))
	if err != nil {
		return nil, c.failed(to, err)
	}
	if response.StatusCode < 300 {
		return answer, nil
	}
	var f fault
	if err := json.Unmarshal(answer, &f); err != nil {
		return nil, c.failed(to, fmt.Errorf("status %d", response.StatusCode))
	}
	return nil, f.error()
}

// failed says what an error of a connection means.
func (c *Client) failed(to nodes.Node, err error) error {
	means := runner.ErrUnsure
	if _, ok := errors.AsType[*unreached](err); ok {
		means = runner.ErrElsewhere
	}
	return fmt.Errorf("%w (node %s at %s: %w)", means, to.Name, to.Address, err)
}

// resultOf says how a call ended.
func resultOf(err error) result {
	_, never := errors.AsType[*unreached](err)
	switch {
	case err == nil:
		return resultDone
	case never:
		return resultUnreached
	case errors.Is(err, runner.ErrElsewhere):
		return resultNotOwner
	case errors.Is(err, runner.ErrBusy):
		return resultBusy
	case errors.Is(err, runner.ErrStopped):
		return resultStopped
	case errors.Is(err, runner.ErrUnsure):
		return resultUnknown
	}
	return resultFailed
}

// owner returns the node that has a partition. If none is known, it looks.
func (c *Client) owner(ctx context.Context, partition int) (nodes.Node, error) {
	n, ok := c.config.Directory.Owner(partition)
	if ok {
		return n, nil
	}
	if err := c.config.Directory.Look(ctx); err != nil {
		return n, fmt.Errorf("%w (%w)", runner.ErrElsewhere, err)
	}
	if n, ok = c.config.Directory.Owner(partition); !ok {
		return n, fmt.Errorf("%w (no node has partition %d)", runner.ErrElsewhere, partition)
	}
	return n, nil
}

// Submit has groups of inputs applied by the node that has their partition; see [runner.Elsewhere]. What was certainly not taken is
// tried once more, after a look at who has the partition now. So is what nobody knows of, if all its inputs have an ID.
func (c *Client) Submit(ctx context.Context, partition int, groups [][]*engine.Input) ([]runner.Outcome, error) {
	outcomes, err := c.submit(ctx, partition, groups)
	if err != nil {
		if !repeatable(err, groups...) || c.config.Directory.Look(ctx) != nil {
			return nil, err
		}
		outcomes, again := c.submit(ctx, partition, groups)
		return outcomes, worse(err, again)
	}
	from := len(groups)
	for from > 0 && repeatable(outcomes[from-1].Err, groups[from-1]) {
		from--
	}
	if from == len(groups) || from > 0 && outcomes[from-1].Err != nil || c.config.Directory.Look(ctx) != nil {
		return outcomes, nil // nothing overtakes a group that failed
	}
	more, again := c.submit(ctx, partition, groups[from:])
	for i := range groups[from:] {
		first := &outcomes[from+i]
		if again != nil {
			first.Err = worse(first.Err, again)
			continue
		}
		*first = runner.Outcome{Answers: more[i].Answers, Err: worse(first.Err, more[i].Err)}
	}
	return outcomes, nil
}

// repeatable reports whether groups that failed so may be sent again.
func repeatable(err error, groups ...[]*engine.Input) bool {
	if err == nil || errors.Is(err, runner.ErrElsewhere) {
		return err != nil
	}
	for _, g := range groups {
		for _, in := range g {
			if in.ID == "" {
				return false
			}
		}
	}
	return errors.Is(err, runner.ErrUnsure) || errors.Is(err, runner.ErrStopped)
}

// worse returns what is known after two attempts. If the first may have been taken, no refusal of the second says that nothing was.
func worse(first, second error) error {
	if second == nil || errors.Is(first, runner.ErrElsewhere) {
		return second
	}
	return first
}

// submit has groups applied, in several calls if they are large. If a later one fails, nothing is sent after it.
func (c *Client) submit(ctx context.Context, partition int, groups [][]*engine.Input) (outcomes []runner.Outcome, err error) {
	to, err := c.owner(ctx, partition)
	if err != nil {
		return nil, err
	}
	for from := 0; from < len(groups); from = len(outcomes) {
		n, inputs := upTo(groups[from:])
		got, err := c.submitOnce(ctx, to, partition, groups[from:from+n], inputs)
		if err == nil {
			outcomes = append(outcomes, got...)
			continue
		}
		if from == 0 {
			return nil, err
		}
		outcomes = append(outcomes, slices.Repeat([]runner.Outcome{{Err: err}}, n)...)
		break
	}
	for len(outcomes) < len(groups) { // they were not sent
		outcomes = append(outcomes, runner.Outcome{Err: runner.ErrElsewhere})
	}
	return outcomes, nil
}

func (c *Client) submitOnce(ctx context.Context, to nodes.Node, partition int, groups [][]*engine.Input, inputs []byte) ([]runner.Outcome, error) {
	head := submitHead{Partition: partition}
	for _, g := range groups {
		head.Sizes = append(head.Sizes, len(g))
	}
	body, err := encodeMessage(head, inputs)
	if err != nil {
		return nil, err
	}
	text, err := c.ask(ctx, callSubmit, to, submitPath, body)
	if err != nil {
		return nil, err
	}
	var answer []outcome
	if err := json.Unmarshal(text, &answer); err != nil || len(answer) != len(groups) {
		return nil, c.failed(to, errMessage)
	}
	outcomes := make([]runner.Outcome, len(answer))
	for i, a := range answer {
		outcomes[i] = runner.Outcome{Answers: a.Answers, Err: a.Error.error()}
		if a.Error == nil && len(a.Answers) != len(groups[i]) {
			return nil, c.failed(to, errMessage)
		}
	}
	return outcomes, nil
}

// HandOver brings a handover, or its first inputs if they are large, to the node that has a partition; see [runner.Elsewhere].
func (c *Client) HandOver(ctx context.Context, to int, h *runner.Handover) (*runner.Taken, error) {
	t, err := c.handOver(ctx, to, h)
	if errors.Is(err, runner.ErrElsewhere) || errors.Is(err, runner.ErrUnsure) {
		if c.config.Directory.Look(ctx) == nil {
			t, err = c.handOver(ctx, to, h)
		}
	}
	return t, err
}

func (c *Client) handOver(ctx context.Context, to int, h *runner.Handover) (*runner.Taken, error) {
	owner, err := c.owner(ctx, to)
	if err != nil {
		return nil, err
	}
	_, inputs := upTo(slices.Collect(slices.Chunk(h.Inputs, 1)))
	body, err := encodeMessage(handOverHead{To: to, Store: h.Store[:], From: h.From, Commands: h.Commands}, inputs)
	if err != nil {
		return nil, err
	}
	text, err := c.ask(ctx, callHandOver, owner, handOverPath, body)
	if err != nil {
		return nil, err
	}
	var answer taken
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, c.failed(owner, errMessage)
	}
	t := &runner.Taken{UpTo: answer.UpTo}
	for _, a := range answer.Answers {
		t.Answers = append(t.Answers, runner.TakenAnswer(a))
	}
	return t, nil
}

// Tell lets the other nodes know something, if they can be reached. It does not wait for them.
func (c *Client) Tell(n Notice) {
	body, err := encodeMessage(n, nil)
	if err != nil {
		return
	}
	for _, to := range c.config.Directory.Others() {
		c.telling.Go(func() {
			ctx, cancel := context.WithTimeout(c.ctx, noticeTime)
			defer cancel()
			if _, err := c.ask(ctx, callNudge, to, noticePath, body); err != nil {
				c.config.Log.Debug("a node could not be told something; it looks by itself", "node", to.Name, "error", err)
			}
		})
	}
}

// Elsewhere is what a runner reaches the other nodes by.
type Elsewhere struct {
	*Client
	Keeper *Keeper
}

var _ runner.Elsewhere = Elsewhere{}

// Has reports whether this node may act for a partition now.
func (e Elsewhere) Has(partition int) bool { return e.Keeper.Holds(partition) }

// Ordered tells the others that there is a new common command.
func (e Elsewhere) Ordered() { e.Tell(Notice{Commands: true}) }

// Lost takes that the loop of a partition has ended by an error.
func (e Elsewhere) Lost(partition int, err error) { e.Keeper.Failed(partition, err) }
