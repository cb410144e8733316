package console_test

import (
	"strings"
	"testing"

	"nudge/client"
)

// TestBatches: many runs are counted first, then cancelled as a batch whose page accounts for all of them.
func TestBatches(t *testing.T) {
	v := startDev(t, played)
	v.get("/console/batches").has(200, "No batch yet.")
	for _, who := range []string{"ann", "bob", `<i>col</i>`} {
		_, err := v.api.DevScript(t.Context(), who, "never reads")
		must(t, err)
		_, err = v.api.SendEvent(t.Context(), client.Event{Type: "order.shipped", Data: mustJSON(t, map[string]string{"customer": who, "order_id": who})})
		must(t, err)
	}
	_, err := v.api.DevJump(t.Context(), "1m")
	must(t, err)
	v.get("/console/runs").hasNot("Cancel these")
	v.get("/console/runs?flow=order").has(200, `href="/console/batches/new?do=cancel&amp;flow=order"`, `href="/console/batches/new?do=retry&amp;flow=order"`)

	v.get("/console/batches/new?do=retry&flow=order").has(200, "Try these runs again?", "There is nothing to do: no run of these can be tried again.")
	asked := v.get("/console/batches/new?do=cancel&flow=order").has(200, "Cancel these runs?", "3 runs as of 26 Nov 10:0", " UTC, of one person each", "For example: ", "&lt;i&gt;col", "Cancel 3 runs", "cannot go on")
	asked.hasNot("<i>col")
	form := asked.form("reason", "they were a test")
	answer := v.post("/console/batches/new", form)
	if answer.status != 303 || !strings.HasPrefix(answer.location, "/console/batches/") {
		t.Fatalf("%d to %q: %s", answer.status, answer.location, answer.body)
	}
	if again := v.post("/console/batches/new", form); again.location != answer.location {
		t.Errorf("a double click led to %q and %q", answer.location, again.location)
	}
	eventually(t, "the batch is done", func() bool {
		return strings.Contains(v.get(answer.location).body, `<span class="tag good">done</span>`)
	})
	v.get(answer.location).has(200, "Cancel runs", "<b>3</b> all accounted for", "<b>3</b> done", "they were a test", `href="/console/runs?flow=order"`, "&#34;counted&#34;: 3").hasNot("/stop")
	v.get("/console/batches").has(200, "Cancel runs", "3 of 3")
	v.get("/console/runs?flow=order&status=live").has(200, "No run is like this.")
	v.get("/console/runs?reason=no+such+device").has(200, "No run is like this.").hasNot("Retry these")
	v.get("/console/runs?flow=order").has(200, `href="/console/batches/new?do=retry&amp;flow=order"`)
	v.get("/console/batches/new?do=retry&failed_because=no+such+device").has(200, `name="failed_because" value="no such device"`)
	v.get("/console/batches/new?do=sing&flow=order").has(400, "do must be retry or cancel")
	v.get("/console/batches/new?do=cancel").has(400, "at least one field")
	v.get("/console/batches/none").has(404)
}

// TestBatchesNeedOperate: who may only read sees no way to change many runs, and is refused.
func TestBatchesNeedOperate(t *testing.T) {
	v := start(t, shop, tokens()...).visitor("read")
	v.get("/console/runs?flow=order").has(200).hasNot("Cancel these", "Retry these")
	v.get("/console/batches/new?do=cancel&flow=order").has(403)
	v.post("/console/batches/new", nil).has(403)
	v.post("/console/batches/x/stop", nil).has(403)
}
