package server

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/docs"
	"nudge/engine/instant"
	"nudge/lang/diag"
	"nudge/lang/trace"
	"nudge/store"
	"nudge/store/memory"
)

var update = flag.Bool("update", false, "write docs/openapi.json and docs/api.md anew")

// TestOpenAPI holds docs/openapi.json and the list in docs/api.md to the routes, the types of their
// bodies and the comments of these.
func TestOpenAPI(t *testing.T) {
	kept, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Runner: struct{ Runner }{}, Store: kept, Registry: prometheus.NewRegistry(), Dev: struct{ DevTools }{}})
	if err != nil {
		t.Fatal(err)
	}
	d := newDescriber(t)
	routes := s.routes()
	document := d.document(routes)
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	written := replaceBlock(t, string(page), "api", d.page(routes))
	if *update {
		for file, text := range map[string][]byte{"../docs/openapi.json": document, "../docs/api.md": []byte(written)} {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	if !bytes.Equal(document, docs.OpenAPI) {
		t.Error("docs/openapi.json is out of date: go test ./server -run TestOpenAPI -update")
	}
	if written != string(page) {
		t.Error("docs/api.md is out of date: go test ./server -run TestOpenAPI -update")
	}
}

// replaceBlock replaces what stands between the marks of a generated part of a page.
func replaceBlock(t *testing.T, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatalf("the page has no part %q", name)
	}
	return before + begin + text + end + after
}

// object is an object of JSON whose keys keep their order.
type object []field

type field struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		var value bytes.Buffer
		e := json.NewEncoder(&value)
		e.SetEscapeHTML(false)
		if err := e.Encode(f.value); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", f.key, bytes.TrimSpace(value.Bytes()))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// describer makes the document.
type describer struct {
	t        *testing.T
	comments comments
	names    map[reflect.Type]string
	schemas  map[string]object
}

func newDescriber(t *testing.T) *describer {
	c := comments{types: map[string]string{}, fields: map[string]string{}, words: map[string][]string{}}
	for _, dir := range []string{"server", "engine", "store", "flows", "lang/diag", "whatif/cases", "whatif/plan", "whatif/preview", "whatif/story"} {
		c.read(t, dir)
	}
	return &describer{t: t, comments: c, names: map[reflect.Type]string{}, schemas: map[string]object{}}
}

const info = "Nudge runs notification flows. This is what its server takes. Without tokens it answers only to its own machine; with them, every request needs one. " +
	"Errors are problems as RFC 9457 has them: type says which for programs, detail says it to people."

func (d *describer) document(routes []route) []byte {
	paths, order := map[string]object{}, []string{}
	for i := range routes {
		method, path, _ := strings.Cut(routes[i].pattern, " ")
		if paths[path] == nil {
			order = append(order, path)
		}
		paths[path] = append(paths[path], field{strings.ToLower(method), d.operation(&routes[i])})
	}
	var all object
	for _, path := range order {
		all = append(all, field{path, paths[path]})
	}
	d.schemaOf(reflect.TypeFor[problem]())
	var schemas object
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range d.schemas {
			if !yield(name) {
				return
			}
		}
	}) {
		schemas = append(schemas, field{name, d.schemas[name]})
	}
	document := object{
		{"openapi", "3.1.0"},
		{"info", object{{"title", "Nudge"}, {"version", APIVersion}, {"description", info}}},
		{"servers", []any{object{{"url", "http://127.0.0.1:8080"}}}},
		{"paths", all},
		{"components", object{
			{"schemas", schemas},
			{"securitySchemes", object{{"token", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "A token of nudge.yaml or of its tokens_file. The words beside it are the scope that a route needs: events, read, operate (includes read), author (includes operate); admin is all of them."}}}}},
		}},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(document); err != nil {
		d.t.Fatal(err)
	}
	return b.Bytes()
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

