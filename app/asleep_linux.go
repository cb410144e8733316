package app

import (
	"time"

	"golang.org/x/sys/unix"
)

// timeAsleep is how long the machine has slept since it started; Go's monotonic clock stands still then.
func timeAsleep() time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano()).Round(time.Millisecond)
}
