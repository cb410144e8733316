package flows

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// MaxPeople is how many people one trigger may name under `to`; if it names more, it starts no run.
const MaxPeople = 1000

// Expr is a checked and compiled expression of a flow. It is safe for concurrent use. It
// sees only its scope, and its functions have no clock, no randomness and no memory, so the
// same scope always gives the same value.
type Expr struct {
	text    *node.Text
	offset  int // where the expression begins in text, in characters
	program *vm.Program
	counted bool     // it takes steps of a budget
	asks    []asking // calls of functions of hours, for those who explain
}

// String returns the expression as it was written.
func (e *Expr) String() string { return e.text.Value[e.offset:] }

// Span returns the place of the expression.
func (e *Expr) Span() diag.Span { return e.text.Span }

// machines pools virtual machines. A machine keeps only its memory from one run to the
// next.
var machines = sync.Pool{New: func() any { return new(vm.VM) }}

// Value evaluates the expression. An error names the place in the file.
func (e *Expr) Value(scope map[string]any) (any, error) {
	if e.counted {
		scope = withBudget(scope)
	}
	machine := machines.Get().(*vm.VM)
	value, err := machine.Run(e.program, scope)
	machines.Put(machine)
	if err != nil {
		return nil, e.located(err)
	}
	return value, nil
}

// Bool evaluates a condition. An absent value is false.
func (e *Expr) Bool(scope map[string]any) (bool, error) {
	value, err := e.Value(scope)
	if err != nil || value == nil {
		return false, err
	}
	b, ok := value.(bool)
	if !ok {
		return false, e.failed("must be true or false, but is %s", described(value))
	}
	return b, nil
}

// Text evaluates a key or a person: a text that is not empty, or a whole number.
func (e *Expr) Text(scope map[string]any) (string, error) {
	value, err := e.Value(scope)
	if err != nil {
		return "", err
	}
	return e.asText(value)
}

// People evaluates the people of a trigger: one person or a list of at most MaxPeople. It
// keeps the order of the list and drops duplicates.
func (e *Expr) People(scope map[string]any) ([]string, error) {
	value, err := e.Value(scope)
	if err != nil {
		return nil, err
	}
	items, many := value.([]any)
	if !many {
		items = []any{value}
	}
	if len(items) > MaxPeople {
		return nil, e.failed("names %d people, %d are allowed", len(items), MaxPeople)
	}
	people := make([]string, 0, len(items))
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		person, err := e.asText(item)
		if err != nil {
			return nil, err
		}
		if !seen[person] {
			seen[person] = true
			people = append(people, person)
		}
	}
	return people, nil
}

func (e *Expr) asText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return "", e.failed("is empty text")
		}
		return v, nil
	case int:
		return fmt.Sprint(v), nil
	case float64:
		if whole := int64(v); float64(whole) == v && math.Abs(v) < 1<<53 {
			return fmt.Sprint(whole), nil
		}
	}
	return "", e.failed("must be text or a whole number, but is %s", described(value))
}

// located adds the place in the file to an error of the virtual machine.
func (e *Expr) located(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("%s: %w", e.Span(), err)
	}
	span := e.text.At(e.offset+at.From, e.offset+max(at.To, at.From+1))
	return fmt.Errorf("%s: %s in %q", span, plainFailure(at.Message), e.String())
}

// failures are the messages of the virtual machine that need plainer words.
var failures = []struct{ part, plain string }{
	{"divide by zero", "division by zero"}, {"index out of range", "the list has no such item"},
	{"slice bounds out of range", "the list or text is shorter"}, {"from <nil>", "the value before it is absent"},
	{"cannot fetch", "the value before it has no fields"},
	{"interface conversion", "a value has the wrong type"}, {"reflect", "a value has the wrong type"},
	{"invalid operation", "a value has the wrong type"}, {"runtime error", "the expression cannot be computed"},
}

// plainFailure rewrites a message of the virtual machine that names parts of Go.
func plainFailure(message string) string {
	for _, f := range failures {
		if strings.Contains(message, f.part) {
			return f.plain
		}
	}
	return message
}

func (e *Expr) failed(format string, args ...any) error {
	return fmt.Errorf("%s: %q %s", e.Span(), e.String(), fmt.Sprintf(format, args...))
}

// described names the type of a value for a message. It leaves out the content, which may
// be private.
func described(value any) string {
	switch value.(type) {
	case nil:
		return "absent"
	case string:
		return "text"
	case int, float64:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	case shape.Time:
		return "a time"
	case shape.Date:
		return "a date"
	}
	return "something else"
}
