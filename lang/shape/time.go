package shape

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Time is an instant in UTC. Flows use it instead of time.Time, which carries a zone and a
// clock reading: two values for the same instant can differ in == and in their text. Time
// has neither, and cannot reach the machine's clock or local zone. The zero Time is
// 1970-01-01T00:00:00Z.
type Time struct {
	seconds int64 // since 1970
	nanos   int32
}

// TimeOf returns the instant of t.
func TimeOf(t time.Time) Time { return Time{t.Unix(), int32(t.Nanosecond())} }

// ParseTime reads RFC 3339, such as 2026-03-05T14:00:00Z. A day alone is no time: midnight
// is another instant in each zone.
func ParseTime(text string) (Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return Time{}, fmt.Errorf("%q is not a time such as 2026-03-05T14:00:00Z", text)
	}
	return TimeOf(t), nil
}

// Std returns the instant as a time.Time in UTC.
func (t Time) Std() time.Time { return time.Unix(t.seconds, int64(t.nanos)).UTC() }

// Compare is negative when t is before u, positive when after.
func (t Time) Compare(u Time) int {
	return cmp.Or(cmp.Compare(t.seconds, u.seconds), cmp.Compare(t.nanos, u.nanos))
}

// String returns the instant in RFC 3339.
func (t Time) String() string { return t.Std().Format(time.RFC3339Nano) }

// MarshalJSON writes the instant as text in RFC 3339.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads text in RFC 3339.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	parsed, err := ParseTime(text)
	if err == nil {
		*t = parsed
	}
	return err
}
