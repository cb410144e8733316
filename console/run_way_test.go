package console_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"nudge/client"
)

// TestRunPage: what became of a message stands at the message in a word, deadlines are times of the person's clock, and the way
// through the flow has every step.
func TestRunPage(t *testing.T) {
	project := map[string]string{}
	for name, text := range played {
		project[name] = strings.Replace(text, "timezone: Europe/London", "timezone: America/New_York", 1)
	}
	v := startDev(t, project)
	_, err := v.api.DevScript(t.Context(), "bob", "never reads")
	must(t, err)
	_, err = v.api.SendEvent(t.Context(), client.Event{Type: "order.shipped", Data: mustJSON(t, map[string]string{"customer": "bob", "order_id": "2026-11-27T10:00:00Z"})})
	must(t, err)
	_, err = v.api.DevJump(t.Context(), "1h")
	must(t, err)
	page := "/console/runs/" + v.runOf("bob").ID
	v.get(page).has(200, "<b>Delivered</b> <time datetime=\"2026-11-26T10:00:01Z\" title=\"2026-11-26 10:00:01 UTC\">05:00:01</time>", "<span>Not read</span>", "<b>Accepted</b> after ",
		`wait_1 began, until <time datetime="2026-11-27T10:00:00Z" title="2026-11-27 10:00:00 UTC">Fri 27 Nov, 05:00:00</time>`,
		`<li class="cur">`, `<li class="skipd"><span class="st"></span><span>exit_1<span class="vh"> not taken</span>`, "nudge test --from-run 01", "Times in America/New_York.",
		"Your order 2026-11-27T10:00:00Z comes.").hasNot("<b>Sent</b>", "shipped delivered")
	v.get(page + "?clock=utc").has(200, "Fri 27 Nov, 10:00:00")

	_, err = v.api.DevReply(t.Context(), "bob", "help at 2026-11-27T10:00:00Z", "")
	must(t, err)
	_, err = v.api.DevJump(t.Context(), "1h")
	must(t, err)
	v.get(page).has(200, "ends: handed_over", `<div class="bubble them">`, "help at 2026-11-27T10:00:00Z").hasNot(`class="cur"`)
}

// TestInboxParts: what changes is sent without the forms, so that nothing is taken from those who write.
func TestInboxParts(t *testing.T) {
	v := startDev(t, played)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+"/console/inbox?people=ann,bob", http.NoBody)
	must(t, err)
	r.Header.Set("X-Console-Parts", "yes")
	var parts map[string]string
	must(t, json.Unmarshal([]byte(v.do(r).body), &parts))
	for _, id := range []string{"inbox-clock", "inbox-heard", "phone-1", "phone-2", "owner-1", "owner-2"} {
		if !strings.Contains(parts[id], `id="`+id+`"`) || strings.Contains(parts[id], "<form") {
			t.Errorf("the part %s is %q", id, parts[id])
		}
	}
	if len(parts) != 6 {
		t.Errorf("%d parts change", len(parts))
	}
}
