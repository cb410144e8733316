package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"nudge/app"
	"nudge/client"
	"nudge/lang/diag"
	"nudge/store"
	"nudge/store/bolt"
)

// The exit codes of the process.
const (
	exitFine   = 0
	exitInput  = 1 // the input is wrong: a project that does not load, a refused event
	exitUsage  = 2 // the command line is wrong
	exitFailed = 3 // the server or the disk failed

	exitAffected = 4 // of nudge plan: the deploy would move or end somebody's run
)

// affected is the kind of the error that nudge plan returns when the deploy would move or
// end a run.
const affected app.Kind = "affected"

// exitCodes has the exit code for each kind of error.
var exitCodes = map[app.Kind]int{
	app.Input: exitInput, app.Usage: exitUsage, app.Failed: exitFailed, affected: exitAffected,
}

// exitCode returns the exit code for an error. An error without a kind is a failure.
func exitCode(err error) int {
	if err == nil {
		return exitFine
	}
	code, ok := exitCodes[kindOf(err)]
	if !ok {
		return exitFailed
	}
	return code
}

// kindOf returns the kind of an error.
func kindOf(err error) app.Kind {
	var marked *app.Error
	var list diag.List
	var problem *client.Problem
	switch {
	case errors.As(err, &marked):
		return marked.Kind
	case errors.As(err, &problem) && problem.Status < 500 && problem.Status != http.StatusTooManyRequests:
		return app.Input
	case errors.As(err, &list):
		return app.Input
	}
	return app.Failed
}

// wrongInput marks an error as a mistake in the input.
func wrongInput(err error) error { return app.Mark(app.Input, err) }

// wrongUsage marks an error as a mistake in the command line.
func wrongUsage(err error) error { return app.Mark(app.Usage, err) }

// failed marks an error as a failure of the server or the disk.
func failed(err error) error { return app.Mark(app.Failed, err) }

// errShown ends a verb whose error has already been shown in full.
var errShown = errors.New("")

// errorText returns the text of an error, with advice if the solution is not obvious.
func errorText(err error) string {
	if err == nil || errors.Is(err, errShown) {
		return ""
	}
	var lost *client.UnreachableError
	var dial *net.OpError
	if errors.As(err, &lost) && errors.As(lost.Err, &dial) && dial.Op == "dial" {
		return fmt.Sprintf("no server at %s: %v; start one with nudge serve or nudge dev, or name it with --server", lost.Server, dial.Err)
	}
	if damaged(err) {
		return err.Error() + "\n" + remedy
	}
	return err.Error()
}

// remedy is what to do about a damaged store.
const remedy = "put back a copy of the file, or salvage what can be read: nudge store repair FILE --into NEW"

// damaged reports whether an error is that of a damaged store.
func damaged(err error) bool {
	var page *bolt.Damage
	return errors.As(err, &page) || errors.Is(err, bolt.ErrDamaged) || errors.Is(err, store.ErrDamaged)
}
