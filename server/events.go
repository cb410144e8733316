package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"nudge/engine"
	"nudge/engine/runner"
)

const (
	// MaxEvents is how many events an array may hold.
	MaxEvents = 1000
	// MaxEventsBody is the largest body of events, in bytes. NDJSON has no limit in
	// all, only for each line.
	MaxEventsBody = 10 << 20

	maxLine    = engine.MaxEventBytes + 4096 // bytes of one line of NDJSON
	lineWindow = 256                         // lines of NDJSON under way at once
)

// event is one event as callers write it.
type event struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Profile string          `json:"profile"`
	Data    json.RawMessage `json:"data"`
}

func (e *event) input() *engine.Input {
	return &engine.Input{Kind: engine.InputEvent, ID: e.ID,
		Event: &engine.Event{Type: e.Type, Profile: e.Profile, Data: compact(e.Data)}}
}

// compact drops the white space of JSON that was already found valid.
func compact(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var b bytes.Buffer
	b.Grow(len(raw))
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	switch media := mediaType(r); media {
	case "application/json":
		s.postJSON(w, r)
	case "application/x-ndjson", "application/ndjson", "application/jsonl":
		s.postLines(w, r)
	default:
		s.fail(w, r, problemOf(http.StatusUnsupportedMediaType, "media-type",
			"send application/json (an event or an array of events) or application/x-ndjson, not "+media))
	}
}

// postJSON takes one event, or an array of which all or none is taken.
func (s *Server) postJSON(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, MaxEventsBody)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		s.postArray(w, r, body)
		return
	}
	var e event
	if err := decode(body, &e); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := e.adoptKey(r.Header.Get("Idempotency-Key")); err != nil {
		s.fail(w, r, err)
		return
	}
	answers, err := s.config.Runner.Submit(r.Context(), e.input())
	if err != nil {
		s.fail(w, r, runnerProblem(err))
		return
	}
	if refused := answers[0].Refused; refused != nil {
		s.fail(w, r, refusalProblem("", refused))
		return
	}
	reply(w, http.StatusOK, answers[0])
}

// adoptKey takes the Idempotency-Key of the request as the event's id.
func (e *event) adoptKey(key string) error {
	if key == "" || key == e.ID {
		return nil
	}
	if e.ID != "" {
		return problemOf(http.StatusBadRequest, "id", "id and Idempotency-Key are both given and differ; give one",
			fieldProblem{"id", "differs from Idempotency-Key"})
	}
	e.ID = key
	return nil
}

func (s *Server) postArray(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Header.Get("Idempotency-Key") != "" {
		s.fail(w, r, problemOf(http.StatusBadRequest, "id", "an array takes no Idempotency-Key; give each event its id"))
		return
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(body, &raws); err != nil {
		s.fail(w, r, jsonProblem(err, &event{}))
		return
	}
	if len(raws) == 0 {
		reply(w, http.StatusOK, map[string]any{"answers": []engine.Answer{}})
		return
	}
	if len(raws) > MaxEvents {
		s.fail(w, r, problemOf(http.StatusRequestEntityTooLarge, "limit",
			fmt.Sprintf("%d events; an array may hold %d, NDJSON any number", len(raws), MaxEvents)))
		return
	}
	inputs := make([]*engine.Input, len(raws))
	for i, raw := range raws {
		var e event
		if err := decode(raw, &e); err != nil {
			s.fail(w, r, at(i, err))
			return
		}
		inputs[i] = e.input()
	}
	answers, err := s.config.Runner.Submit(r.Context(), inputs...)
	if err != nil {
		s.fail(w, r, runnerProblem(err))
		return
	}
	for i := range answers {
		if refused := answers[i].Refused; refused != nil {
			p := refusalProblem("["+strconv.Itoa(i)+"].", refused)
			p.Detail = fmt.Sprintf("event %d: %s; none of the %d events was taken", i, p.Detail, len(answers))
			s.fail(w, r, p)
			return
		}
	}
	reply(w, http.StatusOK, map[string]any{"answers": answers})
}

// at names the place in an array of a problem.
func at(i int, err error) error {
	var p *problem
	if errors.As(err, &p) {
		p.Detail = fmt.Sprintf("event %d: %s", i, p.Detail)
		for j := range p.Errors {
			p.Errors[j].Field = "[" + strconv.Itoa(i) + "]." + p.Errors[j].Field
		}
	}
	return err
}

// lineAnswer is the answer to one line of NDJSON.
type lineAnswer struct {
	Line int `json:"line"`
	*engine.Answer
	Error *problem `json:"error,omitempty"`
}

// pendingLine is a line under way.
type pendingLine struct {
	line   int
	ticket *runner.Ticket
	err    error
}

// postLines takes events line by line and answers line by line, in order. A line that
// is wrong costs only itself.
func (s *Server) postLines(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	http.NewResponseController(w).EnableFullDuplex()
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	out := json.NewEncoder(w)
	var window []pendingLine
	settle := func() {
		out.Encode(s.settle(r, window[0]))
		window = window[1:]
	}
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if len(window) == lineWindow {
			settle()
		}
		ticket, err := s.beginLine(lines.Bytes())
		for errors.Is(err, runner.ErrBusy) && len(window) > 0 {
			settle()
			ticket, err = s.beginLine(lines.Bytes())
		}
		window = append(window, pendingLine{n, ticket, err})
	}
	for len(window) > 0 {
		settle()
	}
	if lines.Err() != nil {
		out.Encode(lineAnswer{Line: n + 1, Error: tooLargeProblem(maxLine)})
	}
}

func (s *Server) beginLine(line []byte) (*runner.Ticket, error) {
	var e event
	if err := decode(line, &e); err != nil {
		return nil, err
	}
	return s.config.Runner.Begin(e.input())
}

// settle waits for a line and says how it went.
func (s *Server) settle(r *http.Request, p pendingLine) lineAnswer {
	var prob *problem
	switch {
	case errors.As(p.err, &prob):
		return lineAnswer{Line: p.line, Error: prob}
	case p.err != nil:
		return lineAnswer{Line: p.line, Error: runnerProblem(p.err)}
	}
	answers, err := p.ticket.Wait(r.Context())
	switch {
	case err != nil:
		return lineAnswer{Line: p.line, Error: runnerProblem(err)}
	case answers[0].Refused != nil:
		return lineAnswer{Line: p.line, Error: refusalProblem("", answers[0].Refused)}
	}
	return lineAnswer{Line: p.line, Answer: &answers[0]}
}
