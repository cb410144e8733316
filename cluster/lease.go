package cluster

import "time"

// Instants of a node's own clock are how long its machine has run; see elapsed.

// Lease is how long a node may act for its partitions, by its own clock. The zero lease has ended.
type Lease struct{ until time.Duration }

// NewLease returns the lease that a registry granted for a term. It counts from the instant before the request was sent, and is
// shorter by a tenth, since clocks differ in speed: so it ends before that of the registry.
func NewLease(sent, term time.Duration) Lease { return Lease{sent + term - margin(term)} }

func margin(term time.Duration) time.Duration { return term / 10 }

// Valid reports whether the lease lasts at an instant.
func (l Lease) Valid(now time.Duration) bool { return now < l.until }

// Left is how long it lasts from an instant on; 0: it has ended.
func (l Lease) Left(now time.Duration) time.Duration { return max(l.until-now, 0) }
