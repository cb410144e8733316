package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

const (
	maxLine    = engine.MaxEventBytes + engine.MaxProfileData + 4096 // bytes of one line of NDJSON; a longer one is refused, and ends the stream
	lineWindow = 1024                                                // lines of NDJSON under way at once: what one commit takes
	maxUnread  = 4 << 20                                             // bytes read behind a line that is too long, so that the caller gets the answer; the rest is not read
)

// isLines reports whether the request's body is NDJSON.
func isLines(r *http.Request) bool {
	switch mediaType(r) {
	case "application/x-ndjson", "application/ndjson", "application/jsonl":
		return true
	}
	return false
}

// parseLine makes the inputs of one line, which are applied together. The answer to
// the last of them is the line's.
type parseLine func(line []byte) ([]*engine.Input, error)

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
	inputs []*engine.Input
	text   []byte // of a line that could not be read, or its beginning
	size   int    // of that text, before it was cut
	err    error
}

// maxWrongLine is how many bytes of a line that could not be read are kept until it is answered; the rest is left out of
// what says that it was refused.
const maxWrongLine = 4096

// refusal says what was in a line that was refused.
func (p *pendingLine) refusal(r *http.Request) *store.Refusal {
	if p.text == nil {
		return refusalOfInputs(p.inputs)
	}
	x := refusalOfText(r, p.text)
	x.Cut = x.Cut || p.size > len(p.text)
	return x
}

// postLines takes a body line by line and answers line by line, in order. A line that
// is wrong costs only itself. Empty lines are counted and get no answer. Seen is called with every
// answer, before it is written.
func (s *Server) postLines(w http.ResponseWriter, r *http.Request, parse parseLine, seen func(*lineAnswer, *pendingLine)) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	http.NewResponseController(w).EnableFullDuplex()
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	out := json.NewEncoder(w)
	var window []pendingLine
	settle := func() {
		answer := s.settle(r, window[0])
		seen(&answer, &window[0])
		out.Encode(answer)
		window = window[1:]
	}
	n := 0
	for lines.Scan() {
		n++
		renewPace(r)
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if len(window) == lineWindow {
			settle()
		}
		p := s.beginLine(n, lines.Bytes(), parse)
		for errors.Is(p.err, runner.ErrBusy) && len(window) > 0 {
			settle()
			p.ticket, p.err = s.config.Runner.Begin(p.inputs...)
		}
		window = append(window, p)
	}
	for len(window) > 0 {
		settle()
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		a := lineAnswer{Line: n + 1, Error: tooLargeProblem(maxLine)}
		seen(&a, &pendingLine{})
		out.Encode(a)
		io.CopyN(io.Discard, r.Body, maxUnread)
	case err != nil:
		out.Encode(lineAnswer{Line: n + 1, Error: s.bodyProblem(err)})
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // what is still on its way would be taken for the next request
	}
	// The server leaves the rest to us, as reading goes on beside writing: without this it
	// would meet the body where it expects the next request.
	r.Body.Close()
}

func (s *Server) beginLine(n int, line []byte, parse parseLine) pendingLine {
	p := pendingLine{line: n}
	if p.inputs, p.err = parse(line); p.err != nil {
		p.text, p.size = bytes.Clone(line[:min(len(line), maxWrongLine)]), len(line)
		return p
	}
	p.ticket, p.err = s.config.Runner.Begin(p.inputs...)
	return p
}

// settle waits for a line and says how it went.
func (s *Server) settle(r *http.Request, p pendingLine) lineAnswer {
	answers, err := []engine.Answer(nil), p.err
	if err == nil {
		// What was begun comes to its end, also when nobody waits for the answer any more.
		answers, err = p.ticket.Wait(context.WithoutCancel(r.Context()))
	}
	if err == nil {
		err = refusalOf(answers)
	}
	var prob *problem
	switch {
	case errors.As(err, &prob):
		return lineAnswer{Line: p.line, Error: prob}
	case err != nil:
		return lineAnswer{Line: p.line, Error: runnerProblem(err)}
	}
	return lineAnswer{Line: p.line, Answer: &answers[len(answers)-1]}
}

// refusalOf is the problem of the first input that was refused, or nil.
func refusalOf(answers []engine.Answer) error {
	for i := range answers {
		if refused := answers[i].Refused; refused != nil {
			return refusalProblem("", refused)
		}
	}
	return nil
}
