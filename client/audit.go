package client

import (
	"context"
	"encoding/json"
)

// AuditEntry says who changed what.
type AuditEntry struct {
	Seq     uint64          `json:"seq"` // number of the command in the journal
	At      Time            `json:"at"`
	By      Actor           `json:"by"`
	Did     string          `json:"did"`               // what was done, for example "pause campaign"
	On      string          `json:"on,omitempty"`      // what it was done to: a run, a campaign, a flow or a person; empty for the whole server
	Profile string          `json:"profile,omitempty"` // the person whom it is about
	Erased  string          `json:"erased,omitempty"`  // in place of the person, once they are forgotten: a keyed hash of their ID
	Reason  string          `json:"reason,omitempty"`  // that was given with the command
	Before  json.RawMessage `json:"before,omitempty"`  // an object: the fields that changed, as they were
	After   json.RawMessage `json:"after,omitempty"`   // an object: the same fields, as they were then
}

// Actor is who gave a command: somebody with a token, or the server itself.
type Actor struct {
	Name    string `json:"name"`              // of the token; of the server, what it was doing
	Address string `json:"address,omitempty"` // of the client, with its port; empty for the server
	Request string `json:"request,omitempty"` // ID of the request
}

// AuditQuery selects entries of the audit trail. Empty fields select nothing away.
type AuditQuery struct {
	By      string // name of the token
	Did     string
	On      string
	Profile string // forgotten or not
	Before  string // an entry: only older ones; Next of a page
	Limit   int    // entries on a page, at most 500; 0: 50
	Look    int    // entries to look at for them, at most 20,000; 0: 20,000
}

// AuditPage is one page of the audit trail, newest entry first.
type AuditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    string       `json:"next,omitempty"` // Before of the next page; empty on the last one
}

// Audit lists who changed what, newest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (*AuditPage, error) {
	page := &AuditPage{Entries: []AuditEntry{}}
	values := parameters(q.Limit, "by", q.By, "did", q.Did, "on", q.On, "profile", q.Profile, "before", q.Before)
	setNumber(values, "look", q.Look)
	return page, c.get(ctx, "/v1/audit", values, page)
}
