package appmessaging

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nudge/channels"
)

// MaxRequest is the largest request the provider takes, in bytes (Dotdigital,
// batch page: 10 MB of JSON). A larger message is refused without being sent.
const MaxRequest = 10 << 20

// Limits on what is read of an answer. A success echoes its request, so it may
// be somewhat larger than the largest request; an error has a few lines.
const (
	maxAnswer = MaxRequest + 1<<20
	maxError  = 64 << 10
)

// errTimeout is the cause of the end of a context that Send made.
var errTimeout = errors.New("no answer in time")

// Client sends app messages for one account. It is safe for concurrent use.
type Client struct {
	url       *url.URL
	header    http.Header // shared by all requests: a transport must not change it
	transport *http.Transport
	timeout   time.Duration
	secrets   *strings.Replacer // redacts them
}

var _ channels.Channel = (*Client)(nil)

// New returns a client, or an error that names the wrong field of config. It
// connects to nothing.
func New(config Config) (*Client, error) {
	u, err := config.endpoint()
	if err != nil {
		return nil, err
	}
	if err := config.validate(); err != nil {
		return nil, err
	}
	authorization := "Bearer " + config.Token
	secrets := []string{config.Token}
	if config.Token == "" {
		pair := base64.StdEncoding.EncodeToString([]byte(config.User + ":" + config.Password))
		authorization = "Basic " + pair
		secrets = []string{pair, config.Password}
	}
	return &Client{
		url: u,
		header: http.Header{
			"Authorization": {authorization},
			"Content-Type":  {"application/json"},
			"Accept":        {"application/json"},
			"User-Agent":    {"nudge"},
		},
		transport: config.transport(),
		timeout:   cmp.Or(config.Timeout, DefaultTimeout),
		secrets:   redactor(secrets),
	}, nil
}

// Close closes idle connections. Sends under way are not disturbed.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Send posts m once and reports how that ended. It returns soon after ctx ends
// or the timeout passes, whichever is first.
func (c *Client) Send(ctx context.Context, m channels.Message) channels.Result {
	result := c.send(ctx, m)
	if result.Reason != "" {
		result.Reason = c.secrets.Replace(result.Reason)
	}
	return result
}

func (c *Client) send(ctx context.Context, m channels.Message) channels.Result {
	payload, err := encode(m)
	if err != nil {
		return refused("not sent: " + err.Error())
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()

	p := &parcel{data: payload}
	response, err := c.transport.RoundTrip(c.request(ctx, p))
	if err != nil {
		return c.unanswered(ctx, p.seal(), err)
	}
	defer response.Body.Close()
	body, err := read(response)
	if err != nil && response.StatusCode < 300 {
		return unknown(fmt.Sprintf("answered %d, but the answer could not be read: %s",
			response.StatusCode, clip(err.Error())))
	}
	return outcome(response.StatusCode, response.Header, body, time.Now())
}

// request has no GetBody and no Idempotency-Key, because Go's transport takes
// either as leave to post again by itself.
func (c *Client) request(ctx context.Context, p *parcel) *http.Request {
	r := &http.Request{
		Method:        http.MethodPost,
		URL:           c.url,
		Host:          c.url.Host,
		Header:        c.header,
		Body:          p,
		ContentLength: int64(len(p.data)),
	}
	return r.WithContext(ctx)
}

// unanswered is the result of a send that got no response at all.
func (c *Client) unanswered(ctx context.Context, whole bool, err error) channels.Result {
	switch {
	case context.Cause(ctx) == errTimeout:
		err = fmt.Errorf("no answer within %v", c.timeout)
	case ctx.Err() != nil:
		err = errors.New("stopped before the answer came")
	}
	if whole {
		return unknown("sent, but " + clip(err.Error()))
	}
	return channels.Result{Outcome: channels.Deferred, Reason: "not sent: " + clip(err.Error())}
}

// read reads an answer to its end, so that its connection can be used again, or
// to the limit.
func read(response *http.Response) ([]byte, error) {
	limit := int64(maxError)
	if response.StatusCode < 300 {
		limit = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		return body[:limit], fmt.Errorf("it has more than %d bytes", limit)
	}
	return body, err
}

func redactor(secrets []string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		pairs = append(pairs, s, "[redacted]")
	}
	return strings.NewReplacer(pairs...)
}
