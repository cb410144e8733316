package schema

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/docs/pagetest"
	"nudge/flows"
	"nudge/templates"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

const page = "../../docs/language.md"

// tables are the pages with tables, each with the mappings of which it has all.
var tables = map[string]func() map[string]*schema{page: mappings, "../../docs/testing.md": testMappings}

var sectionForm = regexp.MustCompile(`(?s)(<!-- (keys: [^\n]+|limits) -->\n).*?(<!-- end -->)`)

// TestPageTables holds the tables of the pages about the language and about tests
// against the schema and the limits.
func TestPageTables(t *testing.T) {
	for page, mappings := range tables {
		t.Run(page, func(t *testing.T) { testPage(t, page, mappings()) })
	}
}

func testPage(t *testing.T, page string, all map[string]*schema) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for title := range all {
		if title != "A template" && !strings.Contains(string(text), "<!-- keys: "+title+" -->") {
			t.Errorf("the page has no table of the keys of %q", title)
		}
	}
	want := sectionForm.ReplaceAllStringFunc(string(text), func(section string) string {
		m := sectionForm.FindStringSubmatch(section)
		if m[2] == "limits" {
			return m[1] + limits() + m[3]
		}
		s := all[strings.TrimPrefix(m[2], "keys: ")]
		if s == nil {
			t.Errorf("there is no mapping for %q", m[2])
			return section
		}
		return m[1] + table(s) + m[3]
	})
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is out of date; run the test with -update (-want +got):\n%s", page, diff)
	}
}

// mappings is every mapping of the schemas by its title.
func mappings() map[string]*schema {
	all := map[string]*schema{}
	add := func(s *schema) { all[s.Title] = s }
	eachMapping(flow(), add)
	eachMapping(project(), add)
	for _, s := range flowDefinitions() {
		eachMapping(s, add)
	}
	return all
}

// testMappings is every mapping of the schema of tests by its title.
func testMappings() map[string]*schema {
	all := map[string]*schema{}
	add := func(s *schema) { all[s.Title] = s }
	for _, s := range []*schema{test(), person(), story(), answer(), move(), expected(), expectedPart()} {
		eachMapping(s, add)
	}
	return all
}

// table is the keys of a mapping in Markdown.
func table(s *schema) string {
	var b strings.Builder
	b.WriteString("\n| Key | | Example |\n| --- | --- | --- |\n")
	for _, name := range s.order {
		p, says := s.Properties[name], ""
		for _, must := range s.Required {
			if must == name {
				says = " Required."
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", name, inCell(p.MarkdownDescription), says, shown(p.Examples))
	}
	return b.String() + "\n"
}

// shown is the examples that are short enough for a cell.
func shown(examples []any) string {
	var cells []string
	for _, example := range examples {
		text, ok := example.(string)
		if !ok {
			raw, _ := json.Marshal(example)
			text = string(raw)
		}
		if structured := strings.ContainsAny(text[:1], "{["); !structured && len(text) < 60 {
			cells = append(cells, "`"+inCell(text)+"`")
		}
	}
	return strings.Join(cells, ", ")
}

func inCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// limits is the limits of the language in Markdown.
func limits() string {
	var b strings.Builder
	b.WriteString("\n| What | At most |\n| --- | --- |\n")
	for _, l := range []struct {
		what string
		most int
	}{
		{"steps of a flow", flows.MaxSteps}, {"lines of a wait, an until or the exits", flows.MaxLines},
		{"rounds of a loop", flows.MaxRounds}, {"loops in one another", flows.MaxLoops},
		{"events of a collect", flows.MaxItems}, {"people of one trigger", flows.MaxPeople},
		{"steps of an expression", flows.MaxExprSteps},
		{"headers of a fetch", flows.MaxHeaders}, {"attempts after the first of a fetch", flows.MaxRetries},
		{"characters of a name", flows.MaxName}, {"files of a folder", flows.MaxFiles},
		{"windows of a category or a send", flows.MaxWindows}, {"hours that a line waits for within open hours", int(flows.MaxOpenTime / time.Hour)},
		{"caps of a category", flows.MaxCaps}, {"messages of a cap", flows.MaxCap},
		{"bytes of a rendered text", templates.MaxOutput},
	} {
		fmt.Fprintf(&b, "| %s | %d |\n", l.what, l.most)
	}
	return b.String() + "\n"
}

// TestPageExamples holds the examples of the pages about the language and about campaigns to the schemas.
func TestPageExamples(t *testing.T) {
	all, count := schemas(t), 0
	pages, err := pagetest.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if p.Name != "docs/language.md" && p.Name != "docs/campaigns.md" {
			continue
		}
		for _, b := range p.Blocks() {
			if b.Language != "yaml" {
				continue
			}
			count++
			file, text := b.File("")
			value, ok := parsed([]byte(text))
			if !ok || file == "" {
				t.Errorf("%s:%d: it is no YAML, or does not say what it is:\n%s", p.Name, b.Line, text)
			} else if err := all[kindOf(file)].Validate(value); err != nil {
				t.Errorf("%s:%d: the schema refuses it: %v", p.Name, b.Line, err)
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d examples were found", count)
	}
}
