package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's choice
	"encoding/hex"
	"io"
	"net/http"
	"time"
)

// Deadline is how long a receiver may take to answer a webhook, on the real clock; then the
// webhook is posted again later. It is the provider's (Dotdigital, "Webhooks").
const Deadline = 10 * time.Second

// SignatureHeader carries the hex HMAC-SHA1 of a webhook's raw body.
const SignatureHeader = "X-Comapi-Signature"

// receiver is an endpoint that webhooks are posted to, and how. It does not change.
type receiver struct {
	ctx    context.Context // its end cuts off all requests
	url    string
	secret []byte        // empty: not signed
	batch  int           // events of one webhook at most, from 1
	array  bool          // a webhook is always an array
	linger time.Duration // how long a webhook waits to be filled; 0: not at all
	client *http.Client
}

// newClient is an HTTP client that posts to one place, as many requests at a time as a
// config has workers.
func newClient(c Config) *http.Client {
	return &http.Client{
		Timeout: Deadline,
		Transport: &http.Transport{
			DialContext:         c.Dial,
			MaxIdleConnsPerHost: c.Workers,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post makes one attempt and returns the status of the answer.
func (p *receiver) post(body []byte) (status int, err error) {
	r, err := http.NewRequestWithContext(p.ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	if len(p.secret) > 0 {
		r.Header.Set(SignatureHeader, p.sign(body))
	}
	response, err := p.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
	return response.StatusCode, nil
}

func (p *receiver) sign(body []byte) string {
	h := hmac.New(sha1.New, p.secret)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
