package templates

import (
	"encoding/json"
	"fmt"
	"strings"

	"nudge/lang/shape"
)

var listFunctions = []function{
	{Function: Function{"len", "Lists", "len data.items", "2", "The number of items in a list, or of characters in a text."},
		args: whatever, least: 1, most: 1, result: shape.Number, call: calling1(length)},
	{Function: Function{"first", "Lists", `(first data.items).name | default "none"`, "Lamp", "The first item; absent where there is none."},
		args: oneList, least: 1, most: 1, call: end(func(items []any) any { return items[0] })},
	{Function: Function{"last", "Lists", `last data.tags | default "none"`, "new", "The last item; absent where there is none."},
		args: oneList, least: 1, most: 1, call: end(func(items []any) any { return items[len(items)-1] })},
	{Function: Function{"index", "Lists", "index data.tags 0", "home", "An item by its number, from 0, or a field by its name."},
		args: whatever, least: 2, most: 2, subject: true, call: calling2(index)},
	{Function: Function{"unique", "Lists", `join (unique data.tags) ", "`, "home, new", "The list without repeats."},
		args: oneList, whole: true, least: 1, most: 1, call: calling1(unique)},
	{Function: Function{"join", "Lists", `join data.tags ", "`, "home, new", "The items with something between them."},
		args: listText, whole: true, least: 2, most: 2, subject: true, result: shape.String, call: calling2(join)},
}

var dataFunctions = []function{
	{Function: Function{"json", "Data", "json data.tags", `["home","new"]`, "The value as JSON."},
		args: whatever, whole: true, least: 1, most: 1, result: shape.String, call: calling1(asJSON)},
	{Function: Function{"urlquery", "Data", `urlquery data.comment`, "I+like+the+new+lamp", "The value as a part of a link, behind ? or &."},
		args: whatever, whole: true, least: 1, most: 1, result: shape.String, call: calling1(urlquery)},
}

// length returns the number of characters of a text, or of items of a list or map.
func length(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return shape.TextLength(v), nil
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	case nil:
		return 0, errAbsent
	}
	return 0, errNotList
}

// index returns an item of a list, or a field of a map.
func index(v, at any) (any, error) {
	switch v := v.(type) {
	case []any:
		i, ok := at.(int)
		if !ok || i < 0 || i >= len(v) {
			return nil, fmt.Errorf("the list has %d items, so there is none at %v", len(v), at)
		}
		return v[i], nil
	case map[string]any:
		name, err := asText(at)
		return v[name], err
	case nil:
		return nil, errAbsent
	}
	return nil, errNotList
}

// end returns one end of a list; it is absent in an empty list.
func end(of func([]any) any) call {
	return func(args ...any) (any, error) {
		items, ok := args[0].([]any)
		switch {
		case args[0] == nil:
			return nil, errAbsent
		case !ok:
			return nil, errNotList
		case len(items) == 0:
			return nil, nil
		}
		return of(items), nil
	}
}

func unique(v any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		if v == nil {
			return nil, errAbsent
		}
		return nil, errNotList
	}
	return shape.Unique(items)
}

func join(v, separator any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		if v == nil {
			return "", errAbsent
		}
		return "", errNotList
	}
	between, err := asText(separator)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(between)
		}
		s, err := printed(item)
		if err != nil {
			return "", err
		}
		if b.WriteString(s); b.Len() > MaxOutput {
			return "", errTooLong
		}
	}
	return b.String(), nil
}

func asJSON(v any) (any, error) {
	if v == nil {
		return "", errAbsent
	}
	out, err := json.Marshal(v)
	return unmarked(string(out)), err
}
