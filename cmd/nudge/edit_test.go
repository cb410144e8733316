//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

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
	server := exec.Command("nudge", "lsp")
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		fatal(err)
	}
	if err := server.Start(); err != nil {
		fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := lsptest.Start(ctx, out, in, dir)
	if err != nil {
		fatal(err)
	}
	played, err := c.Play(ctx, string(script))
	if err != nil {
		fatal(err)
	}
	if err := c.Stop(ctx); err != nil {
		fatal(err)
	}
	if err := server.Wait(); err != nil {
		fatal(err)
	}
	fmt.Print(played)
}
