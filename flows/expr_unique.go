package flows

import (
	"fmt"

	"nudge/lang/shape"
)

// uniqueOf returns a list without repeats, in the order of the first ones. Numbers repeat
// each other by value, and maps field by field.
func uniqueOf(params ...any) (any, error) {
	if parts, ok := params[0].([]string); ok { // of split
		items := make([]any, len(parts))
		for i, part := range parts {
			items[i] = part
		}
		params = []any{items}
	}
	items, ok := params[0].([]any)
	if !ok {
		return nil, fmt.Errorf("unique() takes a list, but this is %s", described(params[0]))
	}
	return shape.Unique(items)
}
