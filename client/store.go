package client

import (
	"context"
	"encoding/json"
	"net/http"
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
