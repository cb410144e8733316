package templates

import (
	"errors"
	"testing"
)

// TestDataStaysData shows that a value is written once and never read again as anything else: not
// as a template of ours, a variable of the settings, an expression or HTML. A field of the
// provider's is not sent at all.
func TestDataStaysData(t *testing.T) {
	tmpl, list := compiled(t, "body: 'Hello {{ data.id }}'\n")
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	for text, sent := range map[string]bool{
		"${HOME}": true, "$(id)": true, "= data.total": true, "{% raw %}": true, "<script>alert(1)</script>": true, "%s %n": true,
		"{ {profile.email}}": true, "\u200b": true,
		"{{profile.email}}": false, "{{ data.total }}": false, "{{": false, "a{{printf \"%1000d\" 1}}": false,
	} {
		values := testValues()
		values["data"].(map[string]any)["id"] = text
		m, err := tmpl.Render("ann", values)
		switch {
		case !sent && !errors.Is(err, ErrMergeField):
			t.Errorf("%q: got %q, %v; want ErrMergeField", text, m.Body, err)
		case sent && (err != nil || m.Body != "Hello "+text):
			t.Errorf("%q: got %q, %v", text, m.Body, err)
		}
	}
}
