package templates

import (
	"maps"
	"slices"
	"time"

	"nudge/lang/shape"
)

// Function describes a function of templates for authors.
type Function struct {
	Name    string
	Group   string // one of functionGroups
	Example string // without its braces
	Prints  string // what the example prints in the page about templates
	Says    string
}

// functionGroups lists the groups of functions in the order of the page about templates.
var functionGroups = []string{"Text", "Numbers", "Times", "Lists", "Conditions", "Data"}

// exampleTable returns every function of templates, by groups.
func exampleTable() []Function {
	var all []Function
	for _, f := range tableIn(place{zone: time.UTC, language: languageOf("")}) {
		all = append(all, f.Function)
	}
	return all
}

// function is a function with the rules by which it is checked and called.
type function struct {
	Function
	args        []shape.Kind // what it takes in each place; the last one also further on
	least, most int          // how many values; most is -1 without an end
	known       bool         // its values must have a known type
	subject     bool         // a value that is piped to it is its first, not its last
	scoped      bool         // it is given the scope before its values
	absent      bool         // its values may be absent
	days        bool         // its values are times or dates
	whole       bool         // it reads all that is in a list or map
	result      *shape.Type  // nil: see resultOf
	call        call         // nil: Go's own
}

// call is the code of a function. All functions have the same signature, so that Go calls
// them alike.
type call func(args ...any) (any, error)

// place holds what the functions of a text depend on, beside their arguments.
type place struct {
	zone     *time.Location // of people whose own is not known
	language *language
}

// functionsIn returns every function by its name, for texts in a place. None has a clock,
// randomness or access to the machine.
func functionsIn(at place) map[string]*function {
	functions := map[string]*function{}
	for _, f := range tableIn(at) {
		functions[f.Name] = &f
	}
	return functions
}

// tableIn returns every function, in the order of the page about templates.
func tableIn(at place) []function {
	return slices.Concat(textFunctions, numberFunctions(at.language), timeFunctions(at), listFunctions,
		conditionFunctions, dataFunctions)
}

// The kinds of arguments, for the tables of functions.
var (
	whatever   = []shape.Kind{shape.KindAny}
	oneText    = []shape.Kind{shape.KindString}
	oneNumber  = []shape.Kind{shape.KindNumber}
	oneTime    = []shape.Kind{shape.KindTime}
	oneList    = []shape.Kind{shape.KindList}
	textNumber = []shape.Kind{shape.KindString, shape.KindNumber}
	numberText = []shape.Kind{shape.KindNumber, shape.KindString}
	listText   = []shape.Kind{shape.KindList, shape.KindString}
	textAny    = []shape.Kind{shape.KindString, shape.KindAny}
)

func functionNames(functions map[string]*function) []string {
	return slices.Sorted(maps.Keys(functions))
}

// resultOf returns the type of a result that depends on the arguments.
func resultOf(name string, args []*shape.Type) *shape.Type {
	switch name {
	case "index":
		if args[0].Kind == shape.KindList {
			return args[0].Elem
		}
	case "first", "last":
		if args[0].Kind == shape.KindList {
			return args[0].Elem.OrNil()
		}
	case "unique":
		return args[0]
	case "default":
		switch {
		case args[1].Kind == shape.KindAny:
			return args[0]
		case args[0].MayBeAbsent():
			return args[1]
		}
		return args[1].Present()
	case "or":
		return args[len(args)-1]
	case "and":
		if slices.ContainsFunc(args, (*shape.Type).MayBeAbsent) {
			return args[len(args)-1].OrNil()
		}
		return args[len(args)-1]
	}
	return shape.Any
}

// The next functions adapt functions with one or two arguments.

func calling1(f func(any) (any, error)) call {
	return func(args ...any) (any, error) { return f(args[0]) }
}

func calling2(f func(a, b any) (any, error)) call {
	return func(args ...any) (any, error) { return f(args[0], args[1]) }
}

// subjectFirst adapts a call for a pipeline, which passes the subject last.
func subjectFirst(f call) call {
	return func(args ...any) (any, error) {
		last := len(args) - 1
		return f(append([]any{args[last]}, args[:last]...)...)
	}
}

// Functions returns every function of templates, in the order of the page about templates.
func Functions() []Function { return exampleTable() }

// Sample returns a call of the function with example values, for editors; an empty text if it
// needs a list or a map.
func (f Function) Sample() string {
	for _, fn := range tableIn(place{zone: time.UTC, language: languageOf("")}) {
		if fn.Name != f.Name {
			continue
		}
		call := f.Name
		for i := range max(fn.least, 0) {
			kind := shape.KindString
			if len(fn.args) > 0 {
				kind = fn.args[min(i, len(fn.args)-1)]
			}
			sample, ok := samples[kind]
			if fn.days {
				sample = "now"
			}
			if !ok {
				return ""
			}
			call += " " + sample
		}
		return call
	}
	return ""
}

// samples are example values by their kind.
var samples = map[shape.Kind]string{
	shape.KindAny: `""`, shape.KindString: `""`, shape.KindNumber: "1", shape.KindTime: "now", shape.KindBoolean: "true",
}
