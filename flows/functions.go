package flows

import "strings"

// Function describes a function of expressions, for editors.
type Function struct {
	Name   string
	Args   []string // what it takes, in words
	Sample []string // a value for each argument that a call needs
	Says   string
}

// Functions returns every function of expressions, sorted by name.
func Functions() (all []Function) {
	for _, name := range functionNames() {
		fn := functions[name]
		f := Function{Name: name, Says: functionSays[name]}
		for i, a := range fn.args {
			word := argWords[a]
			if i >= len(fn.args)-fn.optional {
				word = "optional " + word
			} else {
				f.Sample = append(f.Sample, argSamples[a])
			}
			if fn.variadic && i == len(fn.args)-1 {
				word += ", …"
			}
			f.Args = append(f.Args, word)
		}
		all = append(all, f)
	}
	return all
}

// Signature returns the function with its arguments: filter(list, condition).
func (f Function) Signature() string { return f.Name + "(" + strings.Join(f.Args, ", ") + ")" }

var (
	argWords = [...]string{
		argText: "text", argNumber: "number", argSized: "text, list or map", argScalar: "value", argList: "list", argTime: "time",
		argDay: "time or date", argTest: "condition", argMapping: "value of an item", argCategory: "category", argHours: "hours",
	}
	argSamples = [...]string{
		argText: `""`, argNumber: "0", argSized: `""`, argScalar: `""`, argList: "[]", argTime: "now",
		argDay: "now", argTest: "true", argMapping: "#", argCategory: `""`, argHours: `"09:00-17:00"`,
	}
)

// functionSays says what each function returns.
var functionSays = map[string]string{
	"lower": "The text in small letters.", "upper": "The text in capital letters.", "trim": "The text without the spaces around it.",
	"split": "The pieces of a text between a separator.", "len": "How many characters a text has, or items a list or map.",
	"abs": "The number without its sign.", "ceil": "The next whole number up.", "floor": "The next whole number down.", "round": "The nearest whole number.",
	"min": "The smallest of some numbers.", "max": "The largest of some numbers.",
	"int": "The value as a whole number; decimals are cut off.", "float": "The value as a number.", "string": "The value as text.",
	"first": "The first item of a list; absent for an empty one.", "last": "The last item of a list; absent for an empty one.",
	"all": "Whether the condition is true for all items. `#` is the item.", "any": "Whether the condition is true for an item. `#` is the item.",
	"none": "Whether the condition is true for no item. `#` is the item.", "one": "Whether the condition is true for exactly one item. `#` is the item.",
	"count": "How many items there are, or for how many the condition is true.", "find": "The first item for which the condition is true.",
	"filter": "The items for which the condition is true.", "map": "The list of a value for each item. `#` is the item.", "unique": "The list without the items that came before.",
	"date": "The day of a time, where the person lives.", "time": "The time of day, such as 14:30, where the person lives.", "weekday": "The day of the week, such as `mon`, where the person lives.",
	"day": "The day of the month, where the person lives.", "month": "The month of the year as a number, where the person lives.",
	"days_between": "The midnights from one day to another; negative if the second is earlier.",
	fnRemaining:    "How many messages of the category the person may still get now.", fnOpen: "Whether the hours, or those of a category, are open now.",
}
