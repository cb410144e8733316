package appmessaging

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nudge/channels"
)

// maxRequest is how many bytes of messages one request may have; a batch is divided, and a single
// message that is larger fails without being sent. The provider takes 10 MB of JSON (Dotdigital,
// batch page).
const maxRequest = 10 << 20

// Client sends app messages for one account. It is safe for concurrent use.
type Client struct {
	base      url.URL     // scheme, host and the prefix of all paths
	header    http.Header // shared by all requests: a transport must not change it
	transport *http.Transport
	timeout   time.Duration
	batch     int
	secrets   *strings.Replacer // redacts them
}

var (
	_ channels.Batcher = (*Client)(nil)
	_ channels.Asker   = (*Client)(nil)
)

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
	authorization := "Bearer " + string(config.Token)
	secrets := []string{string(config.Token)}
	if config.Token == "" {
		pair := base64.StdEncoding.EncodeToString([]byte(config.User + ":" + string(config.Password)))
		authorization = "Basic " + pair
		secrets = []string{pair, string(config.Password)}
	}
	return &Client{
		base: *u,
		header: http.Header{
			"Authorization": {authorization},
			"Content-Type":  {"application/json"},
			"Accept":        {"application/json"},
			"User-Agent":    {"nudge"},
		},
		transport: config.transport(),
		timeout:   cmp.Or(config.Timeout, defaultTimeout),
		batch:     cmp.Or(config.Batch, defaultBatch),
		secrets:   redactor(secrets),
	}, nil
}

// Close closes idle connections. Sends under way are not disturbed.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Format writes only the account's address for every verb, because the fields hold secrets.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.base.String()) }

// LogValue keeps secrets out of logs.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.base.String()) }

// Send posts m once and returns the outcome. It returns soon after ctx ends
// or the timeout passes, whichever is first.
func (c *Client) Send(ctx context.Context, m channels.Message) channels.Result {
	payload, err := encode(m)
	if err != nil {
		return c.redacted(refused("not sent: " + err.Error()))
	}
	return c.redacted(c.send(ctx, payload))
}

// send posts one encoded message.
func (c *Client) send(ctx context.Context, payload []byte) channels.Result {
	a, lost := c.post(ctx, "/messages", payload)
	if lost != nil {
		return *lost
	}
	return outcome(a, time.Now())
}

// redacted returns the result without any secret in its reason, even if the provider
// repeated one.
func (c *Client) redacted(r channels.Result) channels.Result {
	if r.Reason != "" {
		r.Reason = c.secrets.Replace(r.Reason)
	}
	return r
}

func redactor(secrets []string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		pairs = append(pairs, s, "[redacted]")
	}
	return strings.NewReplacer(pairs...)
}
