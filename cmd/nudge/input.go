package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nudge/lang/encoding"
)

// withoutMark removes a byte order mark from the beginning of a file.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(len(encoding.Mark)); err == nil && string(mark) == encoding.Mark {
		b.Discard(len(mark)) // cannot fail: they were peeked at
	}
	return b
}

// readData reads a JSON object from a flag: JSON, @FILE, or - for standard input.
func readData(name, flag string, in io.Reader) (json.RawMessage, error) {
	if flag == "" {
		return nil, nil
	}
	raw, err := []byte(flag), error(nil)
	if flag == "-" {
		raw, err = io.ReadAll(in)
	} else if file, ok := strings.CutPrefix(flag, "@"); ok {
		raw, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, wrongInput(fmt.Errorf("%s: %w", name, err))
	}
	raw = bytes.TrimPrefix(raw, []byte(encoding.Mark))
	if err := encoding.Check(raw); err != nil {
		return nil, wrongInput(fmt.Errorf("%s is %w", name, err))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, wrongInput(fmt.Errorf("%s is not a JSON object: %s", name, jsonMistake(raw, err)))
	}
	if object == nil {
		return nil, wrongInput(fmt.Errorf("%s is not a JSON object: it is null", name))
	}
	return raw, nil
}

// jsonMistake says what is wrong with JSON, and where.
func jsonMistake(raw []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "unexpected end"):
		return "it ends too early; a bracket or a quote is not closed"
	case errors.As(err, &kind) && kind.Field == "":
		return "it is a JSON " + kind.Value
	case errors.As(err, &kind):
		return fmt.Sprintf("%s must not be a JSON %s", kind.Field, kind.Value)
	case !errors.As(err, &syntax):
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	before := string(raw[:min(max(syntax.Offset-1, 0), int64(len(raw)))])
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
	return fmt.Sprintf("line %d, column %d is not JSON from %q on", line, column, excerpt(raw[len(before):]))
}

// excerpt returns the beginning of a text, on one line.
func excerpt(text []byte) string {
	words, _, _ := strings.Cut(string(text), "\n")
	if r := []rune(words); len(r) > 20 {
		words = string(r[:20]) + "…"
	}
	return words
}

// openInput opens a file, or standard input for -.
func openInput(c *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(c.InOrStdin()), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, wrongInput(err)
	}
	return f, nil
}
