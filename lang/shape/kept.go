package shape

import (
	"encoding/json"
	"fmt"
)

// The one key of the object that stands for a time, a date or a map in the text of
// [Encode].
const (
	keptTime = "time"
	keptDate = "date"
	keptMap  = "map"
)

// Encode writes a value of the types that Decode returns so that [Restore] returns it with
// its types. It is JSON in which a time, a date and a map are objects of one key: plain JSON
// would make texts of times.
func Encode(v any) (json.RawMessage, error) { return json.Marshal(tagged(v)) }

func tagged(v any) any {
	switch v := v.(type) {
	case Time:
		return map[string]any{keptTime: v}
	case Date:
		return map[string]any{keptDate: v}
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, field := range v {
			fields[name] = tagged(field)
		}
		return map[string]any{keptMap: fields}
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = tagged(item)
		}
		return items
	}
	return v
}

// Restore reads the text of [Encode].
func Restore(raw json.RawMessage) (any, error) {
	v, err := Any.Decode(raw)
	if err != nil {
		return nil, err
	}
	return untagged(v)
}

func untagged(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			var err error
			if v[i], err = untagged(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if text, ok := v[keptTime].(string); ok {
			return ParseTime(text)
		}
		if text, ok := v[keptDate].(string); ok {
			return ParseDate(text)
		}
		fields, ok := v[keptMap].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a stored value has an object of unknown kind")
		}
		for name := range fields {
			var err error
			if fields[name], err = untagged(fields[name]); err != nil {
				return nil, err
			}
		}
		return fields, nil
	}
	return v, nil
}
