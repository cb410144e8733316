package client

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
)

// Profile is what the server knows of a person: their attributes by name, beside id and
// opt_outs.
type Profile map[string]json.RawMessage

func profilePath(id string) string { return "/v1/profiles/" + segment(id) }

// Profile returns what is known of a person. One of whom nothing is known is a [*Problem] of
// the kind [KindNotFound].
func (c *Client) Profile(ctx context.Context, id string) (Profile, error) {
	var p Profile
	return p, c.get(ctx, profilePath(id), nil, &p)
}

// ProfileQuery selects people. Empty fields select nothing away.
type ProfileQuery struct {
	Prefix string // of the ID
	Field  string // field=value: a field that profile in nudge.yaml marks search, and its exact value
	If     string // a condition, as an audience of stored profiles has one
	After  string // an ID: only people behind it; Next of a page
	Limit  int    // people on a page, at most 500; 0: 50
}

// ProfilePage is one page of people.
type ProfilePage struct {
	Profiles   []Profile `json:"profiles"`
	Next       string    `json:"next,omitempty"`       // After of the next page; empty on the last one
	Incomplete bool      `json:"incomplete,omitempty"` // people may be missing: the index of the field is still being made
}

// Profiles lists people. A page may be empty and have a next one, because the server looks at a limited
// number of people for each.
func (c *Client) Profiles(ctx context.Context, q ProfileQuery) (*ProfilePage, error) {
	page := &ProfilePage{Profiles: []Profile{}}
	return page, c.get(ctx, "/v1/profiles", parameters(q.Limit, "prefix", q.Prefix, "field", q.Field, "if", q.If, "after", q.After), page)
}

// SetProfile merges a JSON object into what is known of a person: a null removes an
// attribute, and opt_outs lists the categories that the person does not want. It returns
// what is known then.
func (c *Client) SetProfile(ctx context.Context, id string, data json.RawMessage) (Profile, error) {
	var p Profile
	return p, c.exchange(ctx, http.MethodPatch, profilePath(id), data, &p)
}

// ReplaceProfile replaces what is known of a person by a JSON object.
func (c *Client) ReplaceProfile(ctx context.Context, id string, data json.RawMessage) (Profile, error) {
	var p Profile
	return p, c.exchange(ctx, http.MethodPut, profilePath(id), data, &p)
}

// ForgetProfile ends the person's runs and removes what is known of them. It cannot be undone.
// The answer has a decision for each run that ended.
func (c *Client) ForgetProfile(ctx context.Context, id string) (*Answer, error) {
	answer := &Answer{}
	return answer, c.exchange(ctx, http.MethodDelete, profilePath(id), nil, answer)
}

// StreamProfiles sends profiles, one JSON object with its id a line, and yields the answers
// in order. Each is merged as [Client.SetProfile] does.
func (c *Client) StreamProfiles(ctx context.Context, lines io.Reader) iter.Seq2[LineAnswer, error] {
	return c.stream(ctx, "/v1/profiles", lines)
}
