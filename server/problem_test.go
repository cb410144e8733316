package server

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"testing"

	"nudge/engine"
	"nudge/runner"
)

// Every reason that the engine declares has a status, so that a refusal is never
// answered with 0.
func TestRefusalStatusIsComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../engine/answer.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type == nil || fmt.Sprint(spec.Type) != "RefusalReason" {
			return true
		}
		found++
		reason, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if status := refusalStatus[engine.RefusalReason(reason)]; err != nil || status < 400 || status > 499 {
			t.Errorf("the status of %s is %d, want one from 400 to 499", spec.Names[0].Name, status)
		}
		return true
	})
	if found != len(refusalStatus) {
		t.Errorf("the engine declares %d reasons, refusalStatus has %d", found, len(refusalStatus))
	}
}

func TestRunnerProblem(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
	}{
		{runner.ErrBusy, http.StatusTooManyRequests},
		{fmt.Errorf("x: %w", runner.ErrStopped), http.StatusServiceUnavailable},
		{context.Canceled, http.StatusServiceUnavailable},
		{context.DeadlineExceeded, http.StatusServiceUnavailable},
		{errors.New("a secret"), http.StatusInternalServerError},
	} {
		p := runnerProblem(test.err)
		if p.Status != test.status {
			t.Errorf("%v: status %d, want %d", test.err, p.Status, test.status)
		}
		if test.status == http.StatusInternalServerError && p.Detail != "internal error" {
			t.Errorf("the caller is told %q", p.Detail)
		}
	}
}
