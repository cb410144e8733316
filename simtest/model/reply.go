package model

import (
	"encoding/json"

	"nudge/channels"
	"nudge/lang/shape"
)

// partsOf is what conditions see of the parts of a reply.
func partsOf(parts []channels.ReplyPart) (all []any) {
	for _, p := range parts {
		part := map[string]any{"type": p.Type, "data": anything(p.Data)}
		for key, value := range map[string]string{"name": p.Name, "url": p.URL} {
			if value != "" {
				part[key] = value
			}
		}
		all = append(all, part)
	}
	return all
}

// anything is JSON as a value; an object that has one key twice is nothing.
func anything(raw json.RawMessage) any {
	if _, twice := shape.TwiceIn(raw); twice || len(raw) == 0 {
		return nil
	}
	return object([]byte(`{"V":` + string(raw) + "}"))["V"]
}
