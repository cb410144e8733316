package lsp

import (
	"path"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/sandbox/people"
	"nudge/templates"
	"nudge/whatif/story"
)

// item stands in a path for the items of a list.
const item = "[]"

// spot is a key or a scalar of a file, with the way to it.
type spot struct {
	path  []string // keys from the top, and item; of a key, the key itself is the last
	text  *node.Text
	isKey bool
	maps  []*node.Map // the mappings around it, the innermost last
}

// walk calls visit for every key and every scalar of a file, in the order of the file.
func walk(root *node.Map, visit func(spot)) {
	walkMap(root, nil, nil, visit)
}

func walkMap(m *node.Map, way []string, maps []*node.Map, visit func(spot)) {
	maps = append(slices.Clip(maps), m)
	for _, e := range m.Entries() {
		below := append(slices.Clip(way), e.Key.Value)
		visit(spot{below, e.Key, true, maps})
		walkValue(e.Value, below, maps, visit)
	}
}

func walkValue(v *node.Value, way []string, maps []*node.Map, visit func(spot)) {
	switch {
	case v.IsMap():
		walkMap(v.Map(), way, maps, visit)
	case v.IsList():
		for _, inner := range v.List() {
			walkValue(inner, append(slices.Clip(way), item), maps, visit)
		}
	case v.IsText():
		visit(spot{way, v.Text(), false, maps})
	}
}

// keys returns the path without the items of lists.
func (s spot) keys() []string {
	return slices.DeleteFunc(slices.Clone(s.path), func(key string) bool { return key == item })
}

// beside returns the text under a key of the mapping around the spot, or of one further out.
func (s spot) beside(key string, out int) string {
	if at := len(s.maps) - 1 - out; at >= 0 {
		return textIn(s.maps[at], key)
	}
	return ""
}

// textIn returns the text under a key of a mapping, or an empty text.
func textIn(m *node.Map, key string) string {
	for _, e := range m.Entries() {
		if e.Key.Value == key && e.Value.IsText() {
			return e.Value.Str()
		}
	}
	return ""
}

// parse reads the tree of a file without reporting mistakes.
func parse(file, text string) *node.Map {
	return node.Parse(file, []byte(text), &diag.List{})
}

// kindOf returns the kind of a source, as package schema names it.
func kindOf(file string) string {
	switch path.Dir(file) {
	case "flows":
		return "flow"
	case "templates", templates.PartialsFolder:
		return "template"
	case story.Folder:
		return "test"
	}
	switch file {
	case flows.ProjectFile:
		return "project"
	case people.File:
		return "people"
	}
	return ""
}

// kind is what a name names.
type kind uint8

const (
	noName kind = iota
	aFlow
	aTemplate
	aPartial
	anEvent
	aField    // of an event, of the profile, or of a flow's data
	aStep     // of a flow
	anOutcome // of a step
	anEnd     // the outcome of a run
	aCategory
	anAccount
	aZone
	someHours // hours, or the name of a category
	someTime  // a time, which may be within the hours of a category
	aMessage  // of a test: a template, or the step that sends it
)

// free are the keys below which authors choose the names.
var free = []string{"data", "set", "headers", "json", "form", "metadata", "shape", "customBody", "channelOptions", "overrides", "addresses", "profile", "people", "answers"}

// flowNames are the keys of flows whose values are names.
var flowNames = map[string]kind{
	"send": aTemplate, "read": aStep, "delivered": aStep, "failed": aStep, "reply": aStep, "id": aStep, "event": anEvent, "remove": anEvent,
	"category": aCategory, "opt_out": aCategory, "opt_in": aCategory, "account": anAccount, "timezone": aZone, "as": anOutcome, "exit": anEnd, "open": someHours, "after": someTime, "wait": someTime,
}

// testNames are the keys of tests whose values are names.
var testNames = map[string]kind{
	"flow": aFlow, "flows": aFlow, "call": aFlow, "skipped": aFlow, "event": anEvent, "sent": aMessage, "read": aMessage, "delivered": aMessage, "failed": aMessage,
	"expired": aMessage, "message": aMessage, "unsent": aMessage, "expect": aMessage, "any_order": aMessage, "end": anEnd, "wait": aStep, "fetch": aStep,
	"outcome": anOutcome, "timezone": aZone,
}

// named returns what the scalar at a spot names in a file of a kind; noName for other texts.
func (s spot) named(of string) kind {
	keys := s.keys()
	if len(keys) == 0 || s.isKey {
		return noName
	}
	last, before := keys[len(keys)-1], ""
	if len(keys) > 1 {
		before = keys[len(keys)-2]
	}
	for _, key := range keys[:len(keys)-1] {
		if slices.Contains(free, key) {
			return noName
		}
	}
	switch of {
	case "flow":
		return s.namedInFlow(keys, before, last)
	case "test":
		return testNames[last]
	case "project":
		return map[string]kind{"timezone": aZone}[strings.Join(keys, ".")]
	}
	return noName
}

func (s spot) namedInFlow(keys []string, before, last string) kind {
	switch {
	case last == "flow" && (len(keys) == 1 || before == "start"):
		return aFlow
	case last == "template" && before == "send":
		return aTemplate
	case last == "to" && before == "migrate" && s.text.Value != "same":
		return aStep
	case before == "trigger" && last == "reply":
		return noName
	case last == "as" && (before == "exit" || len(keys) > 1 && keys[0] == "exit" && len(keys) == 2):
		return anEnd
	}
	return flowNames[last]
}
