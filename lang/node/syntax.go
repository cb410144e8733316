package node

import (
	"regexp"
	"strconv"
	"strings"

	"nudge/lang/diag"
)

var atLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// aboutBlocks matches the parser's messages for lines with a wrong indentation.
var aboutBlocks = regexp.MustCompile(`expected '-' indicator|expected key|<block|mapping values are not allowed|block sequence entries`)

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
			"give lines that belong together the same indentation", "not valid YAML: %s", problem)
		return
	}
	line := s.guiltyLine(max(reported, 1), message)
	if line <= len(s.lines) {
		text := string(s.lines[line-1])
		if found, ok := suspect(text); ok {
			from, to := len([]rune(text[:found.from]))+1, len([]rune(text[:found.to]))+1
			s.list.Errorf(s.lineSpan(line, from, to), CodeSyntax, found.hint, "%s", found.message)
			return
		}
	}
	from, to, hint := s.guiltyPart(line, message)
	s.list.Errorf(s.lineSpan(line, from, to), CodeSyntax, hint, "not valid YAML: %s", message)
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
	for distance := 0; distance < len(s.lines); distance++ {
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

func (s *source) lineSpan(line, from, to int) diag.Span {
	return diag.Span{
		File:  s.file,
		Start: diag.Pos{Line: line, Column: from},
		End:   diag.Pos{Line: line, Column: max(to, from+1)},
	}
}
