package sandbox

import "time"

// Clock is the time in which people act and webhooks are retried.
type Clock interface {
	// Now is the present instant. It may stand still but never goes back.
	Now() time.Time

	// AfterFunc calls f once d has passed, in a goroutine or call of its own: never
	// before AfterFunc has returned, and never under a lock that Now or AfterFunc
	// take. The returned function cancels that, and reports whether it was in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
