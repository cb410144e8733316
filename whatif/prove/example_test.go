package prove_test

import (
	"fmt"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

// ExampleProject proves a flow and prints the limits that no run of it can exceed.
func ExampleProject() {
	p, list := flows.Load(fstest.MapFS{
		"nudge.yaml":           {Data: []byte("timezone: UTC\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: order.shipped }
promises: { messages: 1 }
steps:
  - send: hello
  - wait:
      - read: hello
      - failed: hello
      - after: 1d
        then: [ { id: again, send: hello } ]
`)},
	})
	if list.HasErrors() {
		fmt.Println(list)
		return
	}
	report := prove.Project(p).Flows[0]
	fmt.Printf("%d to %d messages within %s\n", report.Fewest, report.Most, report.Life)
	for _, broken := range report.Broken {
		fmt.Printf("%s: %s\n", broken.What, broken.Found)
	}
	// Output:
	// 1 to 2 messages within 1d
	// messages: 1: a run can send 2
}
