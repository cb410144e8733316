package node

import (
	"fmt"
	"strings"
)

// level is one open block: its indentation, and whether it is a list.
type level struct {
	indent int
	list   bool
}

// indents follows the indentation of a file line by line and finds the first line that
// belongs to no block. The parser finds that line too, but reports the beginning of the
// block.
type indents struct {
	levels []level
	opens  bool // the line before ends with a colon or is a bare dash
	quiet  int  // lines indented deeper than this belong to a text; -1 for none
	flow   int  // brackets that are open
}

// misplaced returns the number of the first line with a wrong indentation and what is
// wrong, or 0.
func (s *source) misplaced() (line int, problem string) {
	in := indents{quiet: -1}
	for i, text := range s.lines {
		if problem := in.next(string(text)); problem != "" {
			return i + 1, problem
		}
	}
	return 0, ""
}

// next reads one line and returns what is wrong with its indentation.
func (in *indents) next(line string) string {
	text := strings.TrimSpace(withoutComment(line))
	indent := len(line) - len(strings.TrimLeft(line, " "))
	switch {
	case text == "":
		return ""
	case in.quiet >= 0 && indent > in.quiet:
		return ""
	case in.flow > 0:
		in.flow += brackets(text)
		return ""
	}
	in.quiet = -1
	item := text == "-" || strings.HasPrefix(text, "- ")
	if problem := in.place(indent, item, text); problem != "" {
		return problem
	}
	in.enter(indent, text)
	return ""
}

// place finds the block of a line, or opens one.
func (in *indents) place(indent int, item bool, text string) string {
	above := in.levels
	for len(in.levels) > 0 && in.top().indent > indent {
		in.levels = in.levels[:len(in.levels)-1]
	}
	if len(in.levels) > 0 && in.top() == (level{indent, true}) && !item {
		in.levels = in.levels[:len(in.levels)-1]
	}
	fits := len(in.levels) > 0 && in.top() == level{indent, item}
	opened := in.opens && len(in.levels) == len(above) &&
		(len(above) == 0 || indent > in.top().indent || item && indent == in.top().indent)
	switch {
	case fits:
		return ""
	case opened || len(above) == 0:
		in.levels = append(in.levels, level{indent, item})
		return ""
	case len(in.levels) == len(above) && !item && !strings.Contains(text+" ", ": "):
		return "" // a text that goes on
	case len(in.levels) == len(above):
		return fmt.Sprintf("this line is indented by %s, but no block above it starts there", spaces(indent))
	}
	return fmt.Sprintf("this line is indented by %s, but its neighbours by %s", spaces(indent), spaces(nearest(above, indent, item)))
}

// enter opens the blocks that begin within a line.
func (in *indents) enter(indent int, text string) {
	for strings.HasPrefix(text, "- ") {
		rest := strings.TrimLeft(text[1:], " ")
		indent += len(text) - len(rest)
		text = rest
		list := strings.HasPrefix(text, "- ")
		if list || strings.Contains(text+" ", ": ") && !strings.ContainsAny(text[:1], "{[\"'") {
			in.levels = append(in.levels, level{indent, list})
		}
	}
	in.opens = strings.HasSuffix(text, ":") || text == "-"
	if strings.HasSuffix(text, "|") || strings.HasSuffix(text, ">") || strings.HasSuffix(text, "|-") || strings.HasSuffix(text, ">-") {
		in.quiet = indent
	}
	in.flow = max(0, brackets(text))
}

func (in *indents) top() level { return in.levels[len(in.levels)-1] }

// nearest returns the indentation that was probably meant: that of the most similar open
// block, and of a list if the line is an item.
func nearest(levels []level, indent int, item bool) int {
	best := levels[len(levels)-1]
	for _, l := range levels {
		if (l.list == item) == (best.list == item) && distance(l.indent, indent) < distance(best.indent, indent) ||
			l.list == item && best.list != item {
			best = l
		}
	}
	return best.indent
}

func distance(a, b int) int { return max(a-b, b-a) }

func spaces(n int) string {
	if n == 1 {
		return "1 space"
	}
	return fmt.Sprintf("%d spaces", n)
}

// withoutComment removes a comment from a line, unless its # may be inside quotes.
func withoutComment(line string) string {
	if at := strings.Index(line, " #"); at >= 0 && !strings.ContainsAny(line[:at], `"'`) {
		return line[:at]
	}
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return ""
	}
	return line
}

// brackets returns how many more brackets a text opens than it closes, without those in
// quotes.
func brackets(text string) int {
	open, quote := 0, rune(0)
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '{' || r == '[':
			open++
		case r == '}' || r == ']':
			open--
		}
	}
	return open
}
