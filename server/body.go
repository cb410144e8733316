package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"nudge/lang/diag"
)

// usualBody is what nearly every body fits into, in bytes.
const usualBody = 64 << 10

// readBody reads a request's body up to a limit in bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	var body bytes.Buffer
	if n := r.ContentLength; n > 0 { // what is said is not yet there: no more than usual is made ready for it
		body.Grow(int(min(n, usualBody)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, tooLargeProblem(limit)
	}
	if err != nil {
		return nil, problemOf(http.StatusBadRequest, "body", "the body could not be read to its end")
	}
	return body.Bytes(), nil
}

func tooLargeProblem(limit int64) *problem {
	return problemOf(http.StatusRequestEntityTooLarge, "limit", "the body is larger than "+byteSize(limit))
}

// mediaType is the request's content type without parameters; JSON when none is given.
func mediaType(r *http.Request) string {
	given := r.Header.Get("Content-Type")
	if given == "" {
		return "application/json"
	}
	media, _, err := mime.ParseMediaType(given)
	if err != nil {
		return given
	}
	return media
}

// decode reads JSON strictly into a struct: a field that it does not have is an error
// with the nearest one that it has.
func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return jsonProblem(err, into)
	}
	if _, err := d.Token(); err != io.EOF {
		return problemOf(http.StatusBadRequest, "json", "there is more after the end of the JSON value")
	}
	return nil
}

func jsonProblem(err error, into any) *problem {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		detail := "must be " + kindWord(wrongType.Type) + ", not " + wrongType.Value
		return problemOf(http.StatusBadRequest, "json", wrongType.Field+": "+detail, fieldProblem{wrongType.Field, detail})
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		detail := "is not a field of this request; " + diag.DidYouMean(name, fieldNames(into), "allowed")
		return problemOf(http.StatusBadRequest, "unknown-field", name+" "+detail, fieldProblem{name, detail})
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
	}
	return "a number"
}

func fieldNames(into any) []string {
	t := reflect.TypeOf(into).Elem()
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
