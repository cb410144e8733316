package simtest

import "math/rand/v2"

// waitsKey is the least key with which the older seeds of the corpus do not know of it.
const waitsKey = 23042

// patient reports, one time in n, whether a word of longer waits is to be written.
func (p *page) patient(n int) bool { return p.waits != nil && p.waits.IntN(n) == 0 }

// guarded writes timers that may be passed over, above the end of a wait.
func (p *page) guarded(indent string, of *step, then func()) {
	for range 2 {
		if !p.patient(3) {
			continue
		}
		timer := pick(p.waits, "after: 40m", "after: 3h", "after: 90s", "at: 30m before (data.due ?? now)", "at: 1h after run.started", "at: \"09:00\"")
		p.write("%s- %s\n%s  if: %s\n", indent, timer, indent, pick(p.waits, "data.total > 18", "data.total in 5..25", `profile.plan == "pro"`, "run.key != \"O2\""))
		p.as(indent, timer, of)
		then()
	}
}

// mayRunOut reports whether every timer of a wait that is written with an end may be passed
// over.
func mayRunOut(end string, guarded bool) bool {
	return guarded || end == "at: 1h after run.started"
}

// waitsDice is the dice of those words for a seed; nil where it does not know them.
func waitsDice(seed uint64) *rand.Rand { return ownDice(seed, waitsKey) }

// countThenSend writes a message that the until of its loop may overtake in the very input
// that comes to it.
func (b *block) countThenSend() {
	b.line("      - id: %s", b.id("set"))
	b.line("        set: { n: \"= (vars.n ?? 0) + %s\" }", pick(b.waits, "20", "35", "50"))
	b.line("      - id: %s", b.id("send"))
	b.line("        send: hello")
}

// partingExit writes at times an exit that takes steps of its own.
func (p *page) partingExit() {
	if !p.patient(2) {
		return
	}
	p.write("  - %s\n", pick(p.waits, "{ event: back"+p.key()+", if: event.total > 8, as: bid_farewell, goal: true, then: [ "+partingSteps+" ] }",
		"{ after: 30h, as: ran_out, then: [ "+partingSteps+" ] }",
		"{ reply: any, conversation: any, if: reply.keyword == \"again\", as: answered, then: [ "+partingSteps+" ] }",
		"{ if: vars.n > 60, as: much, then: [ "+partingSteps+" ] }"))
}

// partingSteps are the steps of an exit: they may park the run, but they do not wait.
const partingSteps = `{ id: parting, send: { template: hello, category: news, max_delay: 9h } }, { id: asks_last, fetch: { url: "https://api.example/bye", timeout: 20s } }, ` +
	`{ id: parting_note, emit: { event: arrived, data: { id: = data.id } } }, { id: cut_short, if: data.total > 25, exit: cut_short }, { id: parting_2, send: hello }`
