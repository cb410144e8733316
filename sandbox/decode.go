package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const (
	maxFailures = 100 // mistakes of one request that are answered; more are left out
	maxName     = 400 // bytes of a wrong field's name that are answered; the rest is left out
)

// decode reads the JSON of a request into a value and returns its mistakes. All requests of
// the API are read here, so they share one rule for null.
func decode(body []byte, into any) failures {
	if err := json.Unmarshal(body, into); err != nil {
		return failures{notAsWanted("", err)}
	}
	return nulls(body)
}

// readJSON decodes the body of a request, or answers with its mistakes.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	body, ok := readBody(w, r)
	if !ok {
		return false
	}
	if f := decode(body, into); len(f) > 0 {
		answerInvalid(w, f)
		return false
	}
	return true
}

// freeKeys are the objects in which the published description allows any content, and so
// null as well.
var freeKeys = map[string]bool{"metadata": true, "channelData": true, "channelStatus": true, "payload": true, "data": true}

// nulls returns a mistake for every null outside of free objects. The published description
// has no field that may be null: a field without a value is left out.
func nulls(body []byte) failures {
	if !bytes.Contains(body, []byte("null")) {
		return nil
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil // the caller has reported it
	}
	var f failures
	f.nulls(nil, value)
	return f
}

// nulls adds the mistakes of a value. The way to it becomes a name only where one is: there may
// be a million values behind one long key.
func (f *failures) nulls(way []string, value any) {
	if len(*f) == maxFailures {
		return
	}
	switch v := value.(type) {
	case nil:
		f.add(true, nameOf(way), "is null; leave it out instead")
	case []any:
		for i, item := range v {
			f.nulls(append(way, "["+strconv.Itoa(i)+"]"), item)
		}
	case map[string]any:
		custom := len(way) == 1 && way[0] == "customBody"
		for _, key := range slices.Sorted(maps.Keys(v)) {
			free := freeKeys[key] || custom && key != channelID
			if _, object := v[key].(map[string]any); free && object {
				continue
			}
			name := key
			if len(way) > 0 {
				name = "." + key
			}
			f.nulls(append(way, name), v[key])
		}
	}
}

// nameOf is the name of a value in an answer, not longer than a person reads.
func nameOf(way []string) string {
	var b strings.Builder
	for _, part := range way {
		if b.Len()+len(part) > maxName {
			b.WriteString("…")
			break
		}
		b.WriteString(part)
	}
	return cmp.Or(b.String(), "request")
}

// notAsWanted is the failure behind an error of encoding/json.
func notAsWanted(within string, err error) failure {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return failure{"request", "not JSON: " + err.Error()}
	}
	name := wrong.Field
	switch {
	case name == "" && within == "":
		name = "request"
	case name == "":
		name = within
	case within != "":
		name = within + "." + name
	}
	return failure{name, fmt.Sprintf("is a JSON %s; want %s", wrong.Value, jsonKind(wrong.Type.Kind()))}
}

// jsonKind is the word of JSON for a kind of Go.
func jsonKind(k reflect.Kind) string {
	switch k {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	}
	return "number"
}
