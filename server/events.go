package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"nudge/engine"
	"nudge/lang/trace"
)

const (
	// maxEvents is how many events an array may hold; more are refused with 413. NDJSON may have
	// any number.
	maxEvents = 1000
	// maxEventsBody is how many bytes of events one request may have; a larger one is refused
	// with 413. NDJSON has no limit in all, only for each line.
	maxEventsBody = 10 << 20
)

// event is one event as callers write it.
type event struct {
	ID      string          `json:"id,omitempty"`                    // the event is taken once under it, however often it comes within 72 hours
	Type    string          `json:"type"`                            // as nudge.yaml declares it
	Profile string          `json:"profile,omitempty"`               // the person it is about
	Data    json.RawMessage `json:"data,omitempty" openapi:"object"` // an object
	// ProfileData changes what is known of the person, as PATCH /v1/profiles does,
	// before the event is applied and together with it.
	ProfileData json.RawMessage `json:"profile_data,omitempty" openapi:"object"`

	trace trace.Context // its own, or that of its request
	from  string        // name of the token that sent it
}

// answerList are the answers to an array of events, in its order.
type answerList struct {
	Answers []engine.Answer `json:"answers"`
}

// inputs are what an event is applied as: it comes last, after what it says of the
// person.
func (s *Server) inputs(e *event) ([]*engine.Input, error) {
	in := &engine.Input{ID: e.ID,
		Payload: &engine.Event{Type: e.Type, Profile: e.Profile, Data: compact(e.Data), Trace: e.trace, From: e.from}}
	if len(e.ProfileData) == 0 || string(e.ProfileData) == "null" {
		return []*engine.Input{in}, nil
	}
	if e.Profile == "" {
		return nil, problemOf(http.StatusBadRequest, "invalid", "profile_data needs the profile that it is about",
			fieldProblem{"profile", "is missing"})
	}
	changes, err := s.changes(e.Profile, e.ProfileData, merge)
	if err != nil {
		return nil, below("profile_data", err)
	}
	if e.ID != "" { // an event that is sent again does not take back what came after it
		for _, c := range changes {
			c.ID = e.ID
		}
	}
	return append(changes, in), nil
}

// parseEvents reads events on lines of their own, which somebody sent.
func (s *Server) parseEvents(from string) parseLine {
	return func(line []byte) ([]*engine.Input, error) {
		e, err := readEvent(line)
		if err == nil {
			e.from = from
		}
		return s.parsed(e, err)
	}
}

// readEvent reads an event as Nudge has them.
func readEvent(raw []byte) (*event, error) {
	var e event
	return &e, decode(raw, &e)
}

// within reads events of whoever sent a request, that are part of its trace unless they have their own.
func within(w http.ResponseWriter, r *http.Request, read func([]byte) (*event, error)) func([]byte) (*event, error) {
	c, from := traceOf(r), recordOf(w).token.Name
	return func(raw []byte) (*event, error) {
		e, err := read(raw)
		if err == nil {
			e.from = from
			if e.trace.IsZero() {
				e.trace = c
			}
		}
		return e, err
	}
}

func (s *Server) parsed(e *event, err error) ([]*engine.Input, error) {
	if err != nil {
		return nil, err
	}
	return s.inputs(e)
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
	if !isLines(r) {
		s.postJSON(w, r)
		return
	}
	if err := refuseKey(r, "NDJSON takes no Idempotency-Key; give the event on each line its id"); err != nil {
		s.fail(w, r, err)
		return
	}
	token := recordOf(w).token
	s.postLines(w, r, s.parseEvents(token.Name), func(a *lineAnswer, p *pendingLine) {
		if a.Error != nil {
			s.refuse(token, a.Error, p.refusal(r))
		}
	})
}

// postJSON takes one event, or an array of which all or none is taken.
func (s *Server) postJSON(w http.ResponseWriter, r *http.Request) {
	body, err := s.readBody(w, r, maxEventsBody)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if body, err = textOfBody(body); err != nil {
		s.fail(w, r, err)
		return
	}
	recordOf(w).sent = body
	var e *event
	first := bytes.TrimLeft(body, " \t\r\n")
	switch media := mediaType(r); {
	case media == mediaCloudEvents:
		s.postArray(w, r, body, within(w, r, readCloudEvent))
		return
	case media == mediaCloudEvent:
		e, err = within(w, r, readCloudEvent)(body)
	case isBinary(r):
		e, err = within(w, r, func(data []byte) (*event, error) { return binaryEvent(r, data) })(body)
	case len(first) > 0 && first[0] == '[':
		s.postArray(w, r, body, within(w, r, readEvent))
		return
	default:
		e, err = within(w, r, readEvent)(body)
	}
	inputs, err := s.parsed(e, err)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer, err := s.take(w, r, inputs...)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, answer)
}

