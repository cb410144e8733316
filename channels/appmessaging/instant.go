package appmessaging

import (
	"encoding/json"
	"time"
)

// instant is a time that may be missing or strange, and then is zero.
type instant struct{ time.Time }

// layouts in the order in which the provider has been seen to use them; without
// a zone it means UTC.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
}

// UnmarshalJSON does what read does.
func (t *instant) UnmarshalJSON(raw []byte) error {
	t.read(raw)
	return nil
}

// read takes ISO 8601 in a few shapes, or milliseconds or seconds since 1970.
func (t *instant) read(raw []byte) {
	var n json.Number
	if raw[0] == '"' {
		t.parse(string(raw[1 : len(raw)-1])) // no layout needs an escape
	} else if json.Unmarshal(raw, &n) == nil {
		t.Time = sinceEpoch(n)
	}
}

func (t *instant) parse(text string) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			t.Time = at.UTC()
			return
		}
	}
}

// sinceEpoch tells seconds from milliseconds by their size: as seconds, the
// smallest number taken for milliseconds is in the year 5138.
func sinceEpoch(n json.Number) time.Time {
	v, err := n.Int64()
	switch {
	case err != nil || v <= 0:
		return time.Time{}
	case v >= 1e11:
		return time.UnixMilli(v).UTC()
	}
	return time.Unix(v, 0).UTC()
}

// or is t, or other when t is not known.
func (t instant) or(other instant) time.Time {
	if t.IsZero() {
		return other.Time
	}
	return t.Time
}
