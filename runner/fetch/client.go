package fetch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"nudge/flows"
	"nudge/lang/trace"
)

// DefaultMaxBody is how large an answer may be, in bytes, unless Config says.
const DefaultMaxBody = 256 << 10

// Limits of the client that need no setting.
const (
	maxHeader   = 64 << 10 // bytes of the headers of an answer to a fetch; a larger one counts as no answer
	maxIdle     = 256      // connections kept for the next request
	idleTimeout = 30 * time.Second
)

// Config says how a client works.
type Config struct {
	Allow     []Allowed // what may be asked although it is not public; nil: nothing
	MaxBody   int64     // bytes of an answer; 0: DefaultMaxBody
	UserAgent string    // where a request names none; empty: nudge
}

// Client makes requests. It is safe for concurrent use.
type Client struct {
	config Config
	client *http.Client
}

// New returns a client. Close it when it is no longer needed.
func New(config Config) *Client {
	config.MaxBody = cmp.Or(config.MaxBody, DefaultMaxBody)
	config.UserAgent = cmp.Or(config.UserAgent, "nudge")
	c := &Client{config: config}
	c.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would connect for us, unseen
			DialContext:            c.dial,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // MaxBody is what arrives and what is kept
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConns:           maxIdle,
			IdleConnTimeout:        idleTimeout,
			TLSHandshakeTimeout:    10 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// Close closes the connections that no request is using.
func (c *Client) Close() { c.client.CloseIdleConnections() }

// Do makes a request once and returns the status of the answer and its body, compact,
// or nil where that is not JSON. The timeout covers everything, the body too, on the
// real clock. An error is an *[Error], unless ctx ended: then it is ctx's.
func (c *Client) Do(ctx context.Context, r flows.FetchRequest, timeout time.Duration) (int, json.RawMessage, error) {
	answer, err := c.Ask(ctx, r, timeout)
	if err != nil {
		return 0, nil, err
	}
	return answer.Status, answer.JSON, nil
}

// Answer is what a service answered.
type Answer struct {
	Status int
	Header http.Header
	JSON   json.RawMessage // the body, compact; nil where that is not JSON
}

// Ask makes a request as Do does, and returns the headers of the answer, too.
func (c *Client) Ask(ctx context.Context, r flows.FetchRequest, timeout time.Duration) (*Answer, error) {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := c.request(within, r)
	if err != nil {
		return nil, err
	}
	answer, err := c.do(request)
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		err = noAnswerWithin(timeout)
	}
	return nil, at(request.Method, request.URL, err)
}

func (c *Client) do(request *http.Request) (*Answer, error) {
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, c.config.MaxBody+1))
	if err == nil && int64(len(raw)) > c.config.MaxBody {
		err = &Error{Why: TooLarge}
	}
	return &Answer{response.StatusCode, response.Header, compact(raw)}, err
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// request makes what is sent. There is no GetBody, so that nothing is sent twice.
func (c *Client) request(ctx context.Context, r flows.FetchRequest) (*http.Request, error) {
	u, err := url.Parse(r.URL)
	switch {
	case !slices.Contains(methods, r.Method):
		return nil, &Error{Why: BadRequest, detail: "the method must be GET, POST, PUT, PATCH or DELETE"}
	case err != nil:
		return nil, &Error{Why: BadRequest, detail: "the URL does not parse"}
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, &Error{Why: BadRequest, detail: "the URL must begin with https:// or http:// and name a host"}
	case u.User != nil:
		return nil, &Error{Why: BadRequest, detail: "the URL holds a user or password; they belong in a header"}
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && a.Is4In6() {
		return nil, at(r.Method, u, &Error{Why: NotPublic, detail: "an IPv4 address is not written as IPv6"})
	}
	var body io.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return nil, &Error{Why: BadRequest, detail: "the URL does not parse"}
	}
	request.GetBody = nil
	request.Header.Set("User-Agent", c.config.UserAgent)
	request.Header.Set("Accept", "application/json")
	for _, h := range r.Headers {
		if !isHeader(h) {
			return nil, at(r.Method, u, &Error{Why: BadRequest, detail: "a header has a name or value that HTTP does not allow"})
		}
		request.Header.Set(h.Name, h.Value)
	}
	if request.Header.Get(trace.ParentHeader) == "" { // the flow may say its own
		trace.From(ctx).AddTo(request.Header)
	}
	return request, nil
}

// isHeader reports whether a header can be sent.
func isHeader(h flows.Header) bool {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return h.Name != "" && !strings.ContainsFunc(h.Name, odd) && !strings.ContainsFunc(h.Value, control)
}

// dial connects to a host, at an address that may be asked.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	named := slices.ContainsFunc(c.config.Allow, func(a Allowed) bool { return a.names(host) })
	dialer := net.Dialer{Control: func(_, resolved string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return &Error{Why: NotPublic}
		}
		return c.check(to.Addr(), named)
	}}
	return dialer.DialContext(ctx, network, address)
}

// check reports whether an address may not be connected to. Named: its host is allowed
// by its name.
func (c *Client) check(a netip.Addr, named bool) error {
	a = a.Unmap().WithZone("")
	sort := kindOf(a)
	if sort == "" || named && (sort == loopback || sort == private || sort == shared) {
		return nil
	}
	if slices.ContainsFunc(c.config.Allow, func(ok Allowed) bool { return ok.prefix.Contains(a) }) {
		return nil
	}
	return &Error{Why: NotPublic, detail: "it is " + string(sort) + " address"}
}

// compact is JSON without its white space, or nil for what is not JSON.
func compact(raw []byte) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

// noAnswerWithin is the error of a request that took too long.
func noAnswerWithin(timeout time.Duration) error {
	return &Error{Why: NoAnswer, detail: "within " + timeout.String()}
}

// at names the scheme and host of a request beside what is wrong with it.
func at(method string, u *url.URL, err error) error {
	var known *Error
	if !errors.As(err, &known) {
		known = unanswered(err)
	}
	known.request = method + " " + u.Scheme + "://" + u.Host
	return known
}