// postArray takes an array of events, each of which is read by the same function.
func (s *Server) postArray(w http.ResponseWriter, r *http.Request, body []byte, read func([]byte) (*event, error)) {
	if err := refuseKey(r, "an array takes no Idempotency-Key; give each event its id"); err != nil {
		s.fail(w, r, err)
		return
	}
	raws, err := itemsOf(body)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(raws) == 0 {
		reply(w, http.StatusOK, answerList{[]engine.Answer{}})
		return
	}
	inputs, events, err := s.arrayInputs(raws, read)
	if err != nil {
		recordOf(w).sent = raws[len(events)] // the one that is wrong
		s.fail(w, r, err)
		return
	}
	answers, err := s.config.Runner.Submit(r.Context(), inputs...)
	if err != nil {
		s.fail(w, r, runnerProblem(err))
		return
	}
	some := s.takesSome(inputs, answers)
	own := make([]engine.Answer, 0, len(raws))
	for i := range answers {
		n := len(own)
		if refused := answers[i].Refused; refused != nil && !some {
			recordOf(w).sent = raws[n]
			p := refusalProblem("["+strconv.Itoa(n)+"].", refused)
			p.Detail = fmt.Sprintf("event %d: %s; none of the %d events was taken", n, p.Detail, len(raws))
			s.fail(w, r, p)
			return
		}
		if i == events[n] {
			own = append(own, answers[i])
		}
	}
	reply(w, http.StatusOK, answerList{own})
}

// takesSome reports whether some events of an array were taken although others may be refused: each partition takes all of its
// events or none. Then every event has its own answer.
func (s *Server) takesSome(inputs []*engine.Input, answers []engine.Answer) bool {
	n := len(s.config.Store.Parts())
	apart := slices.ContainsFunc(inputs, func(in *engine.Input) bool { return engine.RouteOf(in, n) != engine.RouteOf(inputs[0], n) })
	return apart && slices.ContainsFunc(answers, func(a engine.Answer) bool { return a.Refused == nil })
}

// itemsOf are the items of an array of events. It stops at one too many, because a body may hold
// millions of items.
func itemsOf(body []byte) (raws []json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if bracket, _ := d.Token(); bracket != json.Delim('[') {
		return nil, problemOf(http.StatusBadRequest, "json", "the body must be an array of events")
	}
	for err == nil && d.More() {
		if len(raws) == maxEvents {
			return nil, problemOf(http.StatusRequestEntityTooLarge, "limit",
				fmt.Sprintf("more than %d events; an array may hold so many, NDJSON any number", maxEvents))
		}
		var raw json.RawMessage
		if err = d.Decode(&raw); err == nil {
			raws = append(raws, raw)
		}
	}
	if err == nil {
		_, err = d.Token() // the other bracket
	}
	if err != nil {
		return nil, jsonProblem(err, nil, &event{})
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, problemOf(http.StatusBadRequest, "json", "there is more after the end of the JSON value")
	}
	return raws, nil
}

// arrayInputs are the inputs of an array of events, and which of them are the events
// themselves; with an error, those before it.
func (s *Server) arrayInputs(raws []json.RawMessage, read func([]byte) (*event, error)) (inputs []*engine.Input, events []int, err error) {
	for i, raw := range raws {
		more, err := s.parsed(read(raw))
		if err != nil {
			return nil, events, at(i, err)
		}
		inputs = append(inputs, more...)
		events = append(events, len(inputs)-1)
	}
	return inputs, events, nil
}

// at names the place in an array of a problem.
func at(i int, err error) error {
	var p *problem
	if errors.As(err, &p) {
		p.Detail = fmt.Sprintf("event %d: %s", i, p.Detail)
	}
	return below("["+strconv.Itoa(i)+"]", err)
}

// below names the field that holds those of a problem.
func below(field string, err error) error {
	var p *problem
	if errors.As(err, &p) {
		for i := range p.Errors {
			p.Errors[i].Field = field + "." + p.Errors[i].Field
		}
	}
	return err
}
