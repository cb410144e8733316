package appmessaging

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a token, a password or the secret of a webhook. However it is printed,
// logged or encoded, it comes out as stars; string(s) is the one way to its text.
type Secret string

const stars = "***"

// String returns stars.
func (Secret) String() string { return stars }

// GoString returns stars.
func (Secret) GoString() string { return stars }

// Format writes stars for every verb: for a verb that does not fit, fmt would write the
// text itself.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stars) }

// MarshalText returns stars, so JSON and YAML hold them too.
func (Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue returns stars.
func (Secret) LogValue() slog.Value { return slog.StringValue(stars) }
