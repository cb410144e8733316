package app

import (
	"regexp"
	"strings"
)

var (
	// secretKey finds the position after a key whose value may be a secret.
	secretKey = regexp.MustCompile(`\b(?:tokens?|password|secrets?)["']?\s*:`)
	// harmless matches the visible parts of a secret's value: the name of its variable,
	// without the default, and layout.
	harmless = regexp.MustCompile(`\$\{\w+(?:\}|:-)|[\s\[\]{},"'|>-]+`)
)

// withoutSecrets replaces every character of a secret in a nudge.yaml with a star. So an
// excerpt can be shown, and its carets stay in place. It works on the form of the lines,
// because it must also work on a file that is not YAML.
func withoutSecrets(text string) string {
	lines := strings.Split(text, "\n")
	within := -1 // indentation of the secret key whose value the lines may continue
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		item := strings.HasPrefix(line[indent:], "-")
		if within >= 0 && (indent > within || indent == within && item || strings.TrimSpace(line) == "") {
			lines[i] = stars(line)
			continue
		}
		within = -1
		if at := secretKey.FindStringIndex(line); at != nil {
			lines[i] = line[:at[1]] + stars(line[at[1]:])
			within = indent
		}
	}
	return strings.Join(lines, "\n")
}

// stars replaces everything that is not harmless with stars.
func stars(text string) string {
	var b strings.Builder
	for text != "" {
		at := harmless.FindStringIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		b.WriteString(strings.Repeat("*", len([]rune(text[:at[0]]))))
		b.WriteString(text[at[0]:at[1]])
		text = text[at[1]:]
	}
	return b.String()
}
