package channels

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLimited(t *testing.T) {
	text := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", n-2) + `"`) }
	some := func(n int, p ReplyPart) []ReplyPart {
		parts := make([]ReplyPart, n)
		for i := range parts {
			parts[i] = p
		}
		return parts
	}
	long := strings.Repeat("u", MaxReplyPartText+1)
	for _, c := range []struct {
		name     string
		in, want Reply
	}{
		{"a text", Reply{Text: "yes"}, Reply{Text: "yes"}},
		{"the most data", Reply{Parts: some(1, ReplyPart{Data: text(MaxReplyData)})}, Reply{Parts: some(1, ReplyPart{Data: text(MaxReplyData)})}},
		{"more data", Reply{Parts: some(1, ReplyPart{Type: "a/b", Data: text(MaxReplyData + 1)})}, Reply{Parts: some(1, ReplyPart{Type: "a/b"})}},
		{"too much together", Reply{Parts: some(6, ReplyPart{Data: text(MaxReplyData)})},
			Reply{Parts: append(some(4, ReplyPart{Data: text(MaxReplyData)}), some(2, ReplyPart{})...)}},
		{"too many parts", Reply{Parts: some(MaxReplyParts+1, ReplyPart{Type: "a/b"})}, Reply{Parts: some(MaxReplyParts, ReplyPart{Type: "a/b"})}},
		{"long texts", Reply{Parts: []ReplyPart{{Type: long, Name: long, URL: long}}}, Reply{Parts: []ReplyPart{{}}}},
		{"the most metadata", Reply{Metadata: text(MaxReplyData)}, Reply{Metadata: text(MaxReplyData)}},
		{"more metadata", Reply{Metadata: text(MaxReplyData + 1)}, Reply{}},
		{"no JSON", Reply{Parts: some(1, ReplyPart{Data: json.RawMessage("{")}), Metadata: json.RawMessage("x")}, Reply{Parts: some(1, ReplyPart{})}},
		{"no metadata", Reply{Metadata: json.RawMessage("null")}, Reply{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := cmp.Diff(c.in, Reply{})
			if got := c.in.Limited(); cmp.Diff(c.want, got) != "" {
				t.Errorf("(-want +got)\n%s", cmp.Diff(c.want, got))
			}
			if cmp.Diff(c.in, Reply{}) != before {
				t.Error("the reply itself was changed")
			}
		})
	}
}
