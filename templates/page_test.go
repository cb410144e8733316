package templates

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/lang/shape"
)

const page = "../docs/templates.md"

// pageValues is what the examples of the page see.
func pageValues(t testing.TB) (*shape.Type, map[string]any) {
	var values map[string]any
	at, err := shape.ParseTime("2026-07-03T14:30:00Z")
	if err != nil {
		t.Fatal(err)
	}
	values = map[string]any{
		"data": map[string]any{
			"order_id": "O-7", "plan": "PRO", "city": "new York", "comment": "I like the new lamp", "visits": 12345, "total": 1234.5,
			"currency": "GBP", "starts_at": at, "tags": []any{"home", "new"}, "paid": true, "n": 3,
			"items": []any{map[string]any{"name": "Lamp", "price": 20}, map[string]any{"name": "Rug", "price": 30.5}},
		},
		"profile": map[string]any{"first_name": nil},
		"now":     shape.TimeOf(at.Std().Add(-40 * time.Hour)),
	}
	item := shape.MapOf(map[string]*shape.Type{"name": shape.String, "price": shape.Number})
	scope := shape.MapOf(map[string]*shape.Type{
		"data": shape.MapOf(map[string]*shape.Type{
			"order_id": shape.String, "plan": shape.String, "city": shape.String, "comment": shape.String, "visits": shape.Number,
			"total": shape.Number, "currency": shape.String, "starts_at": shape.Moment, "tags": shape.ListOf(shape.String),
			"paid": shape.Boolean, "n": shape.Number, "items": shape.ListOf(item),
		}),
		"profile": shape.MapOf(map[string]*shape.Type{"first_name": shape.String.OrNil()}),
		"now":     shape.Moment,
	})
	return scope, values
}

// TestFunctions holds every function against what its table says it prints, and the
// page against the table.
func TestFunctions(t *testing.T) {
	scope, values := pageValues(t)
	values["data"].(map[string]any)["plan"] = "pro"
	var table strings.Builder
	group := ""
	for _, f := range exampleTable() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&table, "\n### %s\n\n| Function | Example | Prints | |\n| --- | --- | --- | --- |\n", group)
		}
		example := "{{ " + f.Example + " }}"
		var list diag.List
		use := Use{Scope: scope, Partials: map[string]*Partial{
			"footer": parsePartial("footer.yaml", []byte("body: Reply STOP to hear less."), &list),
		}}
		tmpl := parseSource("t.yaml", []byte(body(example)), &list).Compile(use, &list)
		if err := list.Err(); err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		m, err := tmpl.Render("ann", values)
		if err != nil || m.Body != f.Prints {
			t.Errorf("%s prints %q, %v; want %q", example, m.Body, err, f.Prints)
		}
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", f.Name, strings.ReplaceAll(example, "|", `\|`), f.Prints, f.Says)
	}
	checkSection(t, page, "functions", table.String()+"\n")
}

// checkSection holds the part of a page between two marks against what it must be.
func checkSection(t *testing.T, file, name, want string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`(?s)(<!-- ` + name + `:[^\n]*-->\n)(.*?)(<!-- end -->)`)
	m := form.FindSubmatchIndex(text)
	if m == nil {
		t.Fatalf("%s has no section %s", file, name)
	}
	if *update {
		whole := string(text[:m[4]]) + want + string(text[m[5]:])
		if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text[m[4]:m[5]])); diff != "" {
		t.Errorf("%s is out of date; run the test with -update (-want +got):\n%s", file, diff)
	}
}

var (
	blockForm = regexp.MustCompile("(?s)```yaml\n# (templates/[^\n]*)\n(.*?)```")
	groupForm = regexp.MustCompile(`^[A-Z][a-z]+$`)
)

// TestPage renders every template of the page.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	scope, values := pageValues(t)
	files := map[string]string{}
	for _, m := range blockForm.FindAllStringSubmatch(string(text), -1) {
		files[m[1]] = m[2]
	}
	if len(files) < 4 {
		t.Fatalf("the page has %d templates", len(files))
	}
	var list diag.List
	l := libraryOf(files, &list)
	use := Use{Scope: scope, Partials: l.Partials()}
	for _, name := range l.Names() {
		tmpl := l.Source(name).Compile(use, &list)
		if len(list) > 0 {
			t.Fatal(list)
		}
		for _, locale := range []string{"en", "fr"} {
			values["profile"].(map[string]any)["locale"] = locale
			if m, err := tmpl.Render("ann", values); err != nil || !strings.Contains(m.Body, "O-7") {
				t.Errorf("%s in %s: %q, %v", name, locale, m.Body, err)
			}
		}
	}
}

func TestGroups(t *testing.T) {
	at := 0
	for _, f := range exampleTable() {
		for at < len(functionGroups) && functionGroups[at] != f.Group {
			at++
		}
		if at == len(functionGroups) || !groupForm.MatchString(f.Group) {
			t.Fatalf("%s is in the group %q, out of order", f.Name, f.Group)
		}
		if !strings.HasSuffix(f.Says, ".") {
			t.Errorf("%s: %q is no sentence", f.Name, f.Says)
		}
	}
}
