package flows

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzLoad holds that no flow makes loading panic, and that a flow which loads makes
// the same version of its bundle again.
func FuzzLoad(f *testing.F) {
	text, err := os.ReadFile("testdata/order_shipped/flows/order_shipped.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	cases, err := filepath.Glob("testdata/diagnostics/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name == "flows/f.yaml" {
				f.Add(string(part.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, list := Load(fstest.MapFS{
			"flows/f.yaml":         {Data: []byte(text)},
			"templates/hello.yaml": {Data: []byte(`body: "Order {{ data.order_id }}"`)},
		})
		if list.HasErrors() {
			return
		}
		for _, flow := range p.Flows {
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
