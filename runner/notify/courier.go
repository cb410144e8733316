// Package notify tells other systems what happens: it delivers the notices of a store to their endpoints, by
// webhooks that are signed as standardwebhooks.com says.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

// Endpoint is another system, and how notices come there.
type Endpoint struct {
	runner.Endpoint
	URL     string
	Secrets []string // whsec_ and base64, at least one; each signs, so that one can follow another
}

// Config is what a courier needs. All of it is required, but for the registry.
type Config struct {
	Store     Reader
	Settle    func(context.Context, []store.NoticeResult) error // notes how attempts ended, and returns once that is durable
	Endpoints []Endpoint
	Clock     runner.Clock
	Log       *slog.Logger
	Registry  prometheus.Registerer // nil: metrics are kept and not registered
	Held      func() bool           // whether nothing may be delivered yet; nil: it may
}

// Reader is what a courier reads.
type Reader interface {
	DueNotices(endpoint string, now engine.Instant, limit int) (due []*store.Notice, next engine.Instant, err error)
}

const (
	// page is how many notices go to an endpoint at the same time.
	page = 16
	// patience is how long an endpoint may take to answer one.
	patience = 15 * time.Second
	// lastWord is how long a stop waits for what was delivered to be noted.
	lastWord = 2 * time.Second
	// heldLook is how often somebody who may deliver nothing looks whether that is over.
	heldLook = 5 * time.Second
	// maxAnswer is how many bytes of an answer are read, so that its connection can be used again.
	maxAnswer = 64 << 10
	// longestWait is the most that an endpoint may ask for by Retry-After.
	longestWait = 24 * time.Hour
)

// waits are the times between attempts, as Standard Webhooks recommends them. After the last one a notice is
// given up.
var waits = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// The results of an attempt, as the metric has them.
const (
	delivered = "delivered"
	retried   = "retried"
	failed    = "failed"
)

// Courier delivers notices.
type Courier struct {
	config  Config
	client  *http.Client
	signers map[string][]*standardwebhooks.Webhook // by the name of the endpoint
	wakes   []chan struct{}                        // capacity 1, one for each endpoint
	failing map[string]*failing                    // by the name of the endpoint
	total   *prometheus.CounterVec
}

// New returns a courier. Its errors are those of secrets, and of metrics that are registered already.
func New(config Config) (*Courier, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = page
	c := &Courier{config: config, signers: map[string][]*standardwebhooks.Webhook{}, failing: map[string]*failing{}, client: &http.Client{
		Timeout:       patience,
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, e := range config.Endpoints {
		for _, secret := range e.Secrets {
			w, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				return nil, fmt.Errorf("endpoint %s: a secret is no base64 behind whsec_", e.Name)
			}
			c.signers[e.Name] = append(c.signers[e.Name], w)
		}
		c.failing[e.Name] = &failing{}
		c.wakes = append(c.wakes, make(chan struct{}, 1))
	}
	c.total = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nudge_notices_total", Help: "Attempts to deliver notices, by endpoint and result: delivered, retried or failed, where failed ones are given up.",
	}, []string{"endpoint", "result"})
	for _, e := range config.Endpoints {
		for _, result := range []string{delivered, retried, failed} {
			c.total.WithLabelValues(e.Name, result)
		}
	}
	if config.Registry == nil {
		return c, nil
	}
	return c, errors.Join(config.Registry.Register(c.total), config.Registry.Register(&lateness{c, prometheus.NewDesc("nudge_notices_late_seconds",
		"How long an endpoint has taken no notice, although there were some; 0 if it took the last one.", []string{"endpoint"}, nil)}))
}

