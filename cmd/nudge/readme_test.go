package main_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/lang/diag"
)

// TestReadme verifies the README: its flow has no warning, its mistake has the same text in the
// program, and CI runs the command that it names.
func TestReadme(t *testing.T) {
	readme := readFile(t, "../../README.md")
	flow := block(t, readme, "yaml", "flow: welcome")
	project := fstest.MapFS{
		"flows/welcome.yaml":      {Data: []byte(flow)},
		"templates/welcome.yaml":  {Data: []byte("body: Welcome\n")},
		"templates/reminder.yaml": {Data: []byte("body: Still there?\n")},
	}
	if _, list := flows.Load(project); len(list) > 0 {
		t.Errorf("the flow of the README: %v", list)
	}
	project["flows/welcome.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(flow, "read: welcome", "read: welcom", 1))}
	loaded, list := flows.Load(project)
	var told strings.Builder
	if err := diag.Render(&told, list, loaded.Source); err != nil {
		t.Fatal(err)
	}
	if want := block(t, readme, "text", "[unknown-step]"); !strings.Contains(told.String(), want) {
		t.Errorf("the mistake of the README is told in other words:\n%s\nwant\n%s", told.String(), want)
	}
	for _, command := range []string{"go run -v ./cmd/nudge demo", "./test.sh"} {
		if !strings.Contains(readme, "```sh\n"+command+"\n```") {
			t.Errorf("the README does not name the command %q by itself", command)
		}
	}
	if ci := readFile(t, "../../.ci/run"); !strings.Contains(ci, "exec ./test.sh\n") {
		t.Errorf(".ci/run does not run the README's command: %s", ci)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is the first block of a language in Markdown that has a text.
func block(t *testing.T, markdown, language, has string) string {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(markdown, -1) {
		if strings.Contains(m[1], has) {
			return m[1]
		}
	}
	t.Fatalf("the README has no %s block with %q", language, has)
	return ""
}
