package appmessaging

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter is the longest pause that a provider can ask for; a longer one is shortened, so
// that a mistake in a header cannot hold a message forever.
const maxRetryAfter = 24 * time.Hour

// firstEpoch separates the two readings of X-RateLimit-Reset: smaller numbers
// are seconds from now, larger ones seconds since 1970.
const firstEpoch = 1_000_000_000

// retryAfter returns how long an answer asks to wait, and whether it asks at all.
// Retry-After holds seconds or an HTTP date (RFC 9110, 10.2.3); the newer hosts
// send X-RateLimit-Reset, an epoch, instead.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	if v := header.Get("Retry-After"); v != "" {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return pause(n), n >= 0
		}
		if at, err := http.ParseTime(v); err == nil {
			return max(0, min(at.Sub(now), maxRetryAfter)), true
		}
	}
	n, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || n < 0 {
		return 0, false
	}
	if n >= firstEpoch {
		n = max(0, n-now.Unix())
	}
	return pause(n), true
}

// pause returns n seconds, at most the limit, without overflow.
func pause(n int64) time.Duration {
	limit := int64(maxRetryAfter / time.Second)
	return time.Duration(max(0, min(n, limit))) * time.Second
}
