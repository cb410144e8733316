package simtest

import (
	"fmt"

	"nudge/engine"
)

// crowdsKey is the least key with which no golden seed knows of it.
const crowdsKey = 2004649265

// byWhom says at times whom an event must name that finds its run by a key.
func (p *page) byWhom(key, before, after string) string {
	if key != "event.id" || p.crowds == nil || p.crowds.IntN(2) == 0 {
		return ""
	}
	return before + "by: " + pick(p.crowds, "profile.id", "profile.id", `'"ann"'`, `'profile.plan == "pro" ? "bob" : profile.id'`, `'profile.name ?? "cid"'`, "profile.name") + after
}

// crowdFlow is for the audience of an event. Some of its exits leave the rows to come out, and
// others are kept for them.
const crowdFlow = `flow: crowd
trigger: { event: alarm, key: event.id, audience: %s%s%s%s }
data: { total: optional number }
entry: { if_running: %s%s }
exit:
%s  - { after: 2d, as: too_late }
steps:
  - send: hello
  - wait: [ { event: ping, key: event.id%s }, { reply: any }, { after: %s } ]
  - send: hello
`

// crowd writes the flow that is for the audience of an event.
func (a *author) crowd() string {
	audiences := []string{`{ if: profile.plan == "pro" }`, `{ if: '(event.level ?? 0) > 10 or profile.plan == "pro"' }`, `{ if: 'profile.id != event.id' }`,
		"people.csv", "people.jsonl", "people.csv, on_bad_row: stop"}
	if a.rarer != nil {
		audiences = append(audiences, "{ fetch: { url: \"https://people.example/list\" } }")
	}
	p := &page{dice: a.crowds, crowds: a.crowds}
	exits := ""
	for range 1 + a.crowds.IntN(2) {
		exits += "  - " + pick(a.crowds, "{ event: gone, key: event.id, as: gone }", "{ event: gone, key: event.id, as: gone, then: [ { send: hello } ] }",
			"{ event: back, key: event.id, by: profile.id, as: back }", "{ event: back, key: event.id, as: back }",
			"{ event: arrived, key: event.id, if: '(event.total ?? 0) > 15 and profile.plan == \"pro\"', as: arrived }") + "\n"
	}
	return fmt.Sprintf(crowdFlow, pick(a.crowds, audiences...), pick(a.crowds, "", ", rate: 10/m", ", rate: 20/h", ", rate: 6/h"), pick(a.crowds, "", ", max_delay: 20m", ", max_delay: 3h"),
		pick(a.crowds, "", `, if: '(event.level ?? 0) > 4'`, `, if: '(event.level ?? 0) > 4 or profile.plan == "pro"'`, `, if: '(data.total ?? 0) > 3'`),
		pick(a.crowds, "skip", "queue", "restart", "parallel"), pick(a.crowds, "", ", at_most: 2 per 5h"), exits, p.byWhom("event.id", ", ", ""), pick(a.crowds, "4h", "20m"))
}

// alarm is at times what a client has to say instead of an event.
func (w *world) alarm(ev *engine.Event) {
	crowds := w.authors.crowds
	if crowds == nil || crowds.IntN(8) > 0 {
		return
	}
	ev.Type, ev.Data = "alarm", jsonOf(map[string]any{"id": fmt.Sprint("O", crowds.IntN(5)), "level": crowds.IntN(20)})
	if crowds.IntN(3) == 0 {
		ev.Profile = ""
	}
}
