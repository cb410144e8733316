package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"nudge/engine"
)

// tally counts the answers to a stream of events.
type tally struct {
	Events   int `json:"events"`
	Taken    int `json:"taken"`
	Repeated int `json:"repeated"` // taken before, under the same id
	Refused  int `json:"refused"`
}

// lineAnswer is the server's answer to one line.
type lineAnswer struct {
	Line  int      `json:"line"`
	Error *problem `json:"error"`
	engine.Answer
}

const progressEvery = 200 * time.Millisecond

// sendFile streams a file of events and says what became of them. Lines that were
// refused are told one by one; the others count all the same.
func sendFile(c *cobra.Command, a *api, name string, output format) error {
	file := io.NopCloser(c.InOrStdin())
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return wrongInput(err)
		}
		file = f
	}
	defer file.Close()
	response, err := a.do(c.Context(), "POST", "/v1/events", "application/x-ndjson", file)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	t, err := readAnswers(response.Body, c.ErrOrStderr())
	if err != nil {
		return err
	}
	if output == asJSON {
		err = writeJSON(c.OutOrStdout(), t)
	} else {
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d taken, %d repeated, %d refused\n",
			plural(t.Events, "event"), t.Taken, t.Repeated, t.Refused)
	}
	if err == nil && t.Refused > 0 {
		return wrongInput(errShown)
	}
	return failed(err)
}

// readAnswers counts the answers as they come.
func readAnswers(answers io.Reader, errs io.Writer) (*tally, error) {
	t := &tally{}
	show := isTerminal(errs)
	shown := time.Now()
	d := json.NewDecoder(bufio.NewReader(answers))
	for {
		var line lineAnswer
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, failed(fmt.Errorf("the answers ended early, after %s; "+
				"send the file again, ids make that safe: %w", plural(t.Events, "event"), err))
		}
		t.count(&line, errs)
		if show && time.Since(shown) >= progressEvery {
			shown = time.Now()
			fmt.Fprintf(errs, "\r%d events", t.Events)
		}
	}
	if show {
		fmt.Fprint(errs, "\r\x1b[K")
	}
	return t, nil
}

func (t *tally) count(line *lineAnswer, errs io.Writer) {
	t.Events++
	switch {
	case line.Error != nil:
		t.Refused++
		fmt.Fprintf(errs, "nudge: line %d: %s\n", line.Line, line.Error.text())
	case line.Repeated:
		t.Repeated++
	default:
		t.Taken++
	}
}
