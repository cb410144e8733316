package console_test

import (
	"strings"
	"testing"
)

// TestSource: a version of a flow is shown as it was written, with its lines, and a step of the map leads to its own.
func TestSource(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("read")
	flow, err := w.api.Flow(t.Context(), "order", "")
	must(t, err)
	v.get("/console/flows/order").has(200, `<a href="/console/flows/order/source">Source</a>`)
	page := v.get("/console/flows/order/source").has(200, flow.Version, `<li id="L1">flow: order</li>`, `<li id="L6">  - id: shipped</li>`, `<li id="L1-1">`, "project: shop", `aria-current="page">Source<`)
	if strings.Index(page.body, "flow: order<") > strings.Index(page.body, "project: shop") {
		t.Error("the file of the flow is not the first one")
	}
	v.get("/console/flows/order?step=shipped").has(200, `<a href="/console/flows/order/source?version=`+flow.Version+`#L6">line 6 of flows/order.yaml</a>`)
	v.get("/console/flows/order/versions").has(200, `<a href="/console/flows/order/source?version=`+flow.Version+`">Source</a>`)
	v.get("/console/flows/order/source?version=none").has(404)

	file := v.get("/console/flows/order/source/file?version=" + flow.Version + "&name=flows/order.yaml").has(200)
	if file.body != shop["flows/order.yaml"] || file.header.Get("Content-Disposition") != `attachment; filename="order.yaml"` || file.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the file is %v\n%s", file.header, file.body)
	}
	v.get("/console/flows/order/source/file?name=../../etc/passwd%22").has(404)
}
