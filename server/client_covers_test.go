package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nudge/client"
	"nudge/docs"
)

// forTools are operations that the client leaves to other programs.
var forTools = []string{"showMetrics", "showDocument"}

// TestClientCovers calls every method of the client, and holds that together they reach every operation of
// docs/openapi.json and nothing else.
func TestClientCovers(t *testing.T) {
	var reached []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached = append(reached, r.Method+" "+r.URL.EscapedPath())
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}\n")
	}))
	defer web.Close()
	c, err := client.New(client.Config{Server: web.URL})
	must(t, err)
	methods := reflect.TypeOf(c)
	for i := range methods.NumMethod() {
		callWithAnything(t, reflect.ValueOf(c).Method(i), methods.Method(i).Type)
	}
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	must(t, json.Unmarshal(docs.OpenAPI, &document))
	known := []string{"GET /-/healthy", "GET /-/ready"} // for load balancers, and for scripts that wait
	for path, methods := range document.Paths {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\\{\w+\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
		for method, operation := range methods {
			found := false
			for _, r := range reached {
				if m, p, _ := strings.Cut(r, " "); m == strings.ToUpper(method) && pattern.MatchString(p) {
					found, known = true, append(known, r)
				}
			}
			if found == slices.Contains(forTools, operation.OperationID) {
				t.Errorf("the client and %s %s (%s): reached %v", method, path, operation.OperationID, found)
			}
		}
	}
	for _, r := range reached {
		if !slices.Contains(known, r) {
			t.Errorf("the client asks for %s, which the document does not have", r)
		}
	}
}

// callWithAnything calls a method with arguments that are not empty, and takes all of a sequence.
func callWithAnything(t *testing.T, method reflect.Value, of reflect.Type) {
	var args []reflect.Value
	for i := 1; i < of.NumIn(); i++ {
		switch in := of.In(i); {
		case in == reflect.TypeFor[context.Context]():
			args = append(args, reflect.ValueOf(t.Context()))
		case in == reflect.TypeFor[io.Reader]():
			args = append(args, reflect.ValueOf(strings.NewReader("{}\n")))
		case in == reflect.TypeFor[io.Writer]():
			args = append(args, reflect.ValueOf(io.Discard))
		case in == reflect.TypeFor[json.RawMessage]():
			args = append(args, reflect.ValueOf(json.RawMessage("{}")))
		case in.Kind() == reflect.String:
			args = append(args, reflect.ValueOf("x").Convert(in))
		default:
			args = append(args, reflect.Zero(in))
		}
	}
	for _, out := range method.Call(args) {
		if out.Kind() == reflect.Func && out.Type().CanSeq2() {
			for range out.Seq2() {
				break
			}
		}
	}
}
