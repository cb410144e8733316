package node

import (
	"regexp"
	"strings"
)

// suspicion is a likely cause of a syntax error: characters of one line, counted from 0.
type suspicion struct {
	from, to      int
	message, hint string
}

var (
	starValue  = regexp.MustCompile(`(?:^|[:,{\[-])\s+(\*[ /])`)
	braceValue = regexp.MustCompile(`(?:^|:|-)\s+(\{\{.*)$`)
	quotedOpen = regexp.MustCompile(`(?:^|[:,{\[-])\s+(["'])`)
	flowKey    = regexp.MustCompile(`^\s*([A-Za-z_][\w.]*)\s*:\s+`)
)

// suspect finds text in a line that YAML does not read as its author meant it. It does not
// look at a line longer than people write.
func suspect(line string) (suspicion, bool) {
	if len(line) > maxSuspect {
		return suspicion{}, false
	}
	if m := starValue.FindStringSubmatchIndex(line); m != nil {
		end := len(line)
		if strings.Contains(line[:m[2]], "{") {
			end = valueEnd(line, m[2])
		}
		value := strings.TrimRight(line[m[2]:end], " ")
		return suspicion{m[2], m[2] + len(value), "text that begins with * needs quotes", "write " + quoted(value)}, true
	}
	if found, ok := openBraces(line); ok {
		return found, true
	}
	if found, ok := innerQuote(line); ok {
		return found, true
	}
	return flowValue(line)
}

// openBraces finds a value that begins with {{ and has no quotes.
func openBraces(line string) (suspicion, bool) {
	m := braceValue.FindStringSubmatchIndex(line)
	if m == nil {
		return suspicion{}, false
	}
	end := len(line)
	if strings.Contains(line[:m[2]], "{") {
		end = valueEnd(line, m[2])
	}
	value := strings.TrimRight(line[m[2]:end], " ")
	message, hint := bracesNeedQuotes(line[:m[2]], value)
	return suspicion{m[2], m[2] + len(value), message, hint}, true
}

var ifKey = regexp.MustCompile(`(?:^|[\s{,-])if:\s*$`)

// bracesNeedQuotes explains a value that begins with {{, after the part of its line before
// it. Quotes do not help an if, which is an expression.
func bracesNeedQuotes(before, value string) (message, hint string) {
	if ifKey.MatchString(before) {
		return "an if is an expression, so it has no {{ }}", "write " + WithoutBraces(value) + " without braces"
	}
	return "text that begins with {{ needs quotes", "put quotes around the whole text: " + quoted(value)
}

// WithoutBraces returns the expression that an author wrote as a template: data.total for
// {{ data.total }}.
func WithoutBraces(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("{{-", "", "-}}", "", "{{", "", "}}", "").Replace(text)), " ")
}

// innerQuote finds a quoted text that ends inside a {{ }}, at a quote of its own kind.
func innerQuote(line string) (suspicion, bool) {
	for _, m := range quotedOpen.FindAllStringSubmatchIndex(line, -1) {
		start := m[2]
		end := closingQuote([]rune(line), len([]rune(line[:start])))
		closed := len(string([]rune(line)[:end]))
		inside := line[start:closed]
		if strings.LastIndex(inside, "{{") <= strings.LastIndex(inside, "}}") || !strings.Contains(line[closed:], "}}") {
			continue
		}
		other := "single quotes: '…'"
		if line[start] == '\'' {
			other = `double quotes: "…"`
		}
		return suspicion{closed, closed + 1, "this quote ends the text inside {{ }}", "put the whole text between " + other}, true
	}
	return suspicion{}, false
}

// flowValue finds a value inside { } that contains a character with another meaning there.
func flowValue(line string) (suspicion, bool) {
	open := strings.IndexByte(line, '{')
	if open < 0 {
		return suspicion{}, false
	}
	for at := open + 1; at < len(line); {
		m := flowKey.FindStringSubmatchIndex(line[at:])
		if m == nil {
			at = nextEntry(line, at)
			continue
		}
		start := at + m[1]
		if start < len(line) && strings.IndexByte(`{["'`, line[start]) >= 0 {
			at = start + 1
			continue
		}
		end := valueEnd(line, start)
		value := strings.TrimRight(line[start:end], " ")
		if sign := signIn(value); sign != "" {
			return suspicion{start, start + len(value), "inside { }, text with " + sign + " needs quotes",
				"write " + line[at+m[2]:at+m[3]] + ": " + quoted(value)}, true
		}
		at = end
	}
	return suspicion{}, false
}

// nextEntry returns where the next entry of { } begins.
func nextEntry(line string, at int) int {
	next := strings.IndexAny(line[at:], ",{")
	if next < 0 {
		return len(line)
	}
	return at + next + 1
}

// valueEnd returns the end of a value inside { }. A comma in brackets, or one without a
// key behind it, belongs to the value.
func valueEnd(line string, at int) int {
	depth, quote := 0, byte(0)
	for i := at; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' && !isLetter(line, i-1):
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case depth > 0 && (c == ')' || c == ']' || c == '}'):
			depth--
		case c == '}' && depth == 0:
			return i
		case c == ',' && depth == 0 && flowKey.MatchString(line[i+1:]+" "):
			return i
		}
	}
	return len(line)
}

func isLetter(line string, i int) bool {
	return i >= 0 && (line[i] >= 'a' && line[i] <= 'z' || line[i] >= 'A' && line[i] <= 'Z')
}

// signIn returns the characters of a value that YAML reads as something else inside { }.
func signIn(value string) string {
	switch {
	case strings.Contains(value, " #"):
		return "#"
	case strings.Contains(value, ": "):
		return `": "`
	case strings.Contains(value, "?"):
		return "?"
	case strings.ContainsAny(value, "[{"):
		return "[ or {"
	case strings.Contains(value, ","):
		return "a comma"
	}
	return ""
}

// quoted returns a text in the quotes that change nothing in it.
func quoted(text string) string {
	if strings.ContainsAny(text, `"\`) {
		return singleQuoted(text)
	}
	return `"` + text + `"`
}