func (d *describer) operation(r *route) object {
	a := r.about
	if a.id == "" || a.topic == "" || a.does == "" || len(a.gives) == 0 {
		d.t.Errorf("%s is not described", r.pattern)
	}
	_, path, _ := strings.Cut(r.pattern, " ")
	o := object{{"operationId", a.id}, {"tags", []string{a.topic}}, {"summary", a.does}}
	if a.more != "" {
		o = append(o, field{"description", a.more})
	}
	o = append(o, field{"security", []any{object{{"token", []string{string(r.scope)}}}}})
	parameters := []any{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, object{{"name", m[1]}, {"in", "path"}, {"required", true}, {"schema", object{{"type", "string"}}}})
	}
	for i := range a.query {
		parameters = append(parameters, d.parameter(&a.query[i]))
	}
	if d.takesKey(r) {
		parameters = append(parameters, object{{"name", keyHeader}, {"in", "header"}, {"description", "Makes the request safe to send again: within 72 hours the same key is carried out once."}, {"schema", object{{"type", "string"}, {"maxLength", 256}}}})
	}
	if a.traced {
		for _, h := range []struct{ name, does string }{
			{trace.ParentHeader, "The trace that the request is part of, as the W3C Trace Context has it. A wrong one counts as none."},
			{trace.StateHeader, "What belongs to it; at most 512 bytes are kept."},
		} {
			parameters = append(parameters, object{{"name", h.name}, {"in", "header"}, {"description", h.does}, {"schema", object{{"type", "string"}}}})
		}
	}
	if len(parameters) > 0 {
		o = append(o, field{"parameters", parameters})
	}
	if len(a.takes) > 0 {
		var media object
		for i := range a.takes {
			media = append(media, field{a.takes[i].media, d.content(&a.takes[i])})
		}
		o = append(o, field{"requestBody", object{{"required", !a.bare}, {"content", media}}})
	}
	return append(o, field{"responses", d.responses(r)})
}

// takesKey reports whether a route takes an Idempotency-Key.
func (d *describer) takesKey(r *route) bool {
	return !r.about.keyless && !strings.HasPrefix(r.pattern, "GET ")
}

func (d *describer) parameter(p *parameter) object {
	schema := object{{"type", "string"}}
	switch p.example.(type) {
	case bool:
		schema = object{{"type", "boolean"}}
	case int:
		schema = object{{"type", "integer"}, {"minimum", p.least}}
		if p.most > 0 {
			schema = append(schema, field{"maximum", p.most})
		}
	}
	if len(p.words) > 0 {
		schema = append(schema, field{"enum", p.words})
	}
	return object{{"name", p.name}, {"in", "query"}, {"description", sentence(p.does)}, {"schema", schema}, {"example", p.example}}
}

func (d *describer) content(c *content) object {
	schema := d.oneOf(c.types)
	note := fmt.Sprintf("At most %s.", byteSize(int64(c.most)))
	if c.line {
		note = fmt.Sprintf("Each line is one of these, of at most %s.", byteSize(int64(c.most)))
	}
	var example any = json.RawMessage(c.example)
	if !json.Valid([]byte(c.example)) {
		d.t.Errorf("the example %s is no JSON", c.example)
	}
	if c.line {
		example = c.example + "\n"
		return object{{"schema", object{{"type", "string"}, {"description", note}, {"x-line", schema}}}, {"example", example}}
	}
	return object{{"schema", noted(schema, note)}, {"example", example}}
}

func (d *describer) oneOf(types []any) object {
	var all []any
	for _, v := range types {
		all = append(all, d.schemaOf(reflect.TypeOf(v)))
	}
	if len(all) == 1 {
		return slices.Clone(all[0].(object))
	}
	return object{{"anyOf", all}}
}

// noted is a schema with a description. Some tools take no keyword beside a reference.
func noted(schema object, note string) object {
	if schema.has("$ref") {
		schema = object{{"allOf", []any{schema}}}
	}
	return append(schema, field{"description", note})
}

