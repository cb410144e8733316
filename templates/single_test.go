package templates

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/lang/node"
)

func TestSingles(t *testing.T) {
	var list diag.List
	m := node.Parse("f.yaml", []byte("url: 'https://x.example/{{ urlquery data.id }}'\njson: { n: '{{ data.n }}', text: 'n {{ data.n }}', list: [1, '{{ data.tags }}'] }\nbad: '{{ data.note }}'"), &list)
	use := testUse(t)
	use.Untyped = true
	url, value, bad := CompileText(m.Text("url"), use, &list), CompileValue(m.Get("json"), use, &list), CompileText(m.Text("bad"), use, &list)
	if len(list) > 0 {
		t.Fatal(list)
	}
	if got, err := url.Render(testValues()); got != "https://x.example/O1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	got, err := value.Render(testValues())
	want := map[string]any{"n": 3, "text": "n 3", "list": []any{1, []any{"a", "b"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("value (-want +got), %v:\n%s", err, diff)
	}
	if _, err := bad.Render(testValues()); err == nil || err.Error() != `f.yaml:3:10: the value is absent; give it a default: … | default "…"` {
		t.Errorf("got %v", err)
	}
	if CompileText(nil, use, &list) != nil || CompileValue(nil, use, &list) != nil {
		t.Error("something was made of nothing")
	}
}
