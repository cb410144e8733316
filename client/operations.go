package client

import (
	"context"
	"net/http"
)

// Outbound is what may go out to people.
type Outbound struct {
	Mode   string   `json:"mode,omitempty"`   // live, hold or only; empty in a change: as it is
	Only   []string `json:"only,omitempty"`   // the people of the mode only
	Killed *bool    `json:"killed,omitempty"` // the kill switch; nil in a change: as it is
}

// Outbound returns what may go out.
func (c *Client) Outbound(ctx context.Context) (*Outbound, error) {
	o := &Outbound{}
	return o, c.get(ctx, "/v1/outbound", nil, o)
}

// SetOutbound changes what may go out.
func (c *Client) SetOutbound(ctx context.Context, o Outbound) error {
	return c.send(ctx, http.MethodPut, "/v1/outbound", o, nil)
}

// Reload makes the server deploy the project as it is on its disk now, and returns the
// warnings. A project that does not load changes nothing and is a [*Problem] of the kind
// [KindProject].
func (c *Client) Reload(ctx context.Context) ([]Diagnostic, error) {
	var out struct {
		Warnings []Diagnostic `json:"warnings"`
	}
	err := c.attempts(ctx, false, call{method: http.MethodPost, path: "/-/reload"}, &out)
	return out.Warnings, err
}

// Healthy returns nil if the server answers at all, ready or not.
func (c *Client) Healthy(ctx context.Context) error {
	return c.exchange(ctx, http.MethodGet, "/-/healthy", nil, nil)
}

// Ready returns nil once the server can take requests.
func (c *Client) Ready(ctx context.Context) error {
	return c.exchange(ctx, http.MethodGet, "/-/ready", nil, nil)
}
