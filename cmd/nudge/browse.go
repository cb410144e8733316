package main

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/console"
)

// consoleOf is the address of the web console of an instance.
func consoleOf(i *app.Instance) string { return i.URL() + console.Root }

// consoleLine returns the line that says where the console is: the last one of a greeting.
func consoleLine(i *app.Instance) string { return "console " + consoleOf(i) }

// openFlag adds the flag that shows the console in a browser.
func openFlag(c *cobra.Command, open *bool) {
	c.Flags().BoolVar(open, "open", false, "show the console in a browser")
}

// browse shows an address in a browser. That it cannot is a warning: the address can be typed.
func browse(address string, errs io.Writer) {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	c := exec.Command(name, args...)
	if err := c.Start(); err != nil {
		fmt.Fprintf(errs, "warning: no browser was started: %v\n", err)
		return
	}
	go c.Wait() // ends with the browser; what became of it is its own affair
}
