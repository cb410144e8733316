package flows

import (
	"os"
	"strings"
	"testing"

	"nudge/lang/diag"
)

// TestTenFlows holds that the ten flows by which the language was drawn load as they
// are written.
func TestTenFlows(t *testing.T) {
	p, list := Load(os.DirFS("testdata/ten"))
	var text strings.Builder
	if err := diag.Render(&text, list, p.Source); err != nil {
		t.Fatal(err)
	}
	if list.HasErrors() || len(p.Flows) != 12 {
		t.Errorf("%d flows:\n%s", len(p.Flows), text.String())
	}
	for _, d := range list {
		if d.Code != CodeNoFailedLine {
			t.Errorf("%v [%s]", d, d.Code)
		}
	}
	for _, f := range p.Flows {
		again, err := Compile(f.Bundle)
		if err != nil || again.Version != f.Version {
			t.Errorf("%s: version %s became %v, %v", f.Name, f.Version, again, err)
		}
	}
}
