package model

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// knows reports whether an event has the shape that the flow knows of it: that of the project,
// and of what starts the flow also its own.
func (f *Flow) knows(h *happening) bool {
	fits := true
	if declared := get(f.events, h.event); declared != nil {
		fits = fitsShape(declared, h.data)
	}
	starts := slices.ContainsFunc(f.triggers, func(t trigger) bool { return t.event == h.event })
	return fits && (!starts || f.own == nil || fitsShape(f.own, h.data))
}

// fitsShape reports whether a value that JSON was decoded to has a shape as a file writes it.
func fitsShape(n *yaml.Node, v any) bool {
	switch n.Kind {
	case yaml.MappingNode:
		fields, is := v.(map[string]any)
		for i := 0; is && i < len(n.Content); i += 2 {
			is = fitsShape(n.Content[i+1], fields[n.Content[i].Value])
		}
		return is
	case yaml.SequenceNode:
		items, is := v.([]any)
		return is && !slices.ContainsFunc(items, func(item any) bool { return !fitsShape(n.Content[0], item) })
	}
	return fitsWord(strings.TrimSpace(n.Value), v)
}

func fitsWord(word string, v any) bool {
	for _, mark := range []string{"private ", "search "} { // it says nothing of the value
		if rest, marked := strings.CutPrefix(word, mark); marked && !strings.HasPrefix(rest, "|") {
			return fitsWord(strings.TrimSpace(rest), v)
		}
	}
	if rest, optional := strings.CutPrefix(word, "optional "); optional {
		return v == nil || fitsWord(rest, v)
	}
	text, isText := v.(string)
	var err error
	switch word {
	case "any":
		return true
	case "string":
		return isText
	case "number":
		return isNumber(v)
	case "boolean":
		_, is := v.(bool)
		return is
	case "time":
		_, err = time.Parse(time.RFC3339, text)
		return isText && err == nil
	case "date":
		_, err = time.Parse(time.DateOnly, text)
		return isText && err == nil
	}
	for one := range strings.SplitSeq(word, "|") {
		if isText && strings.TrimSpace(one) == text {
			return true
		}
	}
	return false
}
