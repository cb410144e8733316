package main

import (
	"strings"
	"testing"
)

// TestBrowseWithoutBrowser: a machine without a browser is told so, and nothing else changes.
func TestBrowseWithoutBrowser(t *testing.T) {
	t.Setenv("PATH", "")
	var errs strings.Builder
	browse("http://127.0.0.1:8080/console/", &errs)
	if got := errs.String(); !strings.HasPrefix(got, "warning: no browser was started: ") {
		t.Errorf("got %q", got)
	}
}
