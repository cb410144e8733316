package simtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// page is one flow being written.
type page struct {
	strings.Builder
	dice   *rand.Rand
	rarer  *rand.Rand // of the rarer words; nil for none
	talks  *rand.Rand // of what replies have beside a text; nil for none
	broken *rand.Rand // of what cannot be computed; nil for none
	waits  *rand.Rand // of longer waits; nil for none
	times  *rand.Rand // of times and dates in expressions; nil for none
	hours  *rand.Rand // of open hours; nil for none
	crowds *rand.Rand // of whom events name; nil for none
	dos    *rand.Rand // of what is done while a wait goes on; nil for none
	keyed  bool
	ids    int
	goals  []string // steps that are in no loop
	loops  int      // that the step being written is in
	named  []step   // that what is being written can name
}

func (p *page) write(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *page) id(verb string) string {
	p.ids++
	id := fmt.Sprintf("%s_%d", verb, p.ids)
	if p.loops == 0 {
		p.goals = append(p.goals, id)
	}
	return id
}

func (p *page) key() string {
	if p.keyed && p.dice.IntN(2) == 0 {
		return ", key: event.id" + p.byWhom("event.id", ", ", "")
	}
	if p.keyed {
		return ", key: any"
	}
	return ""
}

func (p *page) head(name string) {
	p.write("flow: %s\n", name)
	key := ""
	if p.keyed {
		key = ", key: event.id"
	}
	p.write("trigger: { event: order%s%s }\n", key, p.brokenTrigger(pick(p.dice, "", ", if: event.total > 12", ", if: \"profile.plan == \\\"pro\\\" or event.total > 5\"", ", to: event.id", `, to: '[event.id, "ann"]'`)))
	p.write("entry: { if_running: %s%s }\n", pick(p.dice, "skip", "restart", "queue", "parallel"), pick(p.dice, "", "", ", at_most: 5", ", at_most: 3 per 1d", ", at_most: 2 per 5h"))
	p.write("exit:\n")
	for range 1 + p.dice.IntN(3) {
		p.write("  - %s\n", pick(p.dice,
			"{ event: back"+p.key()+", as: back, goal: true }",
			"{ event: gone"+p.key()+", if: event.total > 20 }",
			"{ after: 4d, as: too_late }",
			"{ if: \"profile.plan == \\\"pro\\\"\", as: pro }",
			"{ if: \"vars.n > 60\", as: many }",
			"{ reply: any, if: reply.keyword == \"stop\", as: stopped }",
			"{ read: any, if: data.total > 35, as: seen }",
			"{ at: 6h after run.started, if: data.total < 5 }"))
	}
	p.partingExit()
	p.hourlyExit()
	p.brokenExit()
	p.talkExit()
	p.rareHead()
	p.talkThread()
}

// migrations says at times what becomes of those who are parked on older editions, whose
// steps have much the same names.
func (p *page) migrations() {
	if p.dice.IntN(2) == 0 {
		return
	}
	p.write("migrate:\n")
	for range 1 + p.dice.IntN(3) {
		from := fmt.Sprintf("%s_%d", pick(p.dice, "wait", "wait", "collect", "repeat", "start"), 1+p.dice.IntN(p.ids+2))
		p.write("  - { from: %s, %s }\n", pick(p.dice, from, from, "any"), pick(p.dice, "to: same", "to: same", "to: "+pick(p.dice, p.goals...), "exit: outdated"))
	}
}

func (p *page) steps(indent string, depth int, sends []string) []string {
	named := p.named
	for range 1 + p.dice.IntN(3) {
		sends = p.step(indent, depth, sends)
	}
	p.named = named
	return sends
}

// step is one that was written.
type step struct {
	id    string
	words []string // of its outcomes
	asks  bool     // a reply may end it
	shape string   // of the answer of a fetch that has one
}

