package examples_test

import (
	"io/fs"
	"strings"
	"testing"

	"nudge/examples"
	"nudge/flows"
	"nudge/flows/diag"
)

// An example teaches, so it has no errors, and no warnings but those that it means to
// show.
func TestExamplesAreClean(t *testing.T) {
	for _, example := range []struct {
		name  string
		files fs.FS
		meant []string // codes of warnings
	}{
		{"hello", examples.Hello(), nil},
		{"order_shipped", examples.OrderShipped(), []string{flows.CodeNoFailedLine}},
	} {
		t.Run(example.name, func(t *testing.T) {
			project, list := flows.Load(example.files)
			var got []string
			for _, d := range list {
				got = append(got, d.Code)
			}
			if strings.Join(got, " ") != strings.Join(example.meant, " ") {
				var text strings.Builder
				diag.Render(&text, list, project.Source)
				t.Errorf("diagnostics %v, want %v:\n%s", got, example.meant, &text)
			}
			if project.Flow(example.name) == nil {
				t.Errorf("there is no flow called like the example")
			}
		})
	}
}
