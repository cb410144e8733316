package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/lang/encoding"
	"nudge/lang/shape"
)

// usualBody is what nearly every body fits into, in bytes.
const usualBody = 64 << 10

const (
	// maxCommandBody is how many bytes a request about a run or a campaign may have; a larger one is refused with 413.
	maxCommandBody = 64 << 10
	// maxCallBody is how many bytes a request that starts a run may have; a larger one is refused with 413.
	maxCallBody = engine.MaxEventBytes + 4096
	// maxOutboundBody is how many bytes a request about what goes out may have; a larger one is refused with 413.
	maxOutboundBody = 1 << 20
)

// readBody reads a request's body up to a limit in bytes.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	return s.readAll(w, r.Body, r.ContentLength, limit)
}

// readAll reads a body of which the sender says how many bytes it has, or -1.
func (s *Server) readAll(w http.ResponseWriter, from io.ReadCloser, said, limit int64) ([]byte, error) {
	room := int64(bytes.MinRead)
	if said > 0 { // what is said is not yet there: no more than usual is made ready for it
		room = min(said, usualBody)
	}
	body, err := readInto(make([]byte, 0, room), http.MaxBytesReader(innermost(w), from, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, tooLargeProblem(limit)
	}
	if err != nil {
		return nil, s.bodyProblem(err)
	}
	return body, nil
}

// readInto reads everything behind what a slice has. A reader that says with its last bytes that they are the last, as that of
// a body does, needs no more room than they take: bytes.Buffer makes room for a further read.
func readInto(body []byte, from io.Reader) ([]byte, error) {
	for {
		if len(body) == cap(body) {
			body = slices.Grow(body, bytes.MinRead)
		}
		n, err := from.Read(body[len(body):cap(body)])
		if body = body[:len(body)+n]; err == io.EOF {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func tooLargeProblem(limit int64) *problem {
	return problemOf(http.StatusRequestEntityTooLarge, "limit", "the body is larger than "+byteSize(limit))
}

// mediaType is the request's content type without parameters; JSON when none is given.
func mediaType(r *http.Request) string {
	given := r.Header.Get("Content-Type")
	switch given {
	case "", mediaJSON: // as nearly all have it; parsing costs more than a decoded event
		return mediaJSON
	}
	media, _, err := mime.ParseMediaType(given)
	if err != nil {
		return given
	}
	return media
}

// decode reads JSON strictly into a struct. Text that is not UTF-8 is an error, and so is a
// field that stands twice or that the struct does not have, with the nearest one that it has.
func decode(raw []byte, into any) error {
	raw, err := textOfBody(raw)
	if err != nil {
		return err
	}
	if string(bytes.TrimSpace(raw)) == "null" { // encoding/json would take it for an object without fields
		return problemOf(http.StatusBadRequest, "json", "the body is null; it must be an object")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return jsonProblem(err, raw, into)
	}
	if _, err := d.Token(); err != io.EOF {
		return problemOf(http.StatusBadRequest, "json", "there is more after the end of the JSON value")
	}
	return checkKeys(raw, reflect.TypeOf(into).Elem(), "")
}

// textOfBody is JSON without the byte order mark that some programs put before it. Text in
// another encoding is an error: a lenient decoder would make one id of two.
func textOfBody(raw []byte) ([]byte, error) {
	raw = bytes.TrimPrefix(raw, []byte(encoding.Mark))
	if err := encoding.Check(raw); err != nil {
		return nil, problemOf(http.StatusBadRequest, "json", "the JSON is "+err.Error())
	}
	return raw, nil
}

// checkKeys reports a field that stands twice, of which encoding/json takes the last, and one
// in letters of another case, which it takes for the same. The text is valid JSON, and at is the path of the object, with a dot
// behind it.
func checkKeys(raw []byte, t reflect.Type, at string) error {
	fields := fieldsOf(t)
	var seen uint64 // by the index of a name; no request has so many
	for key := range shape.KeysIn(raw) {
		i := slices.Index(fields.names, string(key))
		if i < 0 {
			return unknownField(at, string(key), fields.names)
		}
		if seen&(1<<i) != 0 {
			return problemOf(http.StatusBadRequest, "json", at+fields.names[i]+" is given twice", fieldProblem{at + fields.names[i], "is given twice"})
		}
		seen |= 1 << i
	}
	if len(fields.inner) == 0 {
		return nil
	}
	values := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil // no object, which is reported elsewhere
	}
	for _, name := range fields.names { // in a fixed order
		if inner := fields.inner[name]; inner != nil && len(values[name]) > 0 {
			if err := checkValue(values[name], inner, at+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkValue is checkKeys for an object, or for each of a list.
func checkValue(raw []byte, t reflect.Type, at string) error {
	if t.Kind() != reflect.Slice {
		return checkKeys(raw, t, at+".")
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	for i, item := range items {
		if err := checkValue(item, t.Elem(), fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

// unknownField is the problem of a field that an object does not have; at is as of checkKeys.
func unknownField(at, name string, names []string) *problem {
	detail := "is not a field of this request; "
	if inner := strings.TrimSuffix(at, "."); inner != "" {
		detail = "is not a field of " + inner + "; "
	}
	detail += diag.DidYouMean(name, names, "allowed")
	name = at + shortened(name)
	return problemOf(http.StatusBadRequest, "unknown-field", name+" "+detail, fieldProblem{name, detail})
}

// shortened is text of a request as an answer repeats it: a name or a number may be as long as
// a body.
func shortened(text string) string {
	const most = 200 // bytes
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

func jsonProblem(err error, raw []byte, into any) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		value := wrongType.Value
		if kindWord(wrongType.Type) != "a string" {
			value = strings.TrimPrefix(value, "number ")
		}
		detail := "must be " + kindWord(wrongType.Type) + ", not " + shortened(value)
		return problemOf(http.StatusBadRequest, "json", wrongType.Field+": "+detail, fieldProblem{wrongType.Field, detail})
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if err := checkKeys(raw, reflect.TypeOf(into).Elem(), ""); err != nil {
			return err // it says where
		}
		return unknownField("", strings.Trim(name, `"`), fieldsOf(reflect.TypeOf(into).Elem()).names)
	}
	return problemOf(http.StatusBadRequest, "json", "the body is not valid JSON: "+strings.TrimPrefix(err.Error(), "json: "))
}

func kindWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, 0 or more"
	}
	return "a whole number"
}

// objectFields are the fields of a struct that is decoded.
type objectFields struct {
	names []string                // in JSON, in their order
	inner map[string]reflect.Type // of those that are structs themselves, or lists of structs
}

var knownFields sync.Map // reflect.Type to *objectFields

func fieldsOf(t reflect.Type) *objectFields {
	if known, ok := knownFields.Load(t); ok {
		return known.(*objectFields)
	}
	fields := &objectFields{inner: map[string]reflect.Type{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" { // it is not decoded
			continue
		}
		fields.names = append(fields.names, name)
		inner := t.Field(i).Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		item := inner
		for item.Kind() == reflect.Slice {
			item = item.Elem()
		}
		if item.Kind() == reflect.Struct && !decodesItself(item) {
			fields.inner[name] = inner
		}
	}
	knownFields.Store(t, fields)
	return fields
}

// decodesItself reports whether a type reads its JSON by itself.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]())
}
