package cluster

import (
	"time"

	"golang.org/x/sys/unix"
)

// began is the instant from which a clock without CLOCK_BOOTTIME counts.
var began = time.Now()

// elapsed is how long the machine has run, the time that it slept included: Go's monotonic clock stands still then, and a lease
// does not.
func elapsed() time.Duration {
	var all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return time.Since(began)
	}
	return time.Duration(all.Nano())
}
