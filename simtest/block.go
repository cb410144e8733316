package simtest

import "slices"

// step writes one step, and returns the sends that later ones can name.
func (p *page) step(indent string, depth int, sends []string) []string {
	kinds := []func(*block){(*block).set, (*block).emit, (*block).opt, (*block).start, (*block).fetch, (*block).leave,
		(*block).send, (*block).send, (*block).send, (*block).pause, (*block).pause,
		(*block).wait, (*block).wait, (*block).wait, (*block).branch, (*block).split, (*block).repeat, (*block).collect}
	if depth == 0 {
		kinds = kinds[:11]
	}
	b := &block{page: p, indent: indent, depth: depth, sends: sends}
	pick(p.dice, kinds...)(b)
	p.named = append(slices.Clip(p.named), b.step)
	return b.sends
}

// block is one step being written.
type block struct {
	*page
	indent string
	depth  int      // of steps that may be in it
	sends  []string // that it can name
	step   step
}

func (b *block) line(format string, args ...any) { b.write(b.indent+format+"\n", args...) }

// begin writes the head of a step.
func (b *block) begin(verb string) {
	b.step.id = b.id(verb)
	b.line("- id: %s", b.step.id)
	switch {
	case b.dice.IntN(8) == 0:
		b.line("  if: %s", b.condition())
	case b.loops > 0 && b.times != nil && b.times.IntN(5) == 0: // what it had is over in the next round
		b.line("  if: round %% 3 == 1")
	}
}

// inner writes steps inside of the step.
func (b *block) inner(indent string) { b.steps(b.indent+indent, b.depth-1, b.sends) }

func (b *block) send() {
	id := b.id("send")
	b.step.id = id
	b.line("- id: %s", id)
	if b.dice.IntN(3) == 0 {
		b.line("  if: %s", pick(b.dice, b.condition(), `profile.plan == "pro"`, `profile.plan != "pro"`))
	}
	b.line("  send: %s", b.talkSend(b.rareSend(pick(b.dice, "hello", b.gated(), b.gated(), b.gated(), "{ template: hello, on_unknown: resend }", "{ template: hello, on_unknown: fail }",
		"{ template: hello, on_unknown: continue }", "{ body: \""+b.inRound("{{ data.id }}")+"\" }", "{ template: hello, from: Customer Services }", "{ template: hello, account: second }"))))
	if b.dice.IntN(12) == 0 {
		id = b.id("send")
		b.line("- id: %s", id)
		b.line("  if: profile.name != nil")
		b.line("  send: fragile")
	}
	b.sends = append(slices.Clip(b.sends), id)
}

// pause waits for a time, and nothing else.
func (b *block) pause() {
	b.begin("wait")
	b.line("  wait: %s", b.hourlyPause(pick(b.dice, "20m", "1d", "90s", "1d2h", "{ at: \"09:00\" }", "{ at: \"02:30\" }", "{ at: mon-fri 01:30 }", "{ at: 2026-10-25 01:30 }",
		"{ at: 1d after run.started }", "{ at: 30m after now }", "{ at: \"2h before (data.due ?? now)\" }",
		"{ at: \"18:00 1d before (data.due ?? now)\" }", "{ at: 02:30 1d after run.started }", "{ at: 23:00 on run.started }", "{ at: first mon of month 09:00 }",
		"{ at: last mon-fri of month 16:00 }", `{ at: '(data.total > 20 ? "07:15" : "23:40")' }`, `{ at: '(profile.name ?? "09:30") on now' }`)))
}

func (b *block) set() {
	b.begin("set")
	b.line("  set: %s", b.rareSet(pick(b.dice, "{ n: = data.total * 2 }", "{ n: \"= (vars.n ?? 0) + 50\" }", "{ profile.rounds: = "+b.round()+", tier: gold }", "{ profile.plan: pro }", "{ half: = data.total / 4, again: = "+b.round()+" }")))
}

func (b *block) emit() {
	b.begin("emit")
	b.line("  emit: %s", pick(b.dice, "{ event: ping, data: { id: = data.id, total: = "+b.round()+" } }", "{ event: arrived, data: { id: = data.id } }", "{ event: looped, data: { items: 3 } }", "{ event: gone, data: { id: = data.id, total: 30 } }"))
}

func (b *block) opt() {
	b.begin("opt")
	b.line("  %s", pick(b.dice, "opt_out: all", "opt_in: all", "opt_out: orders", "opt_in: orders", "opt_out: news", "opt_in: news"))
}

