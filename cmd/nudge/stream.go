package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"nudge/engine"
)

// tally counts what became of the lines of a stream.
type tally struct {
	all, taken, repeated, refused int
}

// lineAnswer is the server's answer to one line.
type lineAnswer struct {
	Line  int      `json:"line"`
	Error *problem `json:"error"`
	engine.Answer
}

// stream is lines of JSON on their way to the server. Lines that are refused are told
// one by one; the others count all the same.
type stream struct {
	api      *api
	path     string // in the API
	noun     string // what a line holds: event, profile
	progress *progress

	mu    sync.Mutex // guards what follows, and errs
	tally tally
	errs  io.Writer
}

// send streams the lines and says what became of them.
func (s *stream) send(c *cobra.Command, lines io.Reader, output format) error {
	response, err := s.api.do(c.Context(), "POST", s.path, "application/x-ndjson", lines)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := s.read(response.Body); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tally
	if output == asJSON {
		err = writeJSON(c.OutOrStdout(), map[string]int{
			s.noun + "s": t.all, "taken": t.taken, "repeated": t.repeated, "refused": t.refused,
		})
	} else {
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d taken, %d repeated, %d refused\n",
			plural(t.all, s.noun), t.taken, t.repeated, t.refused)
	}
	if err == nil && t.refused > 0 {
		return wrongInput(errShown)
	}
	return failed(err)
}

// read counts the answers as they come.
func (s *stream) read(answers io.Reader) error {
	defer s.progress.clear()
	d := json.NewDecoder(bufio.NewReader(answers))
	for {
		var line lineAnswer
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return failed(fmt.Errorf("the answers ended early, after %s; "+
				"send the file again, ids make that safe: %w", plural(s.tally.all, s.noun), err))
		}
		s.count(&line)
	}
}

func (s *stream) count(line *lineAnswer) {
	if line.Error != nil {
		s.refuse(line.Line, line.Error.text())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.all++
	if line.Repeated {
		s.tally.repeated++
	} else {
		s.tally.taken++
	}
	s.progress.show(s.tally.all)
}

// refuse tells that a line was not taken.
func (s *stream) refuse(line int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.all++
	s.tally.refused++
	s.progress.clear()
	fmt.Fprintf(s.errs, "nudge: line %d: %s\n", line, why)
}
