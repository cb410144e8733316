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

// String is stars.
func (Secret) String() string { return stars }

// GoString is stars.
func (Secret) GoString() string { return stars }

// Format writes stars, whatever the verb: with a verb that does not fit, fmt would
// write what is behind it.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, stars) }

// MarshalText is stars, in JSON and YAML too.
func (Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue is stars.
func (Secret) LogValue() slog.Value { return slog.StringValue(stars) }
