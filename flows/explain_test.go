package flows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// codesInSource is every constant Code… of the packages that make diagnostics.
func codesInSource(t *testing.T) []string {
	t.Helper()
	var codes []string
	for _, folder := range []string{".", "../lang/node", "../lang/shape", "../templates"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				if ok && strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "code") && len(spec.Values) == 1 {
					if value, ok := spec.Values[0].(*ast.BasicLit); ok {
						code, _ := strconv.Unquote(value.Value)
						codes = append(codes, code)
					}
				}
				return true
			})
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// TestEveryCode holds that every code is explained, and has a case that shows it.
func TestEveryCode(t *testing.T) {
	if diff := cmp.Diff(codesInSource(t), Codes()); diff != "" {
		t.Errorf("explained codes (-in the source +explained):\n%s", diff)
	}
	var shown strings.Builder
	for _, pattern := range []string{"testdata/diagnostics/*.txtar", "../templates/testdata/diagnostics/*.txtar"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			shown.Write(text)
		}
	}
	for _, code := range Codes() {
		if code == "too-large" {
			continue // a case would be that large; see the test of limits in package node
		}
		if !strings.Contains(shown.String(), "["+code+"]") {
			t.Errorf("no case shows %s", code)
		}
	}
}

// exampleProject is the files of an example, with what every flow has.
func exampleProject(text string) fstest.MapFS {
	sections, file := map[string]string{}, "flows/f.yaml"
	for line := range strings.SplitAfterSeq(text+"\n", "\n") {
		if name, ok := strings.CutPrefix(line, "# "); ok && strings.Contains(name, ".yaml") {
			file = strings.TrimSpace(name)
			continue
		}
		sections[file] += line
	}
	flow := sections["flows/f.yaml"]
	if sections["flows/welcome.yaml"] == "" || flow != "" {
		head := "flow: f\n"
		if !strings.Contains(flow, "trigger:") {
			head += "trigger: { event: order.shipped, key: event.order_id }\n"
			if !strings.Contains(flow, "data:") {
				head += "data: { order_id: string, total: number, at: time }\n"
			}
		}
		if !strings.Contains(flow, "steps:") {
			flow += "steps: [ { send: hello } ]\n"
		}
		sections["flows/f.yaml"] = head + flow
	}
	if sections["templates/hello.yaml"] == "" {
		sections["templates/hello.yaml"] = "body: Hello\n"
	}
	project := fstest.MapFS{}
	for name, text := range sections {
		project[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return project
}

// TestExamples holds that the wrong examples are wrong in the way that is explained,
// and the right ones right.
func TestExamples(t *testing.T) {
	for _, e := range explanations() {
		t.Run(string(e.code), func(t *testing.T) {
			if e.wrong == "" {
				return
			}
			shows := false
			_, list := Load(exampleProject(e.wrong))
			for _, d := range list {
				shows = shows || d.Code == e.code
			}
			if !shows {
				t.Errorf("the wrong example gives %v", list)
			}
			if _, list = Load(exampleProject(e.right)); list.HasErrors() {
				t.Errorf("the right example gives %v", list)
			}
			for _, d := range list {
				if d.Code == e.code {
					t.Errorf("the right example gives %v", d)
				}
			}
		})
	}
}

func TestExplain(t *testing.T) {
	text, ok := Explain("bad-zone")
	if !ok || !strings.HasPrefix(text, "bad-zone\n\nThe time zone does not exist") || !strings.Contains(text, "\nRight:\n\n    # nudge.yaml\n    timezone: Europe/London\n") {
		t.Errorf("got %q", text)
	}
	if _, ok := Explain("bad-weather"); ok {
		t.Error("a code is explained that does not exist")
	}
}
