package console

import (
	"encoding/json"
	"slices"
	"strings"

	"nudge/client"
)

// An event as an example, where no flow is deployed that uses one.
const (
	anEvent  = "order.shipped"
	someData = `{"order_id": "7"}`
)

// lookedFlows is how many flows are looked at for an event that starts one; with further ones the example may start none.
const lookedFlows = 10

// exampleEvent is an event that starts a run of an active flow, with data that it takes.
func (v *visit) exampleEvent(active []client.FlowVersion) (kind, data string, ok bool) {
	for _, version := range active[:min(len(active), lookedFlows)] {
		f, err := v.api.Flow(v.ctx(), version.Flow, "")
		if err != nil {
			continue // another one may do
		}
		for _, e := range f.Events {
			if slices.Contains(e.Uses, "trigger") && !strings.ContainsAny(e.Type, "' ") {
				return e.Type, exampleData(e.Fields), true
			}
		}
	}
	return "", "", false
}

// exampleData has a value for each field that must be there.
func exampleData(fields []client.FlowField) string {
	raw, err := json.Marshal(exampleValues(fields))
	if err != nil {
		panic("console: an example that does not encode: " + err.Error()) // they are texts and numbers
	}
	return string(raw)
}

// exampleValues has the same as a map. A field inside of another one stands behind it, so its map is there by then; it is not where
// the outer one may be absent.
func exampleValues(fields []client.FlowField) map[string]any {
	values := map[string]any{}
	for _, f := range fields {
		if !f.Optional {
			setField(values, f.Path, exampleValue(f), false)
		}
	}
	return values
}

// setField puts a value into data at the path of its field. With makes, it makes the maps on the way; else it does nothing where one is not there.
func setField(data map[string]any, path string, value any, makes bool) {
	outer, name, inside := strings.Cut(path, ".")
	if !inside {
		data[path] = value
		return
	}
	next, ok := data[outer].(map[string]any)
	if !ok && makes {
		next, ok = map[string]any{}, true
		data[outer] = next
	}
	if ok {
		setField(next, name, value, makes)
	}
}

func exampleValue(f client.FlowField) any {
	switch {
	case f.Type == "string" && slices.Contains([]string{"customer", "customer_id", "user", "user_id", "profile", "person"}, f.Path):
		return firstVisitor
	case f.Type == "number":
		return 1
	case f.Type == "boolean":
		return true
	case f.Type == "time":
		return "2027-01-01T09:00:00Z"
	case f.Type == "date":
		return "2027-01-01"
	case f.Type == "map", strings.HasPrefix(f.Type, "{"):
		return map[string]any{}
	case strings.HasPrefix(f.Type, "["):
		return []any{}
	case strings.Contains(f.Type, " | "): // one of some words
		word, _, _ := strings.Cut(f.Type, " | ")
		return word
	}
	return "7"
}

// serverURL is this server as the visitor reaches it.
func (v *visit) serverURL() string {
	scheme := "http"
	if v.r.TLS != nil || v.r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + strings.Map(func(r rune) rune { // it stands in a command
		if strings.ContainsRune(`'"\$; &|<>`+"`", r) {
			return -1
		}
		return r
	}, v.r.Host)
}
