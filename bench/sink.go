package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"nudge/channels"
	nudge "nudge/engine"
)

// profilePrefix is the first part of every person's name. The number of their run follows.
const profilePrefix = "u-"

// sink is a provider that accepts every message at once. It remembers the engine's run ID
// for the run with each number, to make receipts for it.
type sink struct {
	url      string
	requests atomic.Int64
	messages atomic.Int64
	bytes    atomic.Int64 // of all requests

	server *http.Server
	bodies sync.Pool // of *bytes.Buffer

	installations [256]atomic.Pointer[string] // by the partition of a run: each has its own

	// runs has the run IDs by number. An element is written once, before messages counts
	// it.
	runs    []nudge.RunID
	arrived atomic.Pointer[func(run int)] // called with each message; nil: no function
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{url: "http://" + l.Addr().String(), bodies: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	s.server = &http.Server{Handler: s}
	go s.server.Serve(l) // ends with close
	return s, nil
}

func (s *sink) close() error { return s.server.Close() }

// expect makes room for this many runs. No message may be under way.
func (s *sink) expect(runs int) {
	s.runs = append(s.runs, make([]nudge.RunID, max(0, runs-len(s.runs)))...)
}

// ServeHTTP accepts a message, or a batch of messages.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := s.bodies.Get().(*bytes.Buffer)
	defer s.bodies.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.requests.Add(1)
	s.bytes.Add(int64(body.Len()))
	w.Header().Set("Content-Type", asJSON)
	numbers, err := s.take(body.Bytes())
	switch {
	case err != nil:
		http.Error(w, strconv.Quote(err.Error()), http.StatusBadRequest)
	case strings.HasSuffix(r.URL.Path, "/batch"):
		w.WriteHeader(http.StatusAccepted)
		answer := []byte("[")
		for i, n := range numbers {
			answer = fmt.Appendf(answer, `%s{"index":%d,"messageId":"m-%d"}`, ","[:min(i, 1)], i, n)
		}
		w.Write(append(answer, ']'))
	default:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"messageId":"m-%d","status":"processing"}`, numbers[0])
	}
	if arrived := s.arrived.Load(); arrived != nil {
		for _, n := range numbers {
			(*arrived)(n)
		}
	}
}

var (
	profileMark = []byte(`"profileId":"` + profilePrefix)
	refMark     = []byte(`"nudge":`)
)

// take records the messages of a body and returns the numbers of their runs. It searches
// for two marks instead of reading JSON, because the cost of a provider is not measured.
// No text of a message can contain a mark, because its quotes would be escaped.
func (s *sink) take(body []byte) (numbers []int, err error) {
	for {
		at := bytes.Index(body, profileMark)
		if at < 0 {
			break
		}
		body = body[at+len(profileMark):]
		n, err := strconv.Atoi(string(body[:max(0, bytes.IndexByte(body, '"'))]))
		if err != nil {
			return nil, fmt.Errorf("whose message is it: %w", err)
		}
		if err := s.note(n, body); err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return nil, errors.New("there is no message to somebody")
	}
	s.messages.Add(int64(len(numbers)))
	return numbers, nil
}

// note stores the engine's run ID for a number, if a receipt will need it.
func (s *sink) note(n int, message []byte) error {
	if n >= len(s.runs) {
		return nil
	}
	at := bytes.Index(message, refMark)
	if at < 0 {
		return errors.New("the message has no metadata.nudge")
	}
	message = message[at+len(refMark):]
	var ref channels.Ref
	if err := json.Unmarshal(message[:bytes.IndexByte(message, '}')+1], &ref); err != nil {
		return fmt.Errorf("metadata.nudge: %w", err)
	}
	if ref.Message != 1 || ref.Attempt != 1 {
		return fmt.Errorf("run %s sends message %d, attempt %d; bench has one message a run", ref.Run, ref.Message, ref.Attempt)
	}
	run, err := nudge.ParseRunID(ref.Run)
	if of := &s.installations[run.Partition()]; of.Load() == nil {
		of.Store(&ref.Installation)
	}
	s.runs[n] = run
	return err
}

// receiptBytes is about how many bytes a receipt has.
const receiptBytes = 250

// receipt appends a webhook event with the status of a run's message.
func (s *sink) receipt(b []byte, n int, status string) []byte {
	return fmt.Appendf(b, `{"eventId":"%s-%d","name":"message.%[1]s","payload":{"id":"m-%[2]d","metadata":{"nudge":{"i":"%s","r":"%s","m":1,"a":1}},`+
		`"updatedOn":"2026-11-22T10:00:00.000Z"},"timestamp":"2026-11-22T10:00:00.000Z"}`, status, n, *s.installations[s.runs[n].Partition()].Load(), s.runs[n])
}
