package appmessaging

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

var ref = channels.Ref{Installation: "i1", Run: "01J", Message: 2, Attempt: 1}

// TestEncode holds every shape of a send against a file in testdata. The files
// are to be read beside the provider's page.
func TestEncode(t *testing.T) {
	support := &channels.Sender{ID: `TEAM\Support`, Name: "Support"}
	picture := channels.Part{Name: "cat", Type: "image/png", URL: "https://example.com/c.png", Size: 9}
	text := channels.Part{Type: "text/plain", Data: "Look & <see>"}
	for name, m := range map[string]channels.Message{
		"smallest":     {To: "dave", Body: "Hello"},
		"conversation": {To: `USER\da ve`, Conversation: "dave Support", Body: "Hello", From: support, Ref: ref},
		"expires": {
			To: "dave", Body: "Hello",
			Expires: time.Date(2030, 1, 31, 10, 0, 0, 7e6, time.FixedZone("CET", 3600)),
		},
		"fallback": {To: "dave", Body: "Hello", Rules: []string{"appMessaging", "sms"}},
		"rule set": {To: "dave", Body: "Hello", RuleSet: "urgent"},
		"parts":    {To: "dave", Parts: []channels.Part{text, picture}, From: support},
		"alert":    {To: "dave", Body: "Hello", From: support, Alert: &channels.Alert{Title: "T", Body: "B"}},
		"metadata": {
			To: "dave", Parts: []channels.Part{text}, Ref: ref,
			Metadata: map[string]any{"ticket": 17},
		},
		"one platform": {To: "dave", Body: "Hello", Alert: &channels.Alert{APNS: map[string]any{"badge": 1}}},
		"platforms": {To: "dave", Body: "Hello", Alert: &channels.Alert{
			APNS: map[string]any{"badge": 1, "sound": "ping.aiff", "payload": map[string]any{"k": "v"}},
			FCM:  map[string]any{"collapse_key": "support", "notification": map[string]any{"title": "T"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			payload, err := encode(m)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(payload, []byte("customBody")) && bytes.Contains(payload, []byte("channelOptions")) {
				t.Error("has a customBody and channelOptions, which exclude each other")
			}
			golden(t, name, payload)
		})
	}
}

func golden(t *testing.T, name string, payload []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, payload, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestEncodeRefuses(t *testing.T) {
	part := channels.Part{Type: "text/plain", Data: "x"}
	for want, m := range map[string]channels.Message{
		"no recipient":                 {Body: "x"},
		"neither a body nor parts":     {To: "dave"},
		"both a body and parts":        {To: "dave", Body: "x", Parts: []channels.Part{part}},
		"both rules and a rule set":    {To: "dave", Body: "x", Rules: []string{"sms"}, RuleSet: "r"},
		"part 1 of the message has bo": {To: "dave", Parts: []channels.Part{{Data: "x", URL: "y"}}},
		"part 2 of the message has the type image/svg+xml and data that is not base64": {To: "dave",
			Parts: []channels.Part{part, {Type: "image/svg+xml", Data: "<svg/>"}}},
		"app messaging's part 1 of the message has the type image/png and data that is not base64": {To: "dave", Body: "x",
			AppParts: []channels.Part{{Type: "image/png", Data: "dot"}}},
		"none of the parts of the message is for appMessaging": {To: "dave", Metadata: map[string]any{"k": 1},
			Parts: []channels.Part{{Type: "text/plain", Data: "x", Channels: []string{"sms"}}}},
		"apns.badge of the alert must be a whole number": {To: "dave", Body: "x", Alert: &channels.Alert{APNS: map[string]any{"badge": "3"}}},
		"both options and a body of a channel": {To: "dave", Template: "t", From: &channels.Sender{ID: "acme"},
			Custom: map[string]any{"sms": "x"}},
		"want one of them. An alert": {To: "dave", Body: "x", Options: map[string]map[string]any{"sms": {"from": "acme"}},
			Metadata: map[string]any{"k": 1}},
		"send large parts by URL":   {To: "dave", Body: strings.Repeat("x", maxRequest)},
		"cannot be written as JSON": {To: "dave", Body: "x", Metadata: func() {}},
	} {
		if _, err := encode(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	m := channels.Message{
		To: "dave", Conversation: "Support_dave", Body: "Are you there?",
		From: &channels.Sender{ID: `TEAM\Support`, Name: "Support"}, Ref: ref,
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encode(m); err != nil {
			b.Fatal(err)
		}
	}
}