// Wake makes the courier look for new notices. It may be called by anybody and does not block.
func (c *Courier) Wake() {
	for _, w := range c.wakes {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Run delivers notices until ctx ends. An error is one of the store.
func (c *Courier) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	errs := make([]error, len(c.config.Endpoints))
	for i, e := range c.config.Endpoints {
		all.Go(func() {
			if errs[i] = c.serve(ctx, e, c.wakes[i]); errs[i] != nil {
				stop()
			}
		})
	}
	all.Wait()
	c.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// serve delivers the notices for one endpoint.
func (c *Courier) serve(ctx context.Context, e Endpoint, wake <-chan struct{}) error {
	for ctx.Err() == nil {
		now := c.config.Clock.Now()
		due, next, err := c.config.Store.DueNotices(e.Name, engine.InstantOf(now), page)
		if err != nil {
			return err
		}
		held := c.config.Held != nil && c.config.Held()
		if len(due) > 0 && !held {
			if err := c.settle(ctx, c.deliverAll(ctx, e, due)); err != nil {
				return ignoreStop(ctx, err)
			}
			continue
		}
		at := now.Add(time.Hour)
		if next != 0 {
			at = next.Time()
		}
		if held {
			at = now.Add(heldLook)
		}
		timer := c.config.Clock.Wake(at)
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// settle notes results. After a stop an attempt that failed says nothing of its endpoint, so only what was
// delivered is noted then, for as long as the runner takes it.
func (c *Courier) settle(ctx context.Context, results []store.NoticeResult) error {
	if ctx.Err() != nil {
		results = slices.DeleteFunc(results, func(r store.NoticeResult) bool { return r.Error != "" })
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer stop()
	}
	if len(results) == 0 {
		return nil
	}
	return c.config.Settle(ctx, results)
}

// ignoreStop drops the errors of a courier or a runner that is being stopped: what is not noted is
// delivered again.
func ignoreStop(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, runner.ErrStopped) {
		return nil
	}
	return err
}

// deliverAll makes an attempt with each notice, all at the same time.
func (c *Courier) deliverAll(ctx context.Context, e Endpoint, due []*store.Notice) []store.NoticeResult {
	results := make([]store.NoticeResult, len(due))
	var all sync.WaitGroup
	for i, n := range due {
		all.Go(func() { results[i] = c.attempt(ctx, e, n) })
	}
	all.Wait()
	return results
}

// attempt delivers a notice, or says when to try again.
func (c *Courier) attempt(ctx context.Context, e Endpoint, n *store.Notice) store.NoticeResult {
	asked, final, err := c.post(ctx, e, n)
	if ctx.Err() != nil && err != nil {
		return store.NoticeResult{Notice: n, Error: err.Error()} // it is not noted
	}
	if c.failing[e.Name].note(err, c.config.Clock.Now()) {
		c.config.Log.Warn("an endpoint takes no notices", "endpoint", e.Name, "error", err)
	}
	if err == nil {
		c.total.WithLabelValues(e.Name, delivered).Inc()
		return store.NoticeResult{Notice: n}
	}
	result, now := store.NoticeResult{Notice: n, Error: err.Error()}, c.config.Clock.Now()
	if final || n.Attempts >= len(waits) {
		c.total.WithLabelValues(e.Name, failed).Inc()
		c.config.Log.Error("a notice is given up", "endpoint", e.Name, "notice", n.ID, "type", n.Type, "attempts", n.Attempts+1, "error", err)
		result.GaveUp = engine.InstantOf(now)
		return result
	}
	c.total.WithLabelValues(e.Name, retried).Inc()
	result.Again = engine.InstantOf(now.Add(max(waits[n.Attempts], asked)))
	return result
}

// body is what an endpoint gets.
type body struct {
	Type      engine.NoticeType `json:"type"`
	Timestamp engine.Instant    `json:"timestamp"` // when it happened
	Data      json.RawMessage   `json:"data"`
}

// post posts a notice. Its error says why the endpoint has not taken it; asked is how long that wants to be left
// alone, and final that it never will take it.
func (c *Courier) post(ctx context.Context, e Endpoint, n *store.Notice) (asked time.Duration, final bool, err error) {
	payload, err := json.Marshal(body{n.Type, n.At, n.Data})
	if err != nil {
		return 0, true, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(payload))
	if err != nil {
		return 0, true, err
	}
	now := time.Now()
	var signatures []string
	for _, s := range c.signers[e.Name] {
		signature, err := s.Sign(n.ID, now, payload)
		if err != nil {
			return 0, true, err
		}
		signatures = append(signatures, signature)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Nudge")
	request.Header.Set(standardwebhooks.HeaderWebhookID, n.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	response, err := c.client.Do(request)
	if err != nil {
		return 0, false, withoutAddress(err)
	}
	defer response.Body.Close()
	io.CopyN(io.Discard, response.Body, maxAnswer)
	if response.StatusCode/100 == 2 {
		return 0, false, nil
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err == nil && seconds > 0 {
		asked = time.Duration(min(seconds, int(longestWait.Seconds()))) * time.Second
	}
	return asked, response.StatusCode == http.StatusGone, fmt.Errorf("the endpoint answered %d", response.StatusCode)
}

// withoutAddress leaves out the address, which may have a secret in it.
func withoutAddress(err error) error {
	var at *url.Error
	switch {
	case !errors.As(err, &at):
		return err
	case at.Timeout():
		return fmt.Errorf("no answer within %s", patience)
	}
	return at.Err
}

// failing is since when an endpoint has taken nothing. Any goroutine may use it.
type failing struct {
	mu    sync.Mutex
	since time.Time // zero: it took the last notice
}

// note notes how an attempt ended, and reports whether it is the first that failed.
func (f *failing) note(err error, now time.Time) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.since = time.Time{}
	case f.since.IsZero():
		f.since = now
		return true
	}
	return false
}

// lasts returns how long the endpoint has taken nothing.
func (f *failing) lasts(now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.since.IsZero() {
		return 0
	}
	return now.Sub(f.since)
}

// lateness shows how long endpoints have taken nothing.
type lateness struct {
	courier *Courier
	desc    *prometheus.Desc
}

// Describe is for [prometheus.Collector].
func (l *lateness) Describe(to chan<- *prometheus.Desc) { to <- l.desc }

// Collect is for [prometheus.Collector].
func (l *lateness) Collect(to chan<- prometheus.Metric) {
	now := l.courier.config.Clock.Now()
	for name, f := range l.courier.failing {
		to <- prometheus.MustNewConstMetric(l.desc, prometheus.GaugeValue, f.lasts(now).Seconds(), name)
	}
}
