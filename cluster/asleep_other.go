//go:build !linux

package cluster

import "time"

var began = time.Now()

// elapsed is how long this process has run. A machine that sleeps may hold a lease for too long here, so only the store keeps
// it from acting for a partition.
func elapsed() time.Duration { return time.Since(began) }
