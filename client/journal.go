package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// JournalHead says whose a journal is and how far it goes.
type JournalHead struct {
	Installation string `json:"installation"`
	Seq          uint64 `json:"seq"` // number of the last input
	Stamp        Time   `json:"stamp,omitzero"`
	Dropped      uint64 `json:"dropped,omitempty"`    // number of the last input that the journal no longer holds
	DroppedAt    Time   `json:"dropped_at,omitzero"`  // when that one was applied
	Moved        uint64 `json:"moved,omitempty"`      // number of the last input from before the store was moved, 0 for none; the numbers up to it have gaps, and those inputs cannot be replayed
	MovedAt      Time   `json:"moved_at,omitzero"`    // when that one was applied
	Partitions   int    `json:"partitions,omitempty"` // of a divided installation: how many there are
	Partition    *int   `json:"partition,omitempty"`  // of which this is the journal; nil: it is that of all by time
}

// Journal is the journal of a server on its way. Close it.
type Journal struct {
	Head   JournalHead
	client *Client
	body   io.ReadCloser
	lines  *bufio.Reader
	next   uint64 // number of the next input
	ended  bool
}

// Journal begins to read the journal, from the number of an input on: 1 for all of it. It
// ends with the input that was the last one when reading began.
func (c *Client) Journal(ctx context.Context, from uint64) (*Journal, error) {
	return c.journal(ctx, from, url.Values{})
}

// JournalOf is [Client.Journal] for one partition of a divided installation.
func (c *Client) JournalOf(ctx context.Context, partition int, from uint64) (*Journal, error) {
	return c.journal(ctx, from, url.Values{"partition": {strconv.Itoa(partition)}})
}

func (c *Client) journal(ctx context.Context, from uint64, query url.Values) (*Journal, error) {
	query.Set("from", strconv.FormatUint(from, 10))
	response, err := c.do(ctx, http.MethodGet, "/v1/journal?"+query.Encode(), mediaJSON, "", http.NoBody)
	if err != nil {
		return nil, err
	}
	j := &Journal{client: c, body: response.Body, lines: bufio.NewReaderSize(response.Body, 1<<20)}
	head, err := j.lines.ReadBytes('\n')
	if err != nil {
		err = c.brokenOff(err)
	} else if json.Unmarshal(head, &j.Head) != nil {
		err = &AnswerError{Server: c.server, Detail: "this is no journal of nudge"}
	}
	if err != nil {
		response.Body.Close()
		return nil, err
	}
	j.next = max(from, j.Head.Dropped+1)
	j.ended = j.Head.Seq == 0 || j.next > j.Head.Seq && !j.all()
	return j, nil
}

// all reports whether the journal is that of all partitions.
func (j *Journal) all() bool { return j.Head.Partitions > 1 && j.Head.Partition == nil }

// Next returns the next input as a line of JSON with its line break, and io.EOF after the last
// one.
func (j *Journal) Next() ([]byte, error) {
	if j.ended {
		return nil, io.EOF
	}
	line, err := j.lines.ReadBytes('\n')
	if err != nil {
		return nil, &AnswerError{Server: j.client.server, Err: err,
			Detail: fmt.Sprintf("the journal broke off at input %d of %d", j.next, j.Head.Seq)}
	}
	number := j.next
	if j.all() || j.Head.Moved > 0 { // numbers have gaps
		var input struct{ Seq uint64 }
		if err := json.Unmarshal(line, &input); err != nil {
			return nil, &AnswerError{Server: j.client.server, Err: err, Detail: "this is no input of a journal"}
		}
		number = input.Seq
	}
	j.next, j.ended = number+1, number == j.Head.Seq
	return line, nil
}

// Close ends the reading.
func (j *Journal) Close() error { return j.body.Close() }
