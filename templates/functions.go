package templates

import (
	"maps"
	"slices"
	"time"

	"nudge/flows/shape"
)

// function is a function of templates.
type function struct {
	example     string
	args        []shape.Kind // what it takes in each place; the last one also further on
	least, most int          // how many values; most is -1 without an end
	known       bool         // its values must have a known type
	result      *shape.Type  // nil: see resultOf
	call        any          // nil: Go's own
}

// functionsIn is every function of templates, for texts that live in a zone. None
// has a clock, chance or anything of the machine in it.
func functionsIn(zone *time.Location) map[string]*function {
	if zone == nil {
		zone = time.UTC
	}
	text, number, moment, whatever := shape.KindString, shape.KindNumber, shape.KindTime, shape.KindAny
	one := func(k shape.Kind) []shape.Kind { return []shape.Kind{k} }
	return map[string]*function{
		"default":  {`profile.first_name | default "there"`, one(whatever), 2, 2, false, nil, fallback},
		"lower":    {"lower data.plan", one(text), 1, 1, false, shape.String, lower},
		"upper":    {"upper data.plan", one(text), 1, 1, false, shape.String, upper},
		"trim":     {"trim reply.text", one(text), 1, 1, false, shape.String, trim},
		"truncate": {"truncate data.text 60", []shape.Kind{text, number}, 2, 2, false, shape.String, truncate},
		"plural":   {`plural (len data.items) "item" "items"`, []shape.Kind{number, text, text}, 3, 3, false, shape.String, plural},
		"number":   {"number data.visits", one(number), 1, 1, false, shape.String, grouped},
		"money":    {"money data.total data.currency", []shape.Kind{number, text}, 2, 2, false, shape.String, money},
		"join":     {`join data.tags ", "`, []shape.Kind{shape.KindList, text}, 2, 2, false, shape.String, join},
		"date":     {"date data.starts_at", one(moment), 1, 1, false, shape.String, inZone(zone, "2 January 2006")},
		"time":     {"time data.starts_at", one(moment), 1, 1, false, shape.String, inZone(zone, "15:04")},
		"weekday":  {"weekday data.starts_at", one(moment), 1, 1, false, shape.String, inZone(zone, "Monday")},
		"json":     {"json data.items", one(whatever), 1, 1, false, shape.String, asJSON},
		"urlquery": {"urlquery data.order_id", one(whatever), 1, 1, false, shape.String, urlquery},
		"printf":   {`printf "%.1f" data.score`, []shape.Kind{text, whatever}, 1, -1, false, shape.String, printf},

		"eq":  {`eq data.plan "pro"`, one(whatever), 2, -1, true, shape.Boolean, equal},
		"ne":  {`ne data.plan "pro"`, one(whatever), 2, 2, true, shape.Boolean, notEqual},
		"lt":  {"lt data.total 100", one(whatever), 2, 2, true, shape.Boolean, ordered(func(c int) bool { return c < 0 })},
		"le":  {"le data.total 100", one(whatever), 2, 2, true, shape.Boolean, ordered(func(c int) bool { return c <= 0 })},
		"gt":  {"gt data.total 100", one(whatever), 2, 2, true, shape.Boolean, ordered(func(c int) bool { return c > 0 })},
		"ge":  {"ge data.total 100", one(whatever), 2, 2, true, shape.Boolean, ordered(func(c int) bool { return c >= 0 })},
		"and": {"and data.paid data.shipped", one(whatever), 1, -1, true, nil, nil},
		"or":  {"or data.paid data.shipped", one(whatever), 1, -1, true, nil, nil},
		"not": {"not data.paid", one(whatever), 1, 1, true, shape.Boolean, nil},

		"len":   {"len data.items", one(whatever), 1, 1, false, shape.Number, length},
		"index": {"index data.items 0", one(whatever), 2, 2, false, nil, index},
	}
}

func functionNames(functions map[string]*function) []string {
	return slices.Sorted(maps.Keys(functions))
}

// resultOf is the type of the functions whose result depends on what they are given.
func resultOf(name string, args []*shape.Type) *shape.Type {
	switch name {
	case "index":
		if args[0].Kind == shape.KindList {
			return args[0].Elem
		}
	case "default":
		if args[1].Kind == shape.KindAny {
			return args[0]
		}
		return args[1].Present()
	case "and", "or":
		return args[len(args)-1]
	}
	return shape.Any
}
