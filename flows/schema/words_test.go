package schema

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestEveryKeyIsExplained holds that an editor has something to say about every key,
// and that what it says is right: an example satisfies its own schema.
func TestEveryKeyIsExplained(t *testing.T) {
	for kind := range documents {
		var whole any
		if err := json.Unmarshal(documents[kind](), &whole); err != nil {
			t.Fatal(err)
		}
		w := &explained{t: t, kind: kind, compiler: compilerOf(t, kind)}
		w.walk("#", whole)
		if w.keys < 10 {
			t.Errorf("%s has %d keys", kind, w.keys)
		}
	}
}

type explained struct {
	t        *testing.T
	kind     string
	compiler *jsonschema.Compiler
	keys     int
}

func (w *explained) walk(at string, value any) {
	switch value := value.(type) {
	case map[string]any:
		if properties, ok := value["properties"].(map[string]any); ok {
			w.properties(at+"/properties", properties)
		}
		for name, inner := range value {
			if name != "examples" && name != "enum" {
				w.walk(at+"/"+escaped(name), inner)
			}
		}
	case []any:
		for i, inner := range value {
			w.walk(at+"/"+strconv.Itoa(i), inner)
		}
	}
}

func (w *explained) properties(at string, properties map[string]any) {
	for name, value := range properties {
		w.keys++
		p, at := value.(map[string]any), at+"/"+escaped(name)
		says, _ := p["markdownDescription"].(string)
		if p["title"] != name || !strings.HasSuffix(says, ".") || p["description"] == "" || strings.Contains(says, "…") {
			w.t.Errorf("%s %s: title %v, words %q", w.kind, at, p["title"], says)
		}
		if _, ref := p["$ref"]; ref {
			w.t.Errorf("%s %s: what stands beside a $ref is not read", w.kind, at)
		}
		w.examples(at, p)
	}
}

func (w *explained) examples(at string, p map[string]any) {
	examples, _ := p["examples"].([]any)
	if len(examples) == 0 && !strings.HasSuffix(at, "/trigger") {
		w.t.Errorf("%s %s has no example", w.kind, at)
		return
	}
	s, err := w.compiler.Compile(w.kind + ".json" + at)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, example := range examples {
		text, _ := json.Marshal(example)
		value, _ := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err := s.Validate(value); err != nil {
			w.t.Errorf("%s %s: the example %s does not fit: %v", w.kind, at, text, err)
		}
	}
}

// escaped is a name as a part of a JSON pointer.
func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
