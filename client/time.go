package client

import "time"

// timeLayout is how the API writes an instant.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// Time is an instant as the API has it: in milliseconds. The zero Time is none.
type Time struct{ time.Time }

// String is the instant in UTC, in RFC 3339 with milliseconds.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// MarshalText writes the instant as String does.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// MarshalJSON writes the instant as a text.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// IsZero reports whether there is no instant. The API writes none as the epoch where a field
// is always there.
func (t Time) IsZero() bool { return t.Time.IsZero() || t.UnixMilli() == 0 }
