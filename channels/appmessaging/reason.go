package appmessaging

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxReason is how many bytes of a reason of the provider are kept; the rest is cut off. It
	// is for people and goes on a timeline.
	maxReason = 500
	// maxDetails is how many bytes of JSON are searched for a reason; more is not searched, as
	// all of it becomes a tree.
	maxDetails = 64 << 10
)

// reasonKeys are the names under which failures have been seen to explain
// themselves, best first. The provider publishes no table; these come from its
// custom-channel API and from its own shop extensions.
var reasonKeys = []string{
	"failureReason", "reason", "statusdescription", "statusDescription",
	"description", "error", "message",
}

// findReason looks for words about a failure anywhere in some JSON, if it is not too large. The
// same JSON always gives the same words.
func findReason(raw json.RawMessage) string {
	var tree any
	if len(raw) == 0 || len(raw) > maxDetails || json.Unmarshal(raw, &tree) != nil {
		return ""
	}
	for _, key := range reasonKeys {
		if s := findText(tree, key); s != "" {
			return clip(s)
		}
	}
	return ""
}

// findText is the first text under key, depth first, keys in order.
func findText(tree any, key string) string {
	switch node := tree.(type) {
	case map[string]any:
		if s, ok := node[key].(string); ok && s != "" {
			return s
		}
		for _, k := range slices.Sorted(maps.Keys(node)) {
			if s := findText(node[k], key); s != "" {
				return s
			}
		}
	case []any:
		for _, item := range node {
			if s := findText(item, key); s != "" {
				return s
			}
		}
	}
	return ""
}

// clip makes text from outside fit for a reason: one line, valid, not too long.
func clip(s string) string {
	long := len(s) > maxReason
	if long {
		s = s[:maxReason]
		for range utf8.UTFMax - 1 { // the last character may be cut; and what is no text at all has no first byte
			if last, size := utf8.DecodeLastRuneInString(s); last != utf8.RuneError || size != 1 {
				break
			}
			s = s[:len(s)-1]
		}
	}
	s = strings.Map(oneLine, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if long {
		s += "…"
	}
	return s
}

func oneLine(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}
