//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/lsp/lsptest"
)

// editMain is a program for scripts that edits a project with the language server of this
// program, started as editors do, and prints what came of each command:
//
//	edit DIR SCRIPT
//
// Package lsptest has the commands.
func editMain() {
	dir, err := filepath.Abs(os.Args[1])
	if err != nil {
		fatal(err)
	}
	script, err := os.ReadFile(os.Args[2])
	if err != nil {
		fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	played, err := editProject(ctx, dir, string(script))
	if err != nil {
		fatal(err)
	}
	fmt.Print(played)
}

// editProject plays a script over the language server of this program.
func editProject(ctx context.Context, dir, script string) (string, error) {
	server := exec.CommandContext(ctx, "nudge", "lsp")
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	c, err := lsptest.Start(ctx, out, in, dir)
	if err != nil {
		return "", err
	}
	played, err := c.Play(ctx, script)
	if err != nil {
		return "", err
	}
	if err := c.Stop(ctx); err != nil {
		return "", err
	}
	return played, server.Wait()
}

// aFiring is a time at which a schedule fires, by the clock of the machine.
var aFiring = regexp.MustCompile(`(?m)^- (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ \w+ \d{4} \d\d:\d\d.*$`)

// TestEditor plays the scripts of testdata/editor: every feature of the language server over every
// example and each of the ten flows. The first line of a script names the folder of its project,
// of which it gets a copy.
func TestEditor(t *testing.T) {
	files, err := filepath.Glob("testdata/editor/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, script, _ := strings.Cut(string(text), "\n\n")
			dir := copyProject(t, os.DirFS(strings.TrimPrefix(first, "# Project: ")))
			played, err := editProject(t.Context(), dir, script)
			if err != nil {
				t.Fatal(err)
			}
			got := first + "\n\n" + aFiring.ReplaceAllString(played, "- a day and a time to come")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("(-script +played):\n%s", diff)
			}
		})
	}
}

// TestEditorScripts holds that each example and each of the ten flows has a script.
func TestEditorScripts(t *testing.T) {
	for pattern, name := range map[string]func(string) string{
		"../../examples/*/flows":                func(dir string) string { return filepath.Base(filepath.Dir(dir)) },
		"../../examples/patterns/*/flows":       func(dir string) string { return "patterns_" + filepath.Base(filepath.Dir(dir)) },
		"../../flows/testdata/ten/flows/*.yaml": func(file string) string { return "ten_" + strings.TrimSuffix(filepath.Base(file), ".yaml") },
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		for _, each := range found {
			if _, err := os.Stat(filepath.Join("testdata/editor", name(each)+".txt")); err != nil {
				t.Errorf("%s has no script: %v", each, err)
			}
		}
	}
}
