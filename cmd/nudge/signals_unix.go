//go:build unix

package main

import (
	"os"
	"syscall"
)

// killSignals throw the kill switch.
var killSignals = []os.Signal{syscall.SIGUSR1}
