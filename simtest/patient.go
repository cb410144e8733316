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
