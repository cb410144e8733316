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
	values := map[string]any{}
	for _, f := range fields {
		if f.Optional || strings.ContainsAny(f.Path, ".[") {
			continue
		}
		switch {
		case f.Type == "string" && slices.Contains([]string{"customer", "customer_id", "user", "user_id", "profile", "person"}, f.Path):
			values[f.Path] = "ann"
		case f.Type == "string":
			values[f.Path] = "7"
		case f.Type == "number", f.Type == "int":
			values[f.Path] = 1
		case f.Type == "bool", f.Type == "boolean":
			values[f.Path] = true
		case strings.HasPrefix(f.Type, "["):
			values[f.Path] = []any{}
		}
	}
	raw, err := json.Marshal(values)
	if err != nil {
		panic("console: an example that does not encode: " + err.Error()) // they are texts and numbers
	}
	return string(raw)
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