func (o object) has(key string) bool {
	return slices.ContainsFunc(o, func(f field) bool { return f.key == key })
}

// always are the statuses of problems of every route.
var always = []int{http.StatusUnauthorized, http.StatusForbidden}

// meaning says when a problem of a status comes.
var meaning = map[int]string{
	400: "The request is wrong: errors names the fields.", 401: "There is no token, it is not known, or it has expired.",
	403: "The token does not have the scope, or without tokens the request does not come from this machine.",
	404: "There is no such thing.", 408: "The body came too slowly.", 409: "It does not go with how things stand: an id was used for something else, or it is over.",
	413: "The body is too large.", 415: "The body has another media type than the route takes.", 422: "The request is well formed, and what it says is wrong: errors names the fields.",
	429: "The server is busy. Send it again after Retry-After.", 500: "A fault of the server. Its log has more.", 501: "This server does not do that.",
	503: "The server stops, its disk is nearly full, or there was no answer in time. Send it again after Retry-After, with the same id.",
}

func (d *describer) responses(r *route) object {
	byStatus := map[int]object{}
	for _, a := range r.about.gives {
		o := byStatus[a.status]
		if o == nil {
			o = object{{"description", sentence(a.does)}, {"content", object{}}}
		}
		o[1].value = append(o[1].value.(object), field{a.media, d.answered(&a)})
		byStatus[a.status] = o
	}
	fails := append(slices.Clone(always), r.about.fails...)
	for i, c := range r.about.takes {
		if i == 0 {
			fails = append(fails, http.StatusUnsupportedMediaType)
		}
		if !c.line { // what is wrong with a line is told of the line
			fails = append(fails, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge)
		}
	}
	if reads := len(r.about.gives[0].types) > 0 && r.about.id != "followLive" && r.about.id != "showDocument"; reads && (len(r.about.takes) == 0 || !r.about.takes[0].line) {
		fails = append(fails, http.StatusInternalServerError)
	}
	for _, status := range fails {
		if meaning[status] == "" {
			d.t.Errorf("%s: nobody says what %d means", r.pattern, status)
		}
		byStatus[status] = object{{"description", meaning[status]},
			{"content", object{{"application/problem+json", object{{"schema", object{{"$ref", "#/components/schemas/Problem"}}}}}}}}
	}
	var statuses []int
	for status := range byStatus {
		statuses = append(statuses, status)
	}
	slices.Sort(statuses)
	var all object
	for _, status := range statuses {
		all = append(all, field{strconv.Itoa(status), byStatus[status]})
	}
	return all
}

func (d *describer) answered(a *answer) object {
	switch {
	case a.types == nil:
		return object{{"schema", object{{"type", "string"}}}}
	case a.media == mediaLines:
		return object{{"schema", object{{"type", "string"}, {"x-line", d.oneOf(a.types)}}}}
	}
	return object{{"schema", d.oneOf(a.types)}}
}

