package channels

import (
	"encoding/base64"
	"strings"
)

// IsText reports whether the data of a part with this media type is sent as text. The data
// of any other type is sent as base64.
//
// The provider's page says "for non-text MIME types, use base64", and its own example of
// a part sends application/json as text (Dotdigital, "Channel: App messaging", messagePart).
// So text/* and JSON are text, with the types that JSON is the base of (RFC 6839: +json).
// Everything else is not, XML and image/svg+xml included. No type at all is text/plain.
func IsText(mediaType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(mediaType), ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || strings.HasPrefix(kind, "text/") || kind == "application/json" || strings.HasSuffix(kind, "+json")
}

// IsBase64 reports whether data is base64 as the provider takes it: the standard alphabet,
// with padding.
func IsBase64(data string) bool {
	_, err := base64.StdEncoding.DecodeString(data)
	return err == nil
}
