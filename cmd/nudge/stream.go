package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/spf13/cobra"

	"nudge/client"
)

// tally counts the results of the lines of a stream.
type tally struct {
	all, taken, repeated, refused int
}

// stream counts the answers to lines sent to the server. It shows every refused line; it
// only counts the others.
type stream struct {
	noun     string // what a line holds: event, profile
	progress *progress

	mu    sync.Mutex // guards what follows, and errs
	tally tally
	errs  io.Writer
}

// follow reads the answers and reports the results of the lines.
func (s *stream) follow(c *cobra.Command, answers iter.Seq2[client.LineAnswer, error], output format) error {
	err := s.read(answers)
	if err != nil {
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
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d accepted, %d repeated, %d refused\n",
			plural(t.all, s.noun), t.taken, t.repeated, t.refused)
	}
	if err == nil && t.refused > 0 {
		return wrongInput(errShown)
	}
	return failed(err)
}

// read counts the answers as they come.
func (s *stream) read(answers iter.Seq2[client.LineAnswer, error]) error {
	defer s.progress.clear()
	for line, err := range answers {
		var broken *client.AnswerError
		if errors.As(err, &broken) {
			return failed(fmt.Errorf("the answers broke off after %s; send the file again: lines with an id are not applied twice",
				plural(s.tally.all, s.noun)))
		}
		if err != nil {
			return err
		}
		s.count(&line)
	}
	return nil
}

func (s *stream) count(line *client.LineAnswer) {
	if line.Error != nil {
		s.refuse(line.Line, line.Error.Error())
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

// refuse notes that a line was refused, and says why.
func (s *stream) refuse(line int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.all++
	s.tally.refused++
	s.progress.clear()
	fmt.Fprintf(s.errs, "nudge: line %d: %s\n", line, why)
}
