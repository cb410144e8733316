package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// StoreReport is what a check of the server's store found. The numbers are those of the time when
// their records were read.
type StoreReport struct {
	Live    int    `json:"live"`    // runs
	Ended   int    `json:"ended"`   // runs
	Timers  int    `json:"timers"`  // of live runs
	Stale   int    `json:"stale"`   // cancelled timers still in the index
	Outbox  int    `json:"outbox"`  // messages planned or claimed
	Journal uint64 `json:"journal"` // inputs

	Quarantined int      `json:"quarantined,omitempty"` // runs whose records were damaged, and that were set apart
	Problems    []string `json:"problems"`
}

// StoreProgress is how far a check of the server's store is.
type StoreProgress struct {
	Part     string `json:"part"`     // what is being read
	Records  int    `json:"records"`  // verified so far
	Problems int    `json:"problems"` // found so far
}

// StoreCheck is one line of the answer of a check: how far it is, or in the last line what it found.
type StoreCheck struct {
	Progress *StoreProgress `json:"progress,omitempty"`
	Report   *StoreReport   `json:"report,omitempty"`
}

// BackUp makes the server write a backup of its store, and copies it to a writer. A backup that was cut off is an error; so are
// damages on the way only for who reads it: see nudge store backup.
func (c *Client) BackUp(ctx context.Context, to io.Writer) error {
	response, err := c.do(ctx, http.MethodGet, "/-/backup", "application/octet-stream", "", http.NoBody)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	from := &source{Reader: response.Body}
	if _, err := io.Copy(to, from); from.failed != nil {
		return c.brokenOff(from.failed)
	} else if err != nil {
		return err
	}
	return nil
}

// followSilence is how long a stream that is followed may say nothing; a server that is well says every second that it is.
const followSilence = 30 * time.Second

// FollowStore makes the server write a backup of its store, and go on with everything that is written into the store from then on.
// Reading fails when the server stops, or is silent for half a minute: then follow it again, which begins with another
// backup. Close what it returns. See nudge store backup --follow.
func (c *Client) FollowStore(ctx context.Context) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	response, err := c.do(ctx, http.MethodGet, "/-/backup?follow=true", "application/octet-stream", "", http.NoBody)
	if err != nil {
		cancel()
		return nil, err
	}
	return &followed{ReadCloser: response.Body, client: c, silent: time.AfterFunc(followSilence, cancel), cancel: cancel}, nil
}

// followed is a stream that is cut off when it is silent.
type followed struct {
	io.ReadCloser
	client *Client
	silent *time.Timer
	cancel context.CancelFunc
}

func (f *followed) Read(p []byte) (n int, err error) {
	n, err = f.ReadCloser.Read(p)
	f.silent.Reset(followSilence)
	if err != nil {
		err = f.client.brokenOff(err)
	}
	return n, err
}

func (f *followed) Close() error {
	f.silent.Stop()
	f.cancel()
	return f.ReadCloser.Close()
}

// source remembers that reading failed, and not writing what was read.
type source struct {
	io.Reader
	failed error
}

func (s *source) Read(p []byte) (n int, err error) {
	if n, err = s.Reader.Read(p); err != nil && err != io.EOF {
		s.failed = err
	}
	return n, err
}

// CheckStore makes the server check its store beside its work, which may take hours, and returns
// what it found. Progress is called about once a second. The end of ctx ends the check.
func (c *Client) CheckStore(ctx context.Context, progress func(StoreProgress)) (*StoreReport, error) {
	response, err := c.do(ctx, http.MethodGet, "/-/store/check", mediaJSON, "", http.NoBody)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for {
		var line StoreCheck
		if err := lines.Decode(&line); err != nil {
			return nil, c.brokenOff(err)
		}
		if line.Report != nil {
			return line.Report, nil
		}
		if line.Progress != nil {
			progress(*line.Progress)
		}
	}
}
