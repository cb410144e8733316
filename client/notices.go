package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// FailedNotice is a notice that an endpoint did not take.
type FailedNotice struct {
	ID       string          `json:"id"`
	Endpoint string          `json:"endpoint"`
	Type     string          `json:"type"`
	At       Time            `json:"at"`       // when it happened
	Attempts int             `json:"attempts"` // that have failed
	Error    string          `json:"error"`    // of the last attempt
	Failed   Time            `json:"failed"`   // when it was given up
	Data     json.RawMessage `json:"data"`     // an object
}

// FailedPage is one page of notices that were given up, newest first.
type FailedPage struct {
	Notices []FailedNotice `json:"notices"`
	Next    string         `json:"next,omitempty"` // the before of the next page; empty on the last one
}

// FailedNotices lists the notices that endpoints did not take, newest first. Before is Next of a page, empty
// for the first one; a limit of 0 is 50.
func (c *Client) FailedNotices(ctx context.Context, before string, limit int) (*FailedPage, error) {
	page := &FailedPage{Notices: []FailedNotice{}}
	return page, c.get(ctx, "/v1/notices/failed", parameters(limit, "before", before), page)
}

// NoticeRetry names notices that were given up: by their IDs, or by the endpoint that did not take them.
type NoticeRetry struct {
	IDs      []string `json:"ids,omitempty"`
	Endpoint string   `json:"endpoint,omitempty"`
}

// Retried is how many notices are tried again.
type Retried struct {
	Notices int `json:"notices"`
}

// RetryNotices makes notices that were given up due at once.
func (c *Client) RetryNotices(ctx context.Context, which NoticeRetry) (*Retried, error) {
	result := new(Retried)
	return result, c.send(ctx, http.MethodPost, "/v1/notices/retry", which, result)
}
