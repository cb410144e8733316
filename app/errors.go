package app

import (
	"errors"
	"strings"
)

// Kind says who has to act on an error.
type Kind string

// The kinds of errors. An error without a kind counts as [Failed].
const (
	Input  Kind = "input"  // the input is wrong: a project, its settings, an event
	Usage  Kind = "usage"  // the call is wrong: a flag, a configuration
	Failed Kind = "failed" // the server, the network or the disk failed
)

// Error is an error with its kind.
type Error struct {
	Kind Kind
	Err  error
}

// Error returns the text of the error within.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error within.
func (e *Error) Unwrap() error { return e.Err }

// Mark gives an error its kind, unless it is nil or already has one.
func Mark(kind Kind, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{kind, err}
}

func wrongInput(err error) error { return Mark(Input, err) }

func failed(err error) error { return Mark(Failed, err) }

// Plain returns the text of an error without the name of the Go package that made it. That
// name means nothing to the author of a file.
func Plain(err error) string {
	text := err.Error()
	if name, rest, ok := strings.Cut(text, ": "); ok && (name == "sandbox" || name == "appmessaging") {
		return rest
	}
	return text
}
