// Command nudge is the notification engine and everything around it: the server, the
// tools that look into it, and a demo that shows what it does.
//
// There is one file for each verb. A verb returns an error; the exit code of the process
// follows from the error (see exit.go). Output goes to standard output, and everything
// else to standard error. Only serve, dev, demo and sandbox handle signals.
package main

import (
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // zones are the same on every machine
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the whole program, apart from the process around it.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	out, errs = written(out), written(errs)
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.Execute()
	if text := errorText(err); text != "" {
		fmt.Fprintf(errs, "nudge: %s\n", text)
	}
	return exitCode(err)
}
