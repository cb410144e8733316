package app

import (
	"regexp"
	"strings"
)

var (
	// secretKey finds where the value of a key begins that may hold a secret.
	secretKey = regexp.MustCompile(`\b(?:tokens?|password|secrets?)["']?\s*:`)
	// harmless is what may be shown of a secret: the name of the variable that has it, without
	// its default, and layout.
	harmless = regexp.MustCompile(`\$\{\w+(?:\}|:-)|[\s\[\]{},"'|>-]+`)
)

// withoutSecrets is a nudge.yaml in which stars stand for the secrets, one for each
// character, so that an excerpt of it may be shown and its carets stay in place. It
// goes by the look of lines, because it must also hold for a file that is not YAML.
func withoutSecrets(text string) string {
	lines := strings.Split(text, "\n")
	within := -1 // indentation of the secret key that the lines may still belong to
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

// stars covers everything but what is harmless.
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
