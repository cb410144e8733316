package shape

import "encoding/json"

// Unique returns a list without repeats, in the order of the first ones. Numbers repeat each
// other by value, and maps field by field.
func Unique(items []any) ([]any, error) {
	kept, seen := make([]any, 0, len(items)), make(map[any]bool, len(items))
	for _, item := range items {
		key, err := identity(item)
		if err != nil {
			return nil, err
		}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// identity returns a key that equal values share.
func identity(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		if n := int(v); float64(n) == v {
			return n, nil
		}
	case map[string]any, []any:
		raw, err := json.Marshal(tagged(v))
		return [1]string{string(raw)}, err // and not the text, which another item may be
	}
	return v, nil
}
