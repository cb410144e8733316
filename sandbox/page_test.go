package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const page = "../docs/sandbox.md"

func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// TestPageExamples makes every request of the page, one after the other, a minute apart,
// and holds the answers against those of the page.
func TestPageExamples(t *testing.T) {
	w := newWorld(t, nil)
	known := map[string]string{}
	expand := func(text string) string {
		for name, value := range known {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return text
	}
	examples := blocks(t, "http")
	if len(examples) < 15 {
		t.Fatalf("the page has %d examples", len(examples))
	}
	for _, example := range examples {
		asked, answered, _ := strings.Cut(example, "\n\n")
		line, body, _ := strings.Cut(expand(asked), "\n")
		method, path, _ := strings.Cut(line, " ")
		code, want, _ := strings.Cut(expand(answered), "\n")
		status, got := w.call(method, path, body)
		if strconv.Itoa(status) != code {
			t.Errorf("%s: got %d %s", example, status, got)
			continue
		}
		if want = strings.TrimSpace(want); want != "" {
			var a, b any
			if err := json.Unmarshal([]byte(want), &a); err != nil {
				t.Errorf("%s: %v", example, err)
			}
			if err := json.Unmarshal([]byte(got), &b); err != nil || !alike(a, b) {
				t.Errorf("%s:\n got %s", example, got)
			}
		}
		remember(known, got)
		w.pass(time.Minute)
	}
}

// alike reports whether an answer has at least the wanted fields; "…" is any text.
func alike(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		for key, value := range want {
			ok = ok && alike(value, object[key])
		}
		return ok
	case []any:
		list, ok := got.([]any)
		ok = ok && len(list) == len(want)
		for i := range want {
			ok = ok && alike(want[i], list[i])
		}
		return ok
	}
	text, ok := got.(string)
	return fmt.Sprint(want) == fmt.Sprint(got) || want == "…" && ok && text != ""
}

// remember notes the IDs of an answer for later paths.
func remember(known map[string]string, body string) {
	var ids struct {
		MessageID string
		ID        string
		Inbound   bool
	}
	if json.Unmarshal([]byte(body), &ids) != nil {
		return
	}
	if ids.MessageID != "" {
		known["messageId"] = ids.MessageID
	}
	if ids.ID != "" {
		known["webhookId"] = ids.ID
	}
}

// TestPageRoutes holds the table of calls against the routes that there are.
func TestPageRoutes(t *testing.T) {
	server, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	client, err := os.ReadFile("client_routes.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`(?:HandleFunc\(|\t)"([A-Z]+) ("\+prefix\+")?(/[^"]+)"[,:]`).FindAllStringSubmatch(string(server)+string(client), -1)
	if len(routes) < 50 {
		t.Fatalf("found %d routes", len(routes))
	}
	for _, m := range routes {
		if call := "| `" + m[1] + " " + m[3] + "` |"; !strings.Contains(string(text), call) {
			t.Errorf("the page has no %s", call)
		}
	}
	calls := strings.Count(string(text), "| `GET /") + strings.Count(string(text), "| `POST /") +
		strings.Count(string(text), "| `PUT /") + strings.Count(string(text), "| `PATCH /") + strings.Count(string(text), "| `DELETE /")
	if calls != len(routes) {
		t.Errorf("the page has %d calls for %d routes", calls, len(routes))
	}
}