// schemaOf is the schema of a type's JSON.
func (d *describer) schemaOf(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[instant.Instant]() || t == reflect.TypeFor[time.Time]():
		return object{{"type", "string"}, {"format", "date-time"}}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[diag.Severity]():
		return object{{"type", "string"}, {"enum", []string{"error", "warning"}}}
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		return object{{"type", "object"}}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return object{{"type", "string"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schemaOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{{"type", "string"}, {"contentEncoding", "base64"}}
		}
		return object{{"type", "array"}, {"items", d.schemaOf(t.Elem())}}
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", d.schemaOf(t.Elem())}}
	case reflect.String:
		if words := d.comments.words[nameOf(t)]; len(words) > 0 {
			return object{{"type", "string"}, {"enum", words}}
		}
		return object{{"type", "string"}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Float64:
		return object{{"type", "number"}}
	case reflect.Uint, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return object{{"type", "integer"}, {"minimum", 0}}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return object{{"type", "integer"}}
	case reflect.Struct:
		return object{{"$ref", "#/components/schemas/" + d.component(t)}}
	}
	d.t.Fatalf("there is no schema of %s", t)
	return nil
}

// open are the types whose JSON may have more fields than theirs.
var open = []reflect.Type{reflect.TypeFor[profileFields](), reflect.TypeFor[profileLine](), reflect.TypeFor[profileShown](), reflect.TypeFor[cloudEvent]()}

// component is the name of a struct's schema.
func (d *describer) component(t reflect.Type) string {
	if name := d.names[t]; name != "" {
		return name
	}
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if _, taken := d.schemas[name]; taken {
		from := filepath.Base(t.PkgPath())
		name = strings.ToUpper(from[:1]) + from[1:] + name
		if _, taken := d.schemas[name]; taken {
			panic("two types would be called " + name + " in the document")
		}
	}
	d.names[t], d.schemas[name] = name, nil
	properties, required := d.properties(t, true)
	o := object{{"type", "object"}}
	if about := d.comments.types[nameOf(t)]; about != "" {
		o = append(o, field{"description", about})
	}
	o = append(o, field{"properties", properties})
	if len(required) > 0 {
		o = append(o, field{"required", required})
	}
	d.schemas[name] = append(o, field{"additionalProperties", slices.Contains(open, t)})
	return name
}

func (d *describer) properties(t reflect.Type, sure bool) (properties object, required []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			within := f.Type
			if within.Kind() == reflect.Pointer {
				within, sure = within.Elem(), false
			}
			more, must := d.properties(within, sure)
			properties, required = append(properties, more...), append(required, must...)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		schema := slices.Clone(d.schemaOf(f.Type))
		if kind := f.Tag.Get("openapi"); kind != "" {
			schema = object{{"type", []string{kind, "null"}}}
		}
		if about := d.comments.fields[nameOf(t)+"."+f.Name]; about != "" {
			schema = noted(schema, about)
		}
		properties = append(properties, field{name, schema})
		if sure && !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return properties, required
}

func nameOf(t reflect.Type) string { return strings.TrimPrefix(t.PkgPath(), "nudge/") + "." + t.Name() }

// sentence is a text that begins with a capital letter and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.TrimSuffix(text, ".")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// comments are those of the types of packages, and of their fields, and the words of closed lists.
type comments struct {
	types, fields map[string]string
	words         map[string][]string
}

func (c *comments) read(t *testing.T, dir string) {
	files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && !strings.HasSuffix(name, "_test.go") {
				c.declared(dir, g)
			}
		}
	}
}

func (c *comments) declared(dir string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			name := dir + "." + s.Name.Name
			c.types[name] = plainComment(s.Name.Name, cmp.Or(s.Doc.Text(), g.Doc.Text()))
			if of, ok := s.Type.(*ast.StructType); ok {
				for _, f := range of.Fields.List {
					for _, n := range f.Names {
						c.fields[name+"."+n.Name] = plainComment(n.Name, cmp.Or(f.Comment.Text(), f.Doc.Text()))
					}
				}
			}
		case *ast.ValueSpec:
			if of, ok := s.Type.(*ast.Ident); ok && g.Tok == token.CONST {
				for _, v := range s.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						word, _ := strconv.Unquote(lit.Value)
						c.words[dir+"."+of.Name] = append(c.words[dir+"."+of.Name], word)
					}
				}
			}
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// plainComment is a type's comment without its name in Go: "Run is a run as the API shows it" is "A run
// as the API shows it".
func plainComment(name, text string) string {
	text = oneLine(text)
	for _, verb := range []string{" is ", " are "} {
		if rest, ok := strings.CutPrefix(text, name+verb); ok {
			return sentence(rest)
		}
	}
	return sentence(strings.TrimPrefix(text, name+" "))
}
