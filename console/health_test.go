package console_test

import (
	"net/url"
	"regexp"
	"testing"

	"nudge/client"
)

// formToken is the token of a form on a page that posts to a path.
func (p *shown) formToken(path string) string {
	p.t.Helper()
	m := regexp.MustCompile(`(?s)action="` + regexp.QuoteMeta(path) + `"[^>]*>\s*<input type="hidden" name="form" value="([^"]+)"`).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("no form posts to %s:\n%.6000s", path, p.body)
	}
	return m[1]
}

// TestKillSwitch: one click stops everything, and turning on again says how many messages go out.
func TestKillSwitch(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("operate")
	page := v.get("/console/health").has(200, "Sending is on", "Nothing stops them.", "Hold messages")
	if p := v.post("/console/health/kill", url.Values{"form": {page.formToken("/console/health/kill")}}); p.status != 303 || p.location != "/console/health" {
		t.Fatalf("the kill switch was answered with %d %s", p.status, p.location)
	}
	page = v.get("/console/health").has(200, "Everything is stopped", "Turn on again", `class="killed"`)
	undo := page.formToken("/console/health/on")
	w.ship("7", "ann")
	eventually(t, "the message waits", func() bool {
		h, err := w.api.Health(t.Context())
		must(t, err)
		return h.Accounts[0].Waiting == 1
	})
	v.get("/console/health").has(200, "1 message waits", "and 1 message waits.")
	v.post("/console/health/on", url.Values{"form": {undo}, "expect": {"0"}}).has(409, "There are 1 by now, not 0, so nothing was done.", "Send 1 message")
	question := v.get("/console/health/on").has(200, "1 message goes out", "Send 1 message").form()
	if p := v.post("/console/health/on", question); p.status != 303 {
		t.Fatalf("turning on was answered with %d: %s", p.status, p.body)
	}
	eventually(t, "the message goes out", func() bool {
		h, err := w.api.Health(t.Context())
		must(t, err)
		return !h.Outbound.Killed && h.Accounts[0].Waiting == 0
	})
}

// TestHold: holding asks, is undone, and leaves a mode that lets some people through to the person who has set it.
func TestHold(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("operate")
	v.post("/console/health/hold", v.get("/console/health/hold").has(200, "Hold all messages?").form())
	v.get("/console/health").has(200, "Sending is held", "Send again", "Send to everybody")
	v.post("/console/health/live", v.get("/console/health/live").has(200, "0 messages go out").form())
	v.get("/console/health").has(200, "Sending is on")
	must(t, w.api.SetOutbound(t.Context(), client.Outbound{Mode: "only", Only: []string{"ann"}}))
	v.get("/console/health").has(200, "1 person gets messages. What is for others is not sent.").hasNot("Hold messages")
	v.get("/console/health/live").has(200, "not only 1 person")
	v.get("/console/health/on").has(200, "The mode is only: 1 person gets messages")
}

// TestHealthRoles: who may only read changes nothing, and sees no button.
func TestHealthRoles(t *testing.T) {
	w := start(t, shop, tokens()...)
	v := w.visitor("read")
	v.get("/console/health").has(200, "Engine", "Store").hasNot("Stop everything", "Hold messages")
	for _, path := range []string{"on", "hold", "live"} {
		v.get("/console/health/"+path).has(403, "operate")
	}
	v.post("/console/health/kill", nil).has(403)
	h, err := w.api.Health(t.Context())
	must(t, err)
	if h.Outbound.Killed {
		t.Error("the kill switch is on")
	}
}
