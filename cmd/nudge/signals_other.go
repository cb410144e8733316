//go:build !unix

package main

import "os"

// killSignals are none where there is no SIGUSR1; the API has the switch.
var killSignals []os.Signal
