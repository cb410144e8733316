// Package instant defines the engine's unit of time: whole milliseconds, so that every
// machine and every record agree.
package instant

import "time"

// Instant is a point in time in milliseconds since the Unix epoch, in UTC. The
// zero Instant means "none".
type Instant int64

// Of returns the first Instant that is not before t, so that a timer set for it never fires
// early.
func Of(t time.Time) Instant {
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		ms++
	}
	return Instant(ms)
}

// Time is the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Add returns the instant d later, rounded up to the millisecond.
func (i Instant) Add(d time.Duration) Instant {
	ms := d / time.Millisecond
	if d > ms*time.Millisecond {
		ms++
	}
	return i + Instant(ms)
}

// String is the instant in RFC 3339 with milliseconds.
func (i Instant) String() string { return i.Time().Format("2006-01-02T15:04:05.000Z07:00") }

// MarshalText writes the instant as String does.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads RFC 3339.
func (i *Instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err == nil {
		*i = Of(t)
	}
	return err
}
