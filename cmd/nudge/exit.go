package main

import (
	"errors"

	"nudge/lang/diag"
)

// What the process exits with.
const (
	exitFine   = 0
	exitInput  = 1 // the input is wrong: a project that does not load, a refused event
	exitUsage  = 2 // the command line is wrong
	exitFailed = 3 // the server or the disk failed

	exitAffected = 4 // of nudge plan: the deploy would move or end somebody's run
)

// exitError is an error that says what to exit with.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// wrongInput marks an error as one of the input.
func wrongInput(err error) error { return coded(exitInput, err) }

// wrongUsage marks an error as one of the command line.
func wrongUsage(err error) error { return coded(exitUsage, err) }

// failed marks an error as one of the server or the disk.
func failed(err error) error { return coded(exitFailed, err) }

// coded gives an error its code, unless it is none or has one already.
func coded(code int, err error) error {
	var known *exitError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &exitError{code, err}
}

// errShown ends a verb whose error has been shown in full already.
var errShown = errors.New("")

// exitCode is what to exit with. What no verb has marked comes from cobra, which only
// ever complains about the command line, or is a list of diagnostics.
func exitCode(err error) int {
	var known *exitError
	var list diag.List
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &known):
		return known.code
	case errors.As(err, &list):
		return exitInput
	}
	return exitUsage
}

func errorText(err error) string {
	if err == nil || errors.Is(err, errShown) {
		return ""
	}
	return err.Error()
}
