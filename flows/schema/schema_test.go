package schema

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// documents is the schemas by what they describe.
var documents = map[string]func() []byte{"flow": Flow, "template": Template, "project": Project, "test": Test, "people": People}

func compilerOf(t testing.TB, kind string) *jsonschema.Compiler {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(documents[kind]()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(kind+".json", value); err != nil {
		t.Fatal(err)
	}
	return c
}

func compiled(t testing.TB, kind string) *jsonschema.Schema {
	t.Helper()
	s, err := compilerOf(t, kind).Compile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// schemas is every schema, compiled.
func schemas(t testing.TB) map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	for kind := range documents {
		all[kind] = compiled(t, kind)
	}
	return all
}

// kindOf is the schema that a file of a project has to satisfy.
func kindOf(file string) string {
	switch {
	case file == "nudge.yaml":
		return "project"
	case file == "people.yaml":
		return "people"
	case strings.HasPrefix(file, "flows/"):
		return "flow"
	case strings.HasPrefix(file, "tests/"):
		return "test"
	}
	return "template"
}

// valueOf is YAML as an editor hands it to a schema: what is no number, truth or null
// is text.
func valueOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return valueOf(n.Content[0])
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = valueOf(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		items := []any{}
		for _, item := range n.Content {
			items = append(items, valueOf(item))
		}
		return items
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

// parsed is a file as a value; not ok where it is no YAML.
func parsed(text []byte) (value any, ok bool) {
	var n yaml.Node
	if err := yaml.Unmarshal(text, &n); err != nil || n.Kind == 0 {
		return nil, false
	}
	return valueOf(&n), true
}

// TestProjectsAreValid holds that everything the project shows satisfies the schema.
func TestProjectsAreValid(t *testing.T) {
	all, count := schemas(t), 0
	for _, root := range []string{"../../examples", "../../examples/patterns", "../testdata"} {
		err := fs.WalkDir(os.DirFS(root), ".", func(file string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() && file == "patterns" { // a folder of projects, which is a root of its own
				return fs.SkipDir
			}
			if err != nil || d.IsDir() || filepath.Ext(file) != ".yaml" || filepath.Base(file) == "compose.yaml" { // the latter is no file of a project
				return err
			}
			text, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				return err
			}
			value, ok := parsed(text)
			project, name, _ := strings.Cut(file, "/")
			if count++; !ok {
				t.Errorf("%s of %s is no YAML", name, project)
			} else if err := all[kindOf(name)].Validate(value); err != nil {
				t.Errorf("%s of %s: %v", name, project, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if count < 10 {
		t.Errorf("there are only %d files", count)
	}
}

// ofStructure is the codes of faults that a schema can see.
var ofStructure = []string{
	"unknown-key", "wrong-kind", "empty-value", "missing-key", "one-verb", "one-signal", "exclusive-keys", "bad-duration",
	"bad-name", "bad-shape", "wait-without-end", "empty-steps", "bad-value", "misplaced-else",
}

// beyondSchema is the faults of such a code that take more than the structure to see,
// by the name of their case and their file.
var beyondSchema = map[string]string{
	"cause_first":           "templates/good-bye.yaml",
	"channels":              "templates/e.yaml templates/f.yaml templates/o.yaml templates/p.yaml templates/t.yaml templates/v.yaml", // the names and bodies of channels are open
	"bad_moment":            "flows/f.yaml",                                                                                          // moments are expressions, nearly all of them
	"empty_team":            "templates/hello.yaml",                                                                                  // what a text holds
	"empty_texts":           "templates/hello.yaml",
	"event_without_key":     "flows/f.yaml",            // only where a trigger has a key
	"locale_name":           "templates/good-bye.yaml", // the name of a file
	"platform_notification": "templates/hello.yaml",    // payloads are open, and a template may become any type
	"platform_payload":      "templates/hello.yaml",
	"platform_types":        "templates/hello.yaml",
	"profile_field":         "flows/f.yaml",
	"start_without_key":     "flows/f.yaml", // only where the other flow's lines have keys
	"reserved_names":        "flows/f.yaml", // only an exit on failed needs a name
	"unknown_flow":          "flows/f.yaml", // data that the other flow wants
}

var faultForm = regexp.MustCompile(`(?m)^(\S+?\.yaml)(?::\d+:\d+)?: (warning: )?.* \[([a-z-]+)\]$`)

// TestBrokenProjects holds that the cases of diagnostics whose fault is one of
// structure do not satisfy the schema, and that their files without a fault do.
func TestBrokenProjects(t *testing.T) {
	cases, _ := filepath.Glob("../testdata/diagnostics/*.txtar")
	more, _ := filepath.Glob("../../templates/testdata/diagnostics/*.txtar")
	if cases = append(cases, more...); len(cases) < 40 {
		t.Fatalf("found %d cases", len(cases))
	}
	all, broken := schemas(t), 0
	for _, path := range cases {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		faults := faultsOf(archive)
		for _, f := range archive.Files {
			value, ok := parsed(f.Data)
			if !ok || filepath.Ext(f.Name) != ".yaml" {
				continue
			}
			err := all[kindOf(f.Name)].Validate(value)
			structural := slices.ContainsFunc(faults[f.Name], func(code string) bool { return slices.Contains(ofStructure, code) })
			switch {
			case structural && err == nil && !slices.Contains(strings.Fields(beyondSchema[name]), f.Name):
				t.Errorf("%s: %s has %v, and the schema takes it", name, f.Name, faults[f.Name])
			case structural && err != nil:
				broken++
			case len(faults[f.Name]) == 0 && err != nil:
				t.Errorf("%s: %s has no fault, and the schema refuses it: %v", name, f.Name, err)
			}
		}
	}
	if broken < 10 {
		t.Errorf("only %d files are broken", broken)
	}
}

// faultsOf is the codes of the errors in each file of a case.
func faultsOf(archive *txtar.Archive) map[string][]string {
	faults := map[string][]string{}
	for _, f := range archive.Files {
		if f.Name != "want" {
			continue
		}
		for _, m := range faultForm.FindAllStringSubmatch(string(f.Data), -1) {
			if m[2] == "" {
				faults[m[1]] = append(faults[m[1]], m[3])
			}
		}
	}
	return faults
}
