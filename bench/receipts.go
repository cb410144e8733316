package bench

import (
	"encoding/json"
	"time"

	"nudge/server"
)

const (
	// batchReceipts is how many events a webhook has: what the provider sends at most
	// (Dotdigital, webhook API).
	batchReceipts = 500
	// receiptRate is how many receipts a second are timed.
	receiptRate = 50
)

// postReads posts read receipts one by one.
func (s *session) postReads(phase string, from, runs int) error {
	return s.fan(phase, runs, s.Callers, func(i int) error { return s.webhook(s.sink.receipt(nil, from+i, "read")) })
}

// postStatuses posts all that a provider says of a message that is read, in webhooks of
// their own, one after the other.
func (s *session) postStatuses(phase string, from, runs int) error {
	return s.fan(phase, runs, s.Callers, func(i int) error {
		for _, status := range []string{"sent", "delivered", "read"} {
			if err := s.webhook(s.sink.receipt(nil, from+i, status)); err != nil {
				return err
			}
		}
		return nil
	})
}

// postReadBatches posts read receipts in webhooks of many.
func (s *session) postReadBatches(phase string, from, runs int) error {
	return s.batches(phase, runs, batchReceipts, s.Callers, func(first, behind int) error {
		body := []byte("[")
		for n := first; n < behind; n++ {
			if n > first {
				body = append(body, ',')
			}
			body = s.sink.receipt(body, from+n, "read")
		}
		return s.webhook(append(body, ']'))
	})
}

// quietReceipts starts some runs and times their receipts, while the engine has nothing
// else to do.
func (s *session) quietReceipts(from, runs int) error {
	if err := s.start("receipts", from, runs, s.postEvents); err != nil {
		return err
	}
	var err error
	s.report.Receipts, err = s.timeReceipts(runs, nil, func(i int) int { return from + i })
	return err
}

// timeReceipts reads runs at a steady rate, and times how long that takes, until all of
// them are read or over is closed. It returns nil where that was at once.
func (s *session) timeReceipts(runs int, over <-chan struct{}, number func(i int) int) (*ReceiptTimes, error) {
	var r receiptTimes
	err := s.pace(runs, receiptRate, over, func(i int) error { return r.read(s, number(i)) })
	if len(r.all.took) == 0 {
		return nil, err
	}
	return &ReceiptTimes{PerSecond: receiptRate, Accepted: r.accepted.latency(), Seen: r.seen.latency(), All: r.all.latency()}, err
}

// receiptTimes are how long receipts take.
type receiptTimes struct{ accepted, seen, all stopwatch }

// read posts the read receipt of a run and asks for the run until it has ended.
func (r *receiptTimes) read(s *session, n int) error {
	path, began := "/v1/runs/"+s.sink.runs[n].String(), time.Now()
	if err := s.webhook(s.sink.receipt(nil, n, "read")); err != nil {
		return err
	}
	accepted := time.Now()
	for ended := false; !ended; {
		answer, err := s.get(path)
		if err != nil {
			return err
		}
		var run server.Run
		if err := json.Unmarshal(answer, &run); err != nil {
			return err
		}
		ended = run.Status == "ended"
	}
	r.accepted.add(accepted.Sub(began))
	r.seen.add(time.Since(accepted))
	r.all.add(time.Since(began))
	return nil
}
