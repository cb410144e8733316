//go:build !unix

package main

import "os"

// killSignals is empty on systems without SIGUSR1; the API has the kill switch too.
var killSignals []os.Signal
