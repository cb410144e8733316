package flows

import (
	"fmt"
	"regexp"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"nudge/lang/node"
)

// parseExpr parses an expression. expr has no durations: to its parser, 30d is the name _0d.
// In the tree that parseExpr returns, the name of a duration is its text. No other name
// begins with a digit.
func parseExpr(source string, config *conf.Config) (*parser.Tree, error) {
	runes := []rune(source)
	found, err := durationsIn(runes)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseWithConfig(string(runes), config)
	if err == nil && len(found) > 0 {
		ast.Walk(&tree.Node, durationNames(found))
	}
	return tree, err
}

// durationNames gives the names at some places the texts of durations.
type durationNames map[int]string

// Visit renames a name that stands for a duration.
func (d durationNames) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok {
		if text := d[id.Location().From]; text != "" {
			id.Value = text
		}
	}
}

// isDurationName reports whether a name of a tree from parseExpr is a duration.
func isDurationName(name string) bool { return name != "" && name[0] >= '0' && name[0] <= '9' }

var (
	// wordAt matches a number and what follows it without a space.
	wordAt = regexp.MustCompile(`^\d+(\.\d+)?[A-Za-z_]\w*`)
	// notation matches the numbers of expr that contain letters.
	notation = regexp.MustCompile(`^(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[\d_.]+([eE]\d*)?)$`)
)

// durationsIn makes names of the durations in a source, and returns their texts by where
// they begin.
func durationsIn(source []rune) (map[int]string, error) {
	var found map[int]string
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case c == '"' || c == '\'' || c == '`':
			i = quoteEnd(source, i)
		case isWordRune(c) && !(c >= '0' && c <= '9'):
			for i+1 < len(source) && isWordRune(source[i+1]) {
				i++
			}
		case c >= '0' && c <= '9':
			word := wordAt.FindString(string(source[i:]))
			switch _, err := ParseDuration(word); {
			case word == "" || notation.MatchString(word):
			case err != nil:
				return nil, &badDuration{i, i + len(word), word, err}
			default:
				if found == nil {
					found = map[int]string{}
				}
				found[i] = word
				source[i] = '_'
			}
			for i+1 < len(source) && isWordRune(source[i+1]) {
				i++
			}
		}
	}
	return found, nil
}

func isWordRune(c rune) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 127
}

// quoteEnd returns the place of the quote that closes a text.
func quoteEnd(source []rune, i int) int {
	quote := source[i]
	for i++; i < len(source) && source[i] != quote; i++ {
		if source[i] == '\\' && quote != '`' {
			i++
		}
	}
	return i
}

// badDuration is a number with letters behind it that is no duration.
type badDuration struct {
	from, to int
	text     string
	err      error
}

// Error says what is wrong with it.
func (b *badDuration) Error() string { return fmt.Sprint(b.err) }

func (b *badDuration) hint() string { return node.DurationHint(b.text) }
