package channels

import "testing"

func TestIsText(t *testing.T) {
	for mediaType, want := range map[string]bool{
		"":                                  true,
		"text/plain":                        true,
		"Text/Markdown; charset=utf-8":      true,
		" text/calendar ":                   true,
		"text/xml":                          true,
		"application/json":                  true,
		"application/JSON;charset=utf-8":    true,
		"application/vnd.acme.order+json":   true,
		"application/xml":                   false,
		"application/atom+xml":              false,
		"image/svg+xml":                     false,
		"application/javascript":            false,
		"application/x-www-form-urlencoded": false,
		"application/octet-stream":          false,
		"application/pdf":                   false,
		"image/png":                         false,
		"audio/ogg":                         false,
		"context/plain":                     false,
		"json":                              false,
	} {
		if got := IsText(mediaType); got != want {
			t.Errorf("%q: got %t, want %t", mediaType, got, want)
		}
	}
}

func TestIsBase64(t *testing.T) {
	for data, want := range map[string]bool{"": true, "R0lGODlh": true, "QQ==": true, "QQ": false, "<svg/>": false, "-_-_": false} {
		if got := IsBase64(data); got != want {
			t.Errorf("%q: got %t, want %t", data, got, want)
		}
	}
}
