package client

import "context"

// CurrentToken is the token of the client, and the server that it is for.
type CurrentToken struct {
	Name    string      `json:"name"`             // local where there are no tokens
	Scopes  []string    `json:"scopes"`           // that it was given
	May     []string    `json:"may"`              // these, and those that they include
	Expires Time        `json:"expires,omitzero"` // zero: it does not expire
	Server  TokenServer `json:"server"`
}

// TokenServer is the server that a token is for.
type TokenServer struct {
	Project      string `json:"project,omitempty"` // of the folder that it has loaded; empty: it has none
	Installation string `json:"installation"`      // of its store: no two have the same
	Tokens       bool   `json:"tokens"`            // requests need one; else everybody on its machine may do everything
	Dev          bool   `json:"dev"`               // it is nudge dev or nudge demo: it has a clock, and people who are played
	SecondPerson bool   `json:"second_person"`     // nobody deploys alone: somebody proposes, and somebody else approves
}

// Token shows the token of the client: its name, what it may do, and until when.
func (c *Client) Token(ctx context.Context) (*CurrentToken, error) {
	t := &CurrentToken{}
	return t, c.get(ctx, "/v1/token", nil, t)
}
