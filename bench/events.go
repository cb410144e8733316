package bench

import (
	"bytes"
	"fmt"
)

// batchEvents is how many events one NDJSON request contains.
const batchEvents = 500

// orderEvent appends R1's event for the run with this number.
func orderEvent(b []byte, n int) []byte { return eventOf(b, n, orderData(nil, n)) }

func eventOf(b []byte, n int, data []byte) []byte {
	return fmt.Appendf(b, `{"type":"order.shipped","profile":"%s%d","data":%s}`, profilePrefix, n, data)
}

// orderData appends the data of R1's event.
func orderData(b []byte, n int) []byte {
	return fmt.Appendf(b, `{"name":"Ada","order":"A-%d","date":"2026-11-22","carrier":"DHL","url":"https://example.org/t/%[1]d"}`, n)
}

// event posts R1's event for the run with this number.
func (s *session) event(n int) error {
	_, err := s.post("/v1/events", asJSON, orderEvent(nil, n))
	return err
}

// postEvents posts R1's events one by one.
func (s *session) postEvents(phase string, from, runs int) error {
	return s.fan(phase, runs, s.Callers, func(i int) error { return s.event(from + i) })
}

// postLines posts R1's events as lines of NDJSON.
func (s *session) postLines(phase string, from, runs int) error {
	return s.lines(phase, from, runs, s.Callers, orderEvent)
}

// lines posts the events of the runs from a number on as lines of NDJSON.
func (s *session) lines(phase string, from, runs, callers int, event func(b []byte, n int) []byte) error {
	return s.batches(phase, runs, batchEvents, callers, func(first, behind int) error {
		var body []byte
		for n := first; n < behind; n++ {
			body = append(event(body, from+n), '\n')
		}
		answer, err := s.post("/v1/events", asNDJSON, body)
		if err != nil {
			return err
		}
		if at := bytes.Index(answer, []byte(`"error":`)); at >= 0 {
			return fmt.Errorf("an event was answered with %.300s", answer[at:])
		}
		if lines := bytes.Count(answer, []byte("\n")); lines != behind-first {
			return fmt.Errorf("%d lines were answered with %d", behind-first, lines)
		}
		return nil
	})
}

// batches splits the numbers 0 to n-1 into parts of one size and calls f with each, from
// the given number of callers.
func (s *session) batches(phase string, n, size, callers int, f func(first, behind int) error) error {
	return s.fan(phase+", requests", (n+size-1)/size, callers, func(i int) error { return f(i*size, min((i+1)*size, n)) })
}