// lines writes the lines of a wait, which must have an end, or of an until.
func (p *page) lines(indent string, depth int, sends []string, wait bool, of *step) {
	then := func() {
		if depth > 0 && p.dice.IntN(2) == 0 {
			p.write("%s  then:\n", indent)
			p.steps(indent+"      ", depth-1, sends)
		}
	}
	message := "any"
	if len(sends) > 0 && p.dice.IntN(2) == 0 {
		message = pick(p.dice, sends...)
	}
	if wait {
		p.meanwhile(indent, sends)
	}
	for range 1 + p.dice.IntN(3) {
		signal := p.dice.IntN(len(signals))
		switch signal {
		case 0:
			p.write("%s- read: %s\n", indent, message)
		case 1:
			p.write("%s- delivered: %s\n", indent, message)
		case 2:
			p.write("%s- failed: %s\n", indent, message)
		case 3, 4:
			p.replyLine(indent, message, pick(p.dice, "reply.number > 3", "reply.keyword == \"again\"", "reply.number in 0..10", "lower(reply.text) contains \"e\""))
		case 5:
			p.write("%s- event: %s\n", indent, pick(p.dice, "ping", "arrived"))
			if p.keyed {
				key := pick(p.dice, "any", "event.id")
				p.write("%s  key: %s\n%s", indent, key, p.byWhom(key, indent+"  ", "\n"))
			}
		case 6:
			p.write("%s- if: %s\n", indent, p.condition())
		}
		p.as(indent, signals[signal], of)
		then()
	}
	sure := p.hourlyLine(indent, of, then)
	if !wait {
		if p.rare(3) {
			p.write("%s- at: %s\n", indent, pick(p.rarer, "\"09:00\"", "5h after run.started"))
		}
		if p.dice.IntN(3) == 0 {
			p.write("%s- after: 1d\n", indent)
		}
		return
	}
	p.guarded(indent, of, then)
	end := p.hourlyEnd(pick(p.dice, "after: 3h", "after: 2d", "at: \"09:00\"", "at: \"01:30\"", "at: 1h after run.started", "after: 40m"))
	p.write("%s- %s\n", indent, end)
	unsure := p.dice.IntN(6) == 0
	if unsure {
		p.write("%s  if: %s\n", indent, p.condition())
	}
	p.as(indent, end, of)
	if !sure && mayRunOut(end, unsure) {
		of.words = append(of.words, "past")
	}
	then()
}

// signals are what a line begins with, by the number that is drawn.
var signals = [7]string{"read", "delivered", "failed", "reply", "reply", "event", "if"}

// gated is a send of which the gate has something to say.
func (p *page) gated() string {
	return "{ template: hello" + pick(p.dice, "", ", category: orders", ", category: news", ", category: news",
		", category: orders, window: [08:00-11:00, 14:00-20:00]", ", category: orders, window: mon-fri 10:00-12:00",
		", category: service, window: 02:00-02:45", ", category: service, window: [00:00-06:00, 11:00-15:00]") +
		pick(p.dice, "", "", ", max_delay: 9h", ", max_delay: 1d", ", max_delay: 40s", ", max_delay: 1h") +
		pick(p.dice, "", "", "", ", expires: 30m", ", expires: 1d") + pick(p.dice, "", "", ", on_unknown: resend") + " }"
}

func (p *page) condition() string {
	if p.breaks(6) {
		return p.brokenCondition()
	}
	if p.hourly(6) {
		return p.hourlyCondition()
	}
	if p.timed(4) {
		return p.timeCondition()
	}
	if p.rare(3) {
		return p.rareCondition()
	}
	return pick(p.dice, "data.total > 20", "data.total in 5..25", "profile.plan == \"pro\"", "vars.n > 30", p.round()+" > 1 or data.total < 10", "not (profile.rounds > 1)", "run.key == \"O1\"")
}

// round is the number of the round, where there is one.
func (p *page) round() string {
	if p.loops > 0 {
		return "round"
	}
	return "data.total"
}

func (p *page) inRound(text string) string {
	if p.loops > 0 {
		return text + " in round {{ round }}"
	}
	return text
}
