package flows_test

import (
	"fmt"
	"os"
	"testing/fstest"

	"nudge/flows"
	"nudge/lang/diag"
)

// Load a project and print its diagnostics.
func ExampleLoad() {
	project, list := flows.Load(fstest.MapFS{
		"flows/welcome.yaml": {Data: []byte(`flow: welcome
trigger: { event: user.signed_up }
data: { plan: trial | pro }
steps:
  - if: data.plan == "prol"
    send: { body: Welcome! }
`)},
	})
	diag.Render(os.Stdout, list, project.Source)
	fmt.Println("errors:", list.HasErrors())
	// Output:
	// flows/welcome.yaml:5:22: data.plan can never be "prol" [wrong-type]
	//  4 | steps:
	//  5 |   - if: data.plan == "prol"
	//    |                      ^^^^^^
	// hint: did you mean "pro"? It can be: pro | trial
	// errors: true
}
