package channels

import (
	"strings"
	"testing"
)

func TestPlatformProblem(t *testing.T) {
	type m = map[string]any
	for _, test := range []struct {
		platform string
		fields   m
		want     string
	}{
		{"apns", m{"badge": 1, "sound": "ping.aiff", "alert": "Update", "payload": m{"k": "v"}, "other": true}, ""},
		{"apns", m{"badge": 3.0, "sound": m{"name": "ping.aiff"}}, ""},
		{"apns", m{"badge": Untold{}, "payload": Untold{}}, ""},
		{"apns", nil, ""},
		{"apns", m{"badge": "3"}, "badge: a whole number"},
		{"apns", m{"badge": 1.5}, "badge: a whole number"},
		{"apns", m{"badge": nil}, "badge: a whole number"},
		{"apns", m{"sound": 7}, "sound: text or a mapping"},
		{"apns", m{"alert": m{"title": "x"}}, "alert: text"},
		{"apns", m{"payload": "x"}, "payload: a mapping"},
		{"fcm", m{"collapse_key": "k", "data": m{}, "notification": m{"title": "a", "body": "b", "icon": "c"}}, ""},
		{"fcm", m{"collapse_key": true}, "collapse_key: text or a mapping"},
		{"fcm", m{"data": []any{}}, "data: a mapping"},
		{"fcm", m{"notification": "x"}, "notification: a mapping"},
		{"fcm", m{"notification": m{"icon": 7}}, "notification.icon: text"},
		{"fcm", m{"badge": "3"}, ""},
	} {
		field, want := PlatformProblem(test.platform, test.fields)
		if got := strings.TrimPrefix(field+": "+want, ": "); got != test.want {
			t.Errorf("%s %v: got %q, want %q", test.platform, test.fields, got, test.want)
		}
	}
}
