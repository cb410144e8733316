package app

import (
	"regexp"
	"strings"
)

var (
	// secretKey finds the position after a key whose value may be a secret.
	secretKey  = regexp.MustCompile(`\b(?:tokens?|password|secrets?|store)["']?\s*:`)
	itemDashes = regexp.MustCompile(`^(?:- *)+`) // before what an item of a list begins with
	// harmless matches the visible parts of a secret's value: the name of its variable,
	// without the default, and layout.
	harmless = regexp.MustCompile(`\$\{\w+(?:\}|:-)|[\s\[\]{},"'|>-]+`)
)

// withoutSecrets replaces every character of a secret in a nudge.yaml with a star. So an
// excerpt can be shown, and its carets stay in place. It works on the form of the lines,
// because it must also work on a file that is not YAML.
func withoutSecrets(text string) string {
	lines := strings.Split(text, "\n")
	within := -1    // indentation of the secret key whose value the lines may continue
	inItem := false // the key is in an item in braces: another item with its indentation is not of the value
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		dashes := len(itemDashes.FindString(line[indent:]))
		item := dashes > 0
		if within >= 0 && (indent > within || indent == within && item && !inItem || strings.TrimSpace(line) == "") {
			lines[i] = stars(line)
			continue
		}
		within = -1
		var goesOn bool
		if lines[i], goesOn = withoutSecret(line); goesOn {
			inItem = item && strings.HasPrefix(line[indent+dashes:], "{")
			if within = indent; !inItem { // the key is where the item begins
				within += dashes
			}
		}
	}
	return strings.Join(lines, "\n")
}

// withoutSecret replaces the secrets of one line, and reports whether the value of the last one may go on in the next line.
func withoutSecret(line string) (shown string, goesOn bool) {
	at := secretKey.FindStringIndex(line)
	if at == nil {
		return line, false
	}
	value := line[at[1]:]
	end := -1
	if before := line[:at[0]]; strings.Count(before, "{") > strings.Count(before, "}") { // other keys may follow on the line
		end = valueEnd(value)
	}
	if end < 0 {
		return line[:at[1]] + stars(value), true
	}
	rest, goesOn := value[end:], false
	if secretKey.MatchString(rest) {
		rest, goesOn = withoutSecret("{" + rest)
		rest = rest[1:]
	}
	return line[:at[1]] + stars(value[:end]) + rest, goesOn
}

// valueEnd returns where a value of a mapping in braces certainly ends; -1 if that cannot be told.
func valueEnd(value string) int {
	begin := len(value) - len(strings.TrimLeft(value, " "))
	end := -1
	switch text := value[begin:]; {
	case strings.HasPrefix(text, `"`) && !strings.Contains(text, `\`):
		end = strings.IndexByte(text[1:], '"') + 1
	case strings.HasPrefix(text, "'") && !strings.Contains(text, "''"):
		end = strings.IndexByte(text[1:], '\'') + 1
	case strings.ContainsAny(text[:min(1, len(text))], `"'[|>&*!`), strings.Contains(text, "${"):
		return -1
	default:
		end = strings.IndexAny(text, ",}") - 1
	}
	if end <= 0 {
		return -1
	}
	end += begin + 1
	if rest := strings.TrimLeft(value[end:], " "); !strings.HasPrefix(rest, ",") && !strings.HasPrefix(rest, "}") { // it is no YAML
		return -1
	}
	return end
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
