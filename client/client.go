package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultServer is where a server listens when its nudge.yaml has no listen.
const DefaultServer = "http://127.0.0.1:8080"

// maxAnswer is how many bytes of one answer are read; the rest is left out, and the answer is an
// error.
const maxAnswer = 64 << 20

// Config says how to reach a server.
type Config struct {
	Server string         // its URL, without a path of the API; empty: [DefaultServer]
	Token  string         // the bearer token, as nudge.yaml has it; empty: none
	HTTP   *http.Client   // nil: [http.DefaultClient]
	Roots  *x509.CertPool // of the certificates that servers by https may have; nil: those of the system. Without effect beside HTTP
	Masked bool           // what is private is masked in answers, whatever the token may see

	// Retries is how often a request is sent again that got no answer or a temporary problem; 0:
	// never. A change gets an ID or an Idempotency-Key for that, so that it happens once however
	// often it is sent. Streams and reloads are never sent again.
	Retries int
}

// Client talks to one server.
type Client struct {
	server, token string
	http          *http.Client
	retries       int
	masked        bool
}

// New makes a client. It sends nothing. The only error is a Config whose Server is not an
// HTTP URL.
func New(c Config) (*Client, error) {
	server := cmp.Or(c.Server, DefaultServer)
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("client: the server %q is not a URL such as %s", server, DefaultServer)
	}
	if c.HTTP == nil && c.Roots != nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: c.Roots}
		c.HTTP = &http.Client{Transport: transport}
	}
	return &Client{strings.TrimRight(server, "/"), c.Token, cmp.Or(c.HTTP, http.DefaultClient), max(c.Retries, 0), c.Masked}, nil
}

// Server returns the URL of the server, without a slash at its end.
func (c *Client) Server() string { return c.server }

const (
	mediaJSON  = "application/json"
	mediaLines = "application/x-ndjson"
)

// get asks for something and decodes it.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.exchange(ctx, http.MethodGet, path, nil, into)
}

// send sends a value as JSON and decodes the answer.
func (c *Client) send(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return c.exchange(ctx, method, path, raw, into)
}

// sendOnce sends a value that has an ID, or gets one here, so that it happens once however
// often it is sent.
func (c *Client) sendOnce(ctx context.Context, path string, id *string, body, into any) error {
	if *id == "" && c.retries > 0 {
		*id = rand.Text()
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return c.attempts(ctx, *id != "", call{method: http.MethodPost, path: path, body: raw}, into)
}

// exchange makes a request and decodes the answer, unless into is nil. A change that may be
// sent again gets a key, by which the server carries it out once.
func (c *Client) exchange(ctx context.Context, method, path string, body []byte, into any) error {
	request := call{method: method, path: path, body: body}
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if request.key = keyFrom(ctx); request.key == "" && c.retries > 0 {
			request.key = rand.Text()
		}
	}
	return c.attempts(ctx, true, request, into)
}

// call is a request with a body of JSON.
type call struct {
	method, path string
	body         []byte
	key          string // its Idempotency-Key; empty for none
}

// attempts makes a request until it succeeds, fails for good, or was sent again often enough.
func (c *Client) attempts(ctx context.Context, repeatable bool, request call, into any) error {
	pause := firstPause
	for again := c.retries; ; again-- {
		err := c.attempt(ctx, request, into)
		if again == 0 || !mayRepeat(err, repeatable) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

// The pauses before requests are sent again: each is twice as long as the one before.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// mayRepeat reports whether a request that failed may be sent again.
func mayRepeat(err error, repeatable bool) bool {
	var problem *Problem
	var lost *UnreachableError
	var broken *AnswerError
	switch {
	case errors.As(err, &problem):
		return problem.Status == http.StatusTooManyRequests || repeatable && problem.Temporary()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &broken):
		return repeatable && broken.Err != nil
	}
	return repeatable && errors.As(err, &lost)
}

// attempt makes a request once.
func (c *Client) attempt(ctx context.Context, request call, into any) error {
	response, err := c.do(ctx, request.method, request.path, mediaJSON, request.key, bytes.NewReader(request.body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return c.brokenOff(err)
	}
	if into == nil {
		return nil
	}
	if json.Unmarshal(raw, into) != nil {
		return &AnswerError{Server: c.server, Detail: "this is no answer of nudge"}
	}
	return nil
}

// do makes a request. An answer that is a problem becomes an error; the body of any other is
// the caller's to close.
func (c *Client) do(ctx context.Context, method, path, media, key string, body io.Reader) (*http.Response, error) {
	header := http.Header{"Content-Type": {media}}
	if key != "" {
		header.Set("Idempotency-Key", key)
	}
	return c.doWith(ctx, method, path, header, body)
}

// doWith is do with headers.
func (c *Client) doWith(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, body)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	request.Header = header
	if c.masked {
		request.Header.Set("Nudge-Private", "mask")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		return nil, problemOf(response)
	}
	return response, nil
}

// unreachable is an error of the connection, without the method and the URL that net/http
// puts before it.
func (c *Client) unreachable(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return &UnreachableError{Server: c.server, Err: err}
}

// brokenOff is an error in the middle of an answer.
func (c *Client) brokenOff(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &UnreachableError{Server: c.server, Err: err}
	}
	return &AnswerError{Server: c.server, Detail: "the answer broke off", Err: err}
}

// segment is one part of a path. It may hold anything; dots are encoded too, because a path
// made of them means another one.
func segment(text string) string { return strings.ReplaceAll(url.PathEscape(text), ".", "%2E") }
