package appmessaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"nudge/channels"
	"nudge/lang/trace"
)

// Limits on how much of an answer is read. A success echoes its request, so it may
// be somewhat larger than the largest request; an error has a few lines.
const (
	maxAnswer = maxRequest + 1<<20 // bytes of an answer that takes messages; of a larger one the outcomes are unknown
	maxError  = 64 << 10           // bytes of an answer that refuses; the rest is not read
)

// errTimeout is the cause with which a client's own context ends.
var errTimeout = errors.New("no answer in time")

// answer is the provider's answer to one request.
type answer struct {
	status int
	header http.Header
	body   []byte
	torn   error // why the body is not whole; nil when it is
}

// post posts a payload once. If there is no answer, lost is the result of all messages in
// it; else it is nil.
func (c *Client) post(ctx context.Context, path string, payload []byte) (a answer, lost *channels.Result) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	p := &parcel{data: payload}
	a, err := c.call(ctx, http.MethodPost, path, p)
	if err != nil {
		result := c.unanswered(ctx, p.seal(), err)
		return a, &result
	}
	if a.torn != nil && a.status < 300 {
		result := unknown(fmt.Sprintf("answered %d, but the answer could not be read: %s",
			a.status, clip(a.torn.Error())))
		return a, &result
	}
	return a, nil
}

// call makes one request, with a body if there is one, and reads the answer. Path is
// escaped, and may have a query.
func (c *Client) call(ctx context.Context, method, path string, body *parcel) (answer, error) {
	r, err := c.request(method, path, body)
	if err != nil {
		return answer{}, err
	}
	if t := trace.From(ctx); !t.IsZero() {
		r.Header = maps.Clone(r.Header)
		t.AddTo(r.Header)
	}
	response, err := c.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header}
	a.body, a.torn = read(response)
	return a, nil
}

// request has no GetBody and no Idempotency-Key, because with either of them Go's transport
// may post again by itself.
func (c *Client) request(method, path string, body *parcel) (*http.Request, error) {
	u, err := url.Parse(c.base.String() + path)
	if err != nil {
		return nil, err
	}
	r := &http.Request{Method: method, URL: u, Host: u.Host, Header: c.header}
	if body != nil {
		r.Body, r.ContentLength = body, int64(len(body.data))
	}
	return r, nil
}

// unanswered returns the result of a post without any response.
func (c *Client) unanswered(ctx context.Context, whole bool, err error) channels.Result {
	err = c.ended(ctx, err)
	if whole {
		return unknown("sent, but " + clip(err.Error()))
	}
	return channels.Result{Outcome: channels.Deferred, Reason: "not sent: " + clip(err.Error())}
}

// ended returns why a call got no answer, in our own words if we ended it.
func (c *Client) ended(ctx context.Context, err error) error {
	switch {
	case context.Cause(ctx) == errTimeout:
		return fmt.Errorf("no answer within %v", c.timeout)
	case ctx.Err() != nil:
		return errors.New("stopped before the answer came")
	}
	return err
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
