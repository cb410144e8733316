package flows

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

const (
	// maxSource is how many bytes an expression may have; a longer one is a mistake of the flow.
	maxSource = 2000
	// maxNodes is how many parts an expression may have; more is a mistake of the flow.
	maxNodes = 500
	// maxClosures is how deep any, filter and their like may be nested; a deeper one is a mistake
	// of the flow. Each level multiplies the cost by the length of a list.
	maxClosures = 2
)

// purpose says how an expression is used, and so which types its value may have.
type purpose uint8

const (
	forCondition purpose = iota // true or false
	forText                     // text, a whole number, or of unknown type
	forPeople                   // the same, or a list of it
	forTime                     // a time
	forDay                      // a time or a date
	forClock                    // text that is a time of day; it may be absent
	forValue                    // anything
)

// compileExpr checks an expression against its scope, compiles it and returns it with the
// type of its value. The expression begins at the offset in the text. After a mistake, which
// is in the list, it returns nil for both.
func compileExpr(t *node.Text, offset int, scope *shape.Type, at home, want purpose, list *diag.List) (*Expr, *shape.Type) {
	e := &Expr{text: t, offset: offset}
	piece := at.notes.Begin(t, offset, scope, false)
	if piece != nil {
		quiet := at
		quiet.notes = nil
		piece.Try = func(value string) (list diag.List) {
			other := node.Text{Value: value, Span: t.Span}
			compileExpr(&other, offset, scope, quiet, want, &list)
			return list
		}
	}
	source := t.Value[offset:]
	if len(source) > maxSource {
		list.Errorf(t.Span, codeTooCostly, "", "the expression has %d bytes; the limit is %d", len(source), maxSource)
		return nil, nil
	}
	config := exprConfig()
	tree, err := parseExpr(source, config)
	if err != nil {
		reportSyntax(e, err, list)
		return nil, nil
	}
	if at.zone == nil {
		at.zone = time.UTC
	}
	c := &exprChecker{expr: e, scope: scope, home: at, list: list, piece: piece}
	result := c.checkPurpose(&tree.Node, want)
	if piece != nil && result != failedType {
		piece.Type = result
	}
	if c.failed {
		return nil, nil
	}
	c.spendSteps()
	if e.program, err = compileTree(tree, config); err != nil {
		reportSyntax(e, err, list)
		return nil, nil
	}
	return e, result
}

// exprConfig returns a configuration for one expression. Its tables are shared and never
// changed.
func exprConfig() *conf.Config {
	config := *baseConfig()
	config.WithEnv(map[string]any{}) // names are read without reflection
	config.Strict, config.Env.Strict = false, false
	return &config
}

// baseConfig allows only what our own checker allows. That checker knows the types; expr's
// has no type for a value that may be nil.
var baseConfig = sync.OnceValue(func() *conf.Config {
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	for name := range config.Builtins {
		if functions[name] == nil {
			config.Disabled[name] = true
			delete(config.Builtins, name)
		}
	}
	for _, functions := range []map[string]func(...any) (any, error){ownFunctions, calendarFunctions} {
		for name, fn := range functions {
			config.Functions[name] = &builtin.Function{Name: name, Func: fn}
		}
	}
	return config
})

func compileTree(tree *parser.Tree, config *conf.Config) (*vm.Program, error) {
	if _, err := checker.Check(tree, config); err != nil {
		return nil, err
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		return nil, err
	}
	return compiler.Compile(tree, config)
}

func reportSyntax(e *Expr, err error, list *diag.List) {
	at, message := e.text.Span, err.Error()
	var fe *file.Error
	if bad := new(badDuration); errors.As(err, &bad) {
		list.Errorf(e.text.At(e.offset+bad.from, e.offset+bad.to), codeBadDuration, bad.hint(), "%v", bad)
		return
	}
	if errors.As(err, &fe) {
		at = e.text.At(e.offset+fe.From, e.offset+max(fe.To, fe.From+1))
		message = fe.Message
	}
	code, hint := codeBadExpression, ""
	switch {
	case strings.Contains(message, "exceeds maximum allowed nodes"):
		code, message = codeTooCostly, "the expression has too many parts"
	case strings.Contains(e.String(), "{{"):
		at = e.text.Span
		hint, message = "write "+node.WithoutBraces(e.String())+" without braces", "an expression is not a template, so it has no {{ }}"
	case e.text.Cut():
		hint = "everything after # is a comment; put quotes around the whole expression if the # belongs to it"
	case strings.HasPrefix(e.String(), "{"):
		at = e.text.Span
		hint, message = "write "+strings.Trim(e.String(), "{} ")+" without braces", "an expression does not stand inside { }"
	case strings.Contains(message, `Operator("=")`):
		hint = "compare with =="
	}
	message = plainSyntax(message)
	list.Errorf(at, code, hint, "%s", lowerFirst(message))
}

var tokenForm = regexp.MustCompile(`unexpected token \w+\((".*")\)`)

// plainSyntax rewrites a message of expr's parser in plain words.
func plainSyntax(message string) string {
	switch {
	case strings.Contains(message, "token EOF"):
		return "the expression ends too early"
	case strings.Contains(message, "literal not terminated"):
		return "a quoted text is not closed"
	}
	if m := tokenForm.FindStringSubmatch(message); m != nil {
		return "unexpected " + m[1]
	}
	return message
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
