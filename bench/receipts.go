package bench

import (
	"encoding/json"
	"time"

	"nudge/server"
)

const (
	// batchReceipts is how many events a webhook contains: the largest number that the
	// provider sends (Dotdigital, webhook API).
	batchReceipts = 500
	// receiptRate is how many receipts per second are timed.
	receiptRate = 50
)

// postReads posts read receipts one by one.
func (s *session) postReads(phase string, from, runs int) error {
	return s.fan(phase, runs, s.Callers, func(i int) error { return s.webhook(s.sink.receipt(nil, from+i, "read")) })
}

// postStatuses posts every status that a provider reports for a read message. Each status
// has its own webhook, one after the other.
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

// postReadBatches posts read receipts in webhooks with many events.
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

// quietReceipts starts some runs and times their receipts, while the engine is otherwise
// idle.
func (s *session) quietReceipts(from, runs int) error {
	if err := s.start("receipts", from, runs, s.postEvents); err != nil {
		return err
	}
	var err error
	s.report.Receipts, err = s.timeReceipts(runs, nil, func(i int) int { return from + i })
	return err
}

// timeReceipts reads runs at a steady rate and times each receipt, until all runs are read
// or over is closed. It returns nil if it timed none.
func (s *session) timeReceipts(runs int, over <-chan struct{}, number func(i int) int) (*ReceiptTimes, error) {
	var r receiptTimes
	err := s.pace(runs, receiptRate, over, func(i int) error { return r.read(s, number(i)) })
	if len(r.all.took) == 0 {
		return nil, err
	}
	return &ReceiptTimes{PerSecond: receiptRate, Accepted: r.accepted.latency(), Seen: r.seen.latency(), All: r.all.latency()}, err
}

// receiptTimes collects how long receipts take.
type receiptTimes struct{ accepted, seen, all stopwatch }

// read posts the read receipt of a run and requests the run until it has ended.
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
