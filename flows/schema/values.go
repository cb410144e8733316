package schema

import "slices"

// The values that are no mappings of keys. Each function makes a new one, because a key
// adds its own words.

// text is text; YAML may take it for a number or a truth, and it is text all the same.
func text() *schema { return &schema{Type: []string{"string", "number", "boolean"}} }

func truth() *schema { return &schema{Type: "boolean"} }

func integer(least, most int) *schema {
	return &schema{Type: "integer", Minimum: &least, Maximum: &most}
}

func words(allowed ...string) *schema {
	s := &schema{Type: "string"}
	for _, word := range allowed {
		s.Enum = append(s.Enum, word)
	}
	return s
}

// name is the name of a flow, a step, a template, an outcome or a category.
func name() *schema {
	return &schema{
		Type: []string{"string", "integer"}, Pattern: "^[a-z0-9_]{1,64}$",
		PatternMessage: "a name can contain only a-z, 0-9 and _",
	}
}

// eventType is what an event is called.
func eventType() *schema {
	return &schema{
		Type: "string", Pattern: "^[A-Za-z0-9_]+([.:/-][A-Za-z0-9_]+)*$",
		PatternMessage: "an event type consists of words separated by dots, such as order.shipped",
	}
}

const durationForm = `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`

// duration is elapsed time and days of the calendar.
func duration() *schema {
	return &schema{Type: "string", Pattern: durationForm, PatternMessage: "a duration such as 90m, 72h or 3d"}
}

// The days of a time of day, and both of its forms.
const (
	daysForm = `^(\S+ +|\S+ +\S+ +of +month +)?`
	hourForm = `[0-9]{2}:[0-9]{2}`
)

// clockValue is a time of day that comes again and again.
func clockValue() *schema {
	return &schema{Type: "string", Pattern: daysForm + hourForm + "$",
		PatternMessage: "a time of day such as 09:00, mon-fri 09:00 or last day of month 18:00"}
}

// scheduleValue is a time of day of a schedule, which people may have themselves.
func scheduleValue() *schema {
	return &schema{Type: "string", Pattern: daysForm + `(` + hourForm + `|\(.+\))$`,
		PatternMessage: "a time of day such as 09:00, mon-fri 09:00 or (profile.report_at)"}
}

// afterValue is a duration, or that it never ends.
func afterValue() *schema {
	return &schema{
		Type: "string", Pattern: `^never$|` + durationForm, PatternMessage: "a duration such as 90m, 72h or 3d, or never",
	}
}

// atMost is how often something may happen.
func atMost() *schema {
	return anyOf(
		integer(1, 999999),
		&schema{Type: "string", Pattern: `^[1-9][0-9]{0,5}( per [0-9wdhms]+)?$`, PatternMessage: "a number, or for example 3 per 7d"},
	)
}

// sendCap is how many messages a person gets in a period.
func sendCap() *schema {
	return oneOrMore(&schema{
		Type: "string", Pattern: `^([1-9][0-9]{0,2}|1000) per ([0-9wdhms]+|calendar (day|week|month)( in .+)?)$`,
		PatternMessage: "for example 3 per 7d, or 1 per calendar day",
	})
}

// window is the hours in which messages go out.
func window() *schema {
	return oneOrMore(&schema{Type: "string", Pattern: `[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$`, PatternMessage: "for example 09:00-20:00, or mon-fri 09:00-20:00"})
}

// hours are hours that are waited for: some hours, or those of a category.
func hours() *schema {
	return anyOf(name(), window())
}

// openTime is some time within hours.
const openTime = `([0-9]+h)?([0-9]+m)?([0-9]+s)? of .+`

// lineAfter is how long a line waits.
func lineAfter() *schema {
	return &schema{
		Type: "string", Pattern: `^never$|^` + openTime + `$|` + durationForm, PatternMessage: "a duration such as 90m, 72h or 3d, one within hours such as 4h of work, or never",
	}
}

// waitTime is how long a wait takes that has no lines.
func waitTime() *schema {
	return &schema{Type: "string", Pattern: `^` + openTime + `$|` + durationForm, PatternMessage: "a duration such as 90m, 72h or 3d, or one within hours such as 4h of work"}
}

// condition and expression are expr's language, which a schema does not know.
func condition() *schema  { return text() }
func expression() *schema { return text() }

// message is the id of a send, or any.
func message() *schema { return name() }

// shape is what data looks like: a word, a list of one shape, or a mapping.
func shape() *schema {
	return &schema{
		AnyOf: []*schema{
			{
				Type:           "string",
				Pattern:        `^` + inAnyOrder("optional", "private") + `(\[.+\]|string|number|boolean|time|date|any|.*\|.*)$`,
				PatternMessage: "string, number, boolean, time, date, any, [string], a | b, or one of these behind optional or private",
				Examples:       []any{"string", "number", "boolean", "time", "date", "optional string", "[string]", "open | closed", "any", "private string"},
			},
			{Type: "array", Items: ref("shape"), MinItems: 1, MaxItems: 1},
			ref("fields"),
		},
	}
}

// inAnyOrder matches some of the words, each at most once, with a space behind it.
func inAnyOrder(words ...string) string {
	pattern := ""
	for i, word := range words {
		rest := slices.Delete(slices.Clone(words), i, i+1)
		pattern += "|" + word + " +" + inAnyOrder(rest...)
	}
	if pattern == "" {
		return ""
	}
	return "(" + pattern[1:] + ")?"
}

// fields is the shape of a mapping, field by field.
func fields() *schema { return fieldsOf(ref("shape")) }

// profileFields is the shape of people's profiles, whose fields may be marked search.
func profileFields() *schema {
	return fieldsOf(anyOf(ref("shape"), &schema{
		Type:           "string",
		Pattern:        `^` + inAnyOrder("optional", "private", "search") + `(string|number|boolean|time|date|[^\[\]]*\|[^\[\]]*)$`,
		PatternMessage: "text, a number, a boolean, a time or a date, behind search",
		Examples:       []any{"search string"},
	}))
}

func fieldsOf(of *schema) *schema {
	return &schema{
		Type: "object", Additional: of,
		PropertyNames: &schema{Pattern: "^[A-Za-z_][A-Za-z0-9_]*$", PatternMessage: "letters, digits and _ only"},
	}
}

// assignments is values by name, each text, a number or a truth, or an expression
// after a sign of equality.
func assignments() *schema { return &schema{Type: "object", Additional: text()} }
