package flows

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// FuzzLoad holds that no flow makes loading panic, that the program of one which loads
// leads nowhere else than to its own steps, and that its bundle makes the same version
// again.
func FuzzLoad(f *testing.F) {
	for _, text := range flowTexts(f) {
		f.Add(text)
	}
	project := fstest.MapFS{"templates/hello.yaml": {Data: []byte(`body: "Order {{ data.order_id }}"`)}}
	every := os.DirFS("testdata/every")
	for _, pattern := range []string{"nudge.yaml", "templates/*.yaml", "templates/partials/*.yaml", "flows/other.yaml"} {
		names, _ := fs.Glob(every, pattern)
		for _, name := range names {
			text, err := fs.ReadFile(every, name)
			if err != nil {
				f.Fatal(err)
			}
			project[name] = &fstest.MapFile{Data: text}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 16<<10 { // what is longer is only slower
			return
		}
		files := maps.Clone(project)
		files["flows/f.yaml"] = &fstest.MapFile{Data: []byte(text)}
		p, list := Load(files)
		if list.HasErrors() {
			return
		}
		for _, flow := range p.Flows {
			checkTargets(t, flow)
			again, err := Compile(flow.Bundle)
			if err != nil {
				t.Fatal(err)
			}
			if again.Version != flow.Version || drawn(again) != drawn(flow) {
				t.Fatalf("version %s became %s", flow.Version, again.Version)
			}
		}
	})
}

// FuzzSmallTexts holds that no moment, schedule, window, cap or duration makes its
// parser panic, and that a moment that is read can be computed.
func FuzzSmallTexts(f *testing.F) {
	for _, text := range []string{
		"09:00", "mon-fri 09:00", "sat,sun 10:30", "2026-12-24 09:00", "24h before run.started", "now",
		"0 9 * * mon", "@daily", "TZ=", "mon-sat 08:00-21:00", "3 per 7d", "1d12h", "9am",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseCron(text); err == nil {
			if at := c.Next(time.Unix(0, 0), time.UTC); !c.Next(at, time.UTC).After(at) {
				t.Errorf("%q fires twice at %s", text, at)
			}
		}
		_, _ = parseWindow(text)
		_, _ = ParseDuration(text)
		list := diag.List{}
		line := &node.Text{Value: text}
		readAtMost(line, "", &list)
		readCap(line, &list)
		r := &reader{list: &list, project: &Project{Profile: shape.OpenMap(nil)}, flow: &Flow{Data: shape.OpenMap(nil)}}
		r.profile = r.project.profile()
		before := len(list)
		m := r.moment(line, r.start())
		if len(list) > before || m == nil {
			return
		}
		scope := map[string]any{
			NameNow: shape.Time{}, NameRun: map[string]any{"started": shape.Time{}},
			NameData: map[string]any{}, NameProfile: map[string]any{}, NameVars: map[string]any{},
		}
		for _, zone := range []string{"UTC", "Europe/London", "Pacific/Apia"} {
			where, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			at, past, err := m.Resolve(scope, instant("2026-03-29T00:30:00Z"), where)
			if err == nil && m.Of == nil && m.Date == (Date{}) && (past || at.Before(instant("2026-03-29T00:30:00Z"))) {
				t.Fatalf("%q is at %v in %s", text, at, zone)
			}
		}
	})
}

// FuzzCondition holds that an expression is either refused with a reason, or gives the
// same for the same scope, whatever is absent in it.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		`data.total > 3 && data.plan == "pro"`, `any(data.items, .price > 3)`, `data.note ?? "" != ""`, `not hello.read`,
		`reply.number in 0..10`, `lower(data.note ?? "") contains "a"`, `data.at < now`, `len(data.items) == 0 ? true : false`,
		`filter(data.items, # != nil)[0].name == "x"`, `data.note?.x`, `"a" in ["a", data.plan]`, `{"a": 1}.a == 1`,
	} {
		f.Add(text)
	}
	item := shape.MapOf(map[string]*shape.Type{"name": shape.String, "price": shape.Number})
	scope := shape.MapOf(map[string]*shape.Type{
		NameData: shape.MapOf(map[string]*shape.Type{
			"total": shape.Number, "plan": shape.OneOf("trial", "pro"), "note": shape.String.OrNil(), "at": shape.Moment,
			"items": shape.ListOf(item), "other": shape.Any,
		}),
		NameReply: replyShape, NameNow: shape.Moment, "hello": sendShape,
	})
	full := map[string]any{
		NameData: map[string]any{"total": 7, "plan": "pro", "note": "ü", "at": shape.Time{}, "other": 1.5,
			"items": []any{map[string]any{"name": "Lamp", "price": 20}}},
		NameReply: map[string]any{"text": "9!", "number": 9}, NameNow: shape.Time{}, "hello": map[string]any{"read": true},
	}
	empty := map[string]any{
		NameData: map[string]any{"items": []any{}}, NameReply: map[string]any{}, NameNow: shape.Time{}, "hello": map[string]any{},
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list diag.List
		e, _ := compileExpr(&node.Text{Value: text}, 0, scope, testHome(), forCondition, &list)
		if (e == nil) != list.HasErrors() {
			t.Fatalf("%q: compiled %v, with %v", text, e != nil, list)
		}
		if e == nil {
			return
		}
		for _, values := range []map[string]any{full, empty} {
			first, err := e.Bool(values)
			second, again := e.Bool(values)
			if first != second || (err == nil) != (again == nil) {
				t.Fatalf("%q is %v (%v), then %v (%v)", text, first, err, second, again)
			}
		}
	})
}

// flowTexts is every flow of the tests, under the name f.
func flowTexts(t testing.TB) []string {
	t.Helper()
	var texts []string
	flows, _ := filepath.Glob("testdata/*/flows/*.yaml")
	for _, file := range flows {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := "flow: " + strings.TrimSuffix(filepath.Base(file), ".yaml")
		texts = append(texts, strings.Replace(string(text), name, "flow: f", 1))
	}
	cases, _ := filepath.Glob("testdata/diagnostics/*.txtar")
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name == "flows/f.yaml" {
				texts = append(texts, string(part.Data))
			}
		}
	}
	return texts
}
