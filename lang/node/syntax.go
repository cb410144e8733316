package node

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"nudge/lang/diag"
)

var atLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// aboutBlocks matches the parser's messages for lines with a wrong indentation.
var aboutBlocks = regexp.MustCompile(`expected '-' indicator|expected key|<block|mapping values are not allowed|block sequence entries`)

// The search for the cause of a syntax error is for files that people write. It tries only so
// much, as it parses the file, or lines of it, again.
const (
	maxSuspects = 10   // lines that may have caused the error in the whole file
	maxDistance = 100  // lines between the reported line and the guilty one
	maxSuspect  = 4096 // bytes of a line that is looked at closely
)

// syntaxError turns the parser's error into a diagnostic at the likely cause. The parser
// knows only a line, and not always the right one.
func (s *source) syntaxError(err error) {
	m := atLine.FindStringSubmatch(strings.SplitN(err.Error(), "\n", 2)[0])
	reported, _ := strconv.Atoi(m[1])
	message := m[2]
	if line := s.tabbedLine(); line > 0 && strings.Contains(message, "cannot start any token") {
		at := strings.IndexByte(string(s.lines[line-1]), '\t')
		s.list.Errorf(s.lineSpan(line, at+1, at+2), codeTab, "indent with spaces",
			"this line is indented with a tab; YAML allows only spaces")
		return
	}
	if line, problem := s.misplaced(); line > 0 && aboutBlocks.MatchString(message) {
		text := string(s.lines[line-1])
		from := len(text) - len(strings.TrimLeft(text, " ")) + 1
		s.list.Errorf(s.lineSpan(line, from, len([]rune(text))+1), CodeSyntax,
			"give lines that belong together the same indentation; or a colon or dash is missing here or in the line above", "not valid YAML: %s", problem)
		return
	}
	if line, found := s.unquotedBraces(err); line > 0 {
		s.suspected(line, found)
		return
	}
	line := s.guiltyLine(max(reported, 1), message)
	if line <= len(s.lines) {
		if found, ok := suspect(string(s.lines[line-1])); ok {
			s.suspected(line, found)
			return
		}
	}
	from, to, hint := s.guiltyPart(line, message)
	s.list.Errorf(s.lineSpan(line, from, to), CodeSyntax, hint, "not valid YAML: %s", message)
}

// suspected reports the likely cause of a syntax error in a line.
func (s *source) suspected(line int, found suspicion) {
	text := string(s.lines[line-1])
	from, to := len([]rune(text[:found.from]))+1, len([]rune(text[:found.to]))+1
	s.list.Errorf(s.lineSpan(line, from, to), CodeSyntax, found.hint, "%s", found.message)
}

// unquotedBraces returns the first of a few lines whose value begins with {{ that causes the
// error, or 0. The parser often reports such a value at another line, so this tries whether quotes
// around the value change the error.
func (s *source) unquotedBraces(err error) (line int, found suspicion) {
	lines := make([]string, len(s.lines))
	for i, text := range s.lines {
		lines[i] = string(text)
	}
	for i, tried := 0, 0; i < len(lines) && tried < maxSuspects; i++ {
		text := lines[i]
		found, ok := openBraces(text)
		if !ok {
			continue
		}
		tried++
		lines[i] = text[:found.from] + singleQuoted(text[found.from:found.to]) + text[found.to:]
		if _, now := decode([]byte(strings.Join(lines, "\n"))); now == nil || now.Error() != err.Error() {
			return i + 1, found
		}
		lines[i] = text
	}
	return 0, suspicion{}
}

// tabbedLine returns the first line with a tab in its indentation, or 0.
func (s *source) tabbedLine() int {
	for i, line := range s.lines {
		for _, r := range line {
			if r == '\t' {
				return i + 1
			}
			if r != ' ' {
				break
			}
		}
	}
	return 0
}

// guiltyLine returns the line nearest to the reported one that causes the same error when
// it is parsed alone, or the reported line.
func (s *source) guiltyLine(reported int, message string) int {
	reported = min(reported, max(len(s.lines), 1))
	for distance := range min(maxDistance, len(s.lines)) {
		for _, line := range []int{reported - distance, reported + distance} {
			if line < 1 || line > len(s.lines) {
				continue
			}
			_, err := decode([]byte(strings.TrimSpace(string(s.lines[line-1]))))
			if err != nil && atLine.FindStringSubmatch(err.Error())[2] == message {
				return line
			}
		}
	}
	return reported
}

// guiltyPart finds the columns of the mistake in a line, and a hint.
func (s *source) guiltyPart(line int, message string) (from, to int, hint string) {
	text := ""
	if line <= len(s.lines) {
		text = string(s.lines[line-1])
	}
	from, to = len(text)-len(strings.TrimLeft(text, " "))+1, len([]rune(text))+1
	if at, missing := unclosed(text); at >= 0 && strings.Contains(message, "',' or '") {
		column := len([]rune(text[:at])) + 1
		return column, column + 1, fmt.Sprintf("a %c is missing before this %c", missing, text[at])
	}
	brace := strings.IndexByte(text, '{')
	colon := strings.Index(text, ": ")
	switch {
	case brace >= 0 && strings.Contains(message, "',' or '}'"):
		return len([]rune(text[:brace])) + 1, to, "put quotes around this text: it stands inside { }"
	case strings.Contains(message, "',' or ']'"):
		hint = "close every [ with a ]"
	case strings.Contains(message, "mapping values are not allowed") && colon >= 0:
		hint = `put quotes around text that contains ": "`
		from = len([]rune(text[:colon])) + 3
	case strings.Contains(message, "cannot start any token") && colon >= 0:
		hint = "put quotes around text that begins with this character"
		from = len([]rune(text[:colon])) + 3
	case strings.Contains(message, "expected key") && strings.Contains(text, `: "`):
		hint = "put quotes around the whole text, not only around its first word: '…'"
		from = len([]rune(text[:strings.Index(text, `: "`)])) + 3
	}
	return from, to, hint
}

// unclosed returns the first closing bracket of a line that does not belong to the bracket
// that is open there, and the one that is missing before it; at is -1 if there is none.
func unclosed(text string) (at int, missing byte) {
	closing := map[byte]byte{'{': '}', '[': ']'}
	var open []byte
	for i, quote := 0, byte(0); i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.IndexByte(" [{,", text[max(i-1, 0)]) >= 0:
			quote = c
		case closing[c] != 0:
			open = append(open, closing[c])
		case c != '}' && c != ']' || len(open) == 0:
		case open[len(open)-1] != c:
			return i, open[len(open)-1]
		default:
			open = open[:len(open)-1]
		}
	}
	return -1, 0
}

func (s *source) lineSpan(line, from, to int) diag.Span {
	return diag.Span{
		File:  s.file,
		Start: diag.Pos{Line: line, Column: from},
		End:   diag.Pos{Line: line, Column: max(to, from+1)},
	}
}