func (b *block) start() {
	b.begin("start")
	if b.rareStart() {
		return
	}
	b.line("  start: { flow: %s%s }", pick(b.dice, "inner", "inner, data: { why: = data.id }", "stop"), pick(b.dice, "", ", wait: true"))
}

func (b *block) fetch() {
	b.begin("fetch")
	if b.rare(2) {
		b.rareFetch()
		return
	}
	b.line("  fetch: { url: \"https://api.example/{{ profile.id }}\", timeout: %s%s%s }", pick(b.dice, "1s", "20s"), pick(b.dice, "", ", retries: 2"), b.answerShape())
	b.tellAnswer()
}

// leave writes an exit where other steps may follow, and a pause elsewhere.
func (b *block) leave() {
	if b.depth == 3 || b.dice.IntN(3) > 0 {
		b.begin("wait")
		b.line("  wait: 3h")
		return
	}
	b.step.id = b.id("exit")
	b.line("- id: %s", b.step.id)
	b.line("  if: %s", b.condition())
	b.line("  exit: %s", pick(b.dice, "early", "{ as: well, goal: true }"))
}

func (b *block) wait() {
	b.begin("wait")
	b.line("  wait:")
	b.lines(b.indent+"    ", b.depth, b.sends, true, &b.step)
}

func (b *block) branch() {
	b.begin("branch")
	b.line("  branch:")
	for n := range 1 + b.dice.IntN(2) {
		b.line("    - if: %s", b.condition())
		b.step.words = append(b.step.words, b.rareArm(n+1))
		b.line("      then:")
		b.inner("        ")
	}
	if b.dice.IntN(2) == 0 {
		b.line("    - else:")
		b.inner("        ")
	}
}

func (b *block) split() {
	b.begin("split")
	b.step.words = []string{"side_0", "side_1"}
	b.line("  split:")
	for n := range 2 {
		b.line("    - as: side_%d", n)
		b.line("      weight: %d", n+1)
		b.line("      then:")
		b.inner("        ")
	}
}

func (b *block) repeat() {
	b.begin("repeat")
	b.line("  repeat:")
	times, every := 1+b.dice.IntN(3), ""
	if b.dice.IntN(4) > 0 {
		every = pick(b.dice, "5h", "1d", "30m", "09:30", "mon-fri 01:30", "last day of month 18:00")
	}
	counts, more := b.patient(3), b.dice.IntN(4) > 0
	if b.times != nil && b.times.IntN(4) == 0 {
		times, every, more = 0, pick(b.times, "30m", "20m", "1h", "09:30"), true
	}
	if times > 0 {
		b.line("    times: %d", times)
		b.step.words = []string{"completed"}
	}
	if every != "" {
		b.line("    every: %s", every)
	}
	if counts || more {
		b.line("    until:")
	}
	if counts {
		b.line("      - if: vars.n > 60")
		b.as(b.indent+"      ", "if", &b.step)
	}
	if more {
		b.lines(b.indent+"      ", b.depth, b.sends, false, &b.step)
	}
	b.line("    steps:")
	b.loops++
	if counts {
		b.countThenSend()
	}
	b.inner("      ")
	b.loops--
}

func (b *block) collect() {
	b.begin("collect")
	b.line("  collect:")
	event := pick(b.dice, "ping", "order", "arrived")
	b.line("    event: %s", b.rareEvents(event))
	if b.keyed {
		key := pick(b.dice, "any", "event.id")
		b.line("    key: %s%s", key, b.byWhom(key, "\n"+b.indent+"    ", ""))
	}
	if event == "order" && b.dice.IntN(2) == 0 {
		b.line("    include_trigger: true")
	}
	b.rareItems(event)
	b.line("    until:")
	b.rareCount()
	b.line("      - quiet: %s", pick(b.dice, "10m", "1h"))
	b.line("      - { after: %s%s }", pick(b.dice, "3h", "1d"), pick(b.dice, "", "", ", if: data.total > 20"))
	b.line("      - items: %d", 1+b.dice.IntN(4))
	if b.dice.IntN(2) == 0 {
		b.line("      - { event: gone%s }", b.key())
	}
	if b.patient(4) {
		b.line("      - { reply: any, conversation: any, if: reply.number > 3 }")
	}
	b.step.words = append(b.step.words, "quiet")
	b.rareEnds()
	b.hourlyLine(b.indent+"      ", &b.step, func() {})
}
