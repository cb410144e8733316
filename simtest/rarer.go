package simtest

import (
	"fmt"
	"strings"
)

// rare reports, one time in n, whether a rarer word of the language is to be written.
func (p *page) rare(n int) bool { return p.rarer != nil && p.rarer.IntN(n) == 0 }

// rareHead writes what a flow may also say before its steps. It follows the exits.
func (p *page) rareHead() {
	if p.rare(3) {
		p.write("  - %s\n", pick(p.rarer, "{ delivered: any, if: data.total > 36, as: arrived }", "{ failed: any, if: data.total > 34, as: undeliverable }"))
	}
	if p.rare(3) {
		p.write("about: \"It is made up\"\npromises: { messages: 200, ends: 400d }\n")
	}
	if p.rare(3) {
		p.write("from: { id: shop, name: Shop, avatar: \"https://shop.example/logo.png\" }\n")
	}
}

// as gives a line's outcome a word of its own, or leaves it that of its signal.
func (p *page) as(indent, line string, of *step) {
	word, _, _ := strings.Cut(line, ":")
	of.asks = of.asks || word == "reply"
	if p.rare(4) {
		word = pick(p.rarer, "odd", "even")
		p.write("%s  as: %s\n", indent, word)
	}
	of.words = append(of.words, word)
}

// rareConditions are over what every run has. They call each function and operator that
// the language has.
var rareConditions = []string{
	`data.id startsWith "O" and data.total >= 20`, `data.id endsWith "3" or data.total <= 4`, `data.id matches "^O[0-2]$"`,
	`int(data.total) % 3 == 1`, `(data.total > 20 ? data.total : 2) ^ 2 > 500`, `-data.total < -25`, `data.total * 3 - 10 > data.total + 30`,
	`upper("o1") == data.id`, `trim(" " + data.id + " ") == "O2"`, `len(split(data.id, "O")) == 2 and data.total != 7`, `lower(data.id) in ["o1", "o3"]`,
	`abs(data.total - 20) < 6`, `ceil(data.total / 3) > floor(data.total / 3)`, `round(data.total / 8) in [1, 2, 3]`,
	`min(data.total, 9) == 9`, `max(1, data.total, 12) > 12`, `int("7") + data.total > 30`, `float(data.total) > 11.5`, `string(data.total) contains "2"`,
	`first([data.total, 1]) > 15`, `last([1, data.total]) < 15`, `all([30, data.total], # > 15)`, `any([5, data.total], # > 25)`,
	`none([5, data.total], # > 25)`, `one([30, data.total], # > 25)`, `count([10, 20, data.total], # > 15) > 1`, `(find([data.total, 20], # > 10) ?? 0) > 20`,
	`len(filter([data.total, 10, 30], # > 20)) == 1`, `now > (data.due ?? now)`, `run.started < now`, `run.started_by == "order"`,
	`profile.timezone == "Europe/London"`, `(profile.name ?? "") == "N"`, `not (data.total in [1, 2, 3, 4, 5])`, `data.total > 10 && !(data.total > 20) || data.id == "O4"`,
}

// rareCondition is a condition in quotes, over what the run has or over a step that it can
// name.
func (p *page) rareCondition() string {
	if len(p.named) > 0 && p.rarer.IntN(2) == 0 {
		s := pick(p.rarer, p.named...)
		verb, _, _ := strings.Cut(s.id, "_")
		switch of := conditionsOn[verb]; {
		case s.asks && p.rarer.IntN(3) == 0:
			return fmt.Sprintf(`'%s.reply.`+pick(p.rarer, `number > 3'`, `keyword != "stop"'`), s.id)
		case len(s.words) > 0 && p.rarer.IntN(2) == 0:
			return fmt.Sprintf(`'%s.outcome == "%s"'`, s.id, pick(p.rarer, s.words...))
		case s.shape != "":
			return "'" + p.shapedCondition(s) + "'"
		case of != nil:
			return fmt.Sprintf("'"+pick(p.rarer, of...)+"'", s.id)
		}
	}
	return "'" + pick(p.rarer, rareConditions...) + "'"
}

// conditionsOn are those on a step, by its verb.
var conditionsOn = map[string][]string{
	"collect": {`%s.count > 1`, `any(%s.items, (.total ?? 0) > 10)`},
	"send":    {`%s.accepted`, `(%s.conversation ?? "none") startsWith "new "`, `not %s.accepted`, `%s.read`, `%s.status == "delivered"`, `%s.sent and not (data.total > 30)`, `%s.failed or data.total > 20`},
	"fetch":   {`%s.status == 200`, `int(%s.json.visits ?? 0) > 400`, `int(%s.json.visits) < 500`, `(%s.json.orders ?? 9) == 9`},
}

// rareArm gives an arm of a branch a name of its own, or leaves it that of its place.
func (b *block) rareArm(n int) string {
	if !b.rare(3) {
		return fmt.Sprintf("arm_%d", n)
	}
	name := fmt.Sprintf("way_%d", n)
	b.line("      as: %s", name)
	return name
}

// rareSend is a send with more than a body, or the one that is there.
func (b *block) rareSend(send string) string {
	if !b.rare(4) {
		return send
	}
	return pick(b.rarer, "rich", "parted", "kept", `{ body: "Dear {{ profile.name | default \"you\" }}" }`, "{ template: rich, category: news }",
		`{ body: "{{ data.id }}", title: "Order {{ data.id }}", alert: { title: New }, metadata: { total: "{{ data.total }}" } }`,
		`{ parts: [ { type: text/plain, data: "{{ data.id }}" } ], conversation: "order {{ data.id }}", on_unknown: continue }`)
}

// rareSet is a set of values of other kinds, or the one that is there.
func (b *block) rareSet(set string) string {
	if b.breaks(6) {
		return `{ n: "= data.total > 24 ? int(data.id) : 8" }`
	}
	if b.timed(3) {
		return pick(b.times, timeSets...)
	}
	if !b.rare(3) {
		return set
	}
	return pick(b.rarer, `{ word: = upper(data.id), size: = len(data.id) }`, `{ profile.name: "{{later}}" }`, `{ profile.name: "{{later}}" }`, `{ profile.name: N }`,
		`{ flag: true, ratio: 3.5, n: "= len(map([1, data.total], # + 1)) * 40" }`)
}

// rareStart starts the flow of somebody else, with a key. It reports whether it did.
func (b *block) rareStart() bool {
	if !b.rare(2) {
		return false
	}
	to := pick(b.rarer, `'"bob"'`, `'"cid"'`, "data.id", `'profile.plan == "pro" ? "ann" : "bob"'`)
	if b.breaks(4) {
		to = `'data.total > 24 ? "" : "bob"'`
	}
	wait := pick(b.rarer, "", ", wait: true")
	b.line("  start: { flow: desk, to: %s, key: %s%s%s }", to, pick(b.rarer, "data.id", `'"O1"'`, "int(data.total) % 3"),
		pick(b.rarer, "", ", data: { why: = data.id }"), wait)
	if wait != "" {
		b.step.words = []string{"settled", "completed", "skipped"}
	}
	return true
}

// rareFetch asks with a method, headers and a body, and does something where that fails.
func (b *block) rareFetch() {
	b.line("  fetch:")
	b.line("    url: https://api.example/orders")
	b.line("    timeout: 20s")
	switch b.rarer.IntN(3) {
	case 0:
		b.line("    method: PUT")
		b.line("    json: { id: \"{{ data.id }}\", total: 3 }")
	case 1:
		b.line("    form: { id: \"{{ data.id }}\" }")
	default:
		b.line("    headers: { X-Order: \"{{ data.id }}\" }")
	}
	if b.depth > 0 && b.rarer.IntN(3) > 0 {
		b.line("    on_error:")
		b.inner("      ")
	}
}

// rareEvents are several types of items, and at times what takes them back.
func (b *block) rareEvents(event string) string {
	if !b.rare(2) {
		return event
	}
	more := "unique: " + pick(b.rarer, "event.id", "event.total ?? 0", "event.total")
	if b.rarer.IntN(3) > 0 {
		more += "\n" + b.indent + "    remove: " + pick(b.rarer, "gone", "[gone, back]")
	}
	return pick(b.rarer, event, "["+event+", "+map[string]string{"ping": "arrived", "order": "ping", "arrived": "order"}[event]+"]") +
		"\n" + b.indent + "    " + more
}

// rareCount is a line that closes a collect by what it has.
func (b *block) rareCount() {
	if b.rare(3) {
		b.line("      - { if: '%s', as: counted }", fmt.Sprintf(pick(b.rarer, "%s.count == 0", "%s.count == 0", "%s.count > 2", "any(%s.items, (.total ?? 0) > 30)"), b.step.id))
		b.step.words = append(b.step.words, "counted")
	}
}

// rareItems says which events a collect takes.
func (b *block) rareItems(event string) {
	if b.rare(3) {
		b.line("    if: %s", pick(b.rarer, `(event.id ?? "") != "O1"`, `event.total > 10`))
	}
}

// rareEnds are other lines that end a collect.
func (b *block) rareEnds() {
	for range 2 {
		if !b.rare(3) {
			continue
		}
		end := pick(b.rarer, "reply: any", "read: any", "delivered: any", "failed: any", "at: 4h after run.started", "at: \"09:00\"")
		b.line("      - %s", end)
		if b.talks != nil && end == "reply: any" && b.talks.IntN(2) == 0 {
			b.line("        conversation: any")
		}
		b.as(b.indent+"      ", end, &b.step)
		if b.depth > 0 && b.rarer.IntN(2) == 0 {
			b.line("        then:")
			b.inner("          ")
		}
	}
}

// rareReport gives the campaigns other audiences, and an edition to which those who began
// without a total cannot be taken.
func (a *author) rareReport(flow string) string {
	if a.rarer == nil {
		return flow
	}
	service := pick(a.rarer, "{ fetch: { url: \"https://people.example/list\" } }",
		"{ fetch: { url: \"https://people.example/cursor\", headers: { X-Key: \"7\" }, items: data.people, cursor: meta.next, parameter: page }, profile: customer }")
	bad := pick(a.rarer, "", "", ", on_bad_row: skip", ", on_bad_row: stop")
	flow = strings.Replace(flow, `audience: { if: profile.plan == "pro" }`, "audience: "+pick(a.rarer, `{ if: profile.plan == "pro" }`, service, service+bad), 1)
	if a.broken != nil {
		flow = strings.Replace(flow, "(data.total ?? 0) > 3", "(data.total ?? 0) > 3 and not (int(profile.plan) > 3)", 1)
	}
	flow = strings.Replace(flow, "audience: people.csv", "audience: "+pick(a.rarer, "people.csv", "people.jsonl", "{ file: people.csv, profile: profile }", service)+bad, 1)
	if a.rarer.IntN(2) == 0 {
		flow = strings.Replace(flow, `, if: "(data.total ?? 0) > 3"`, "", 1)
	}
	if flow += "migrate: { from: any, to: same }\n"; a.rarer.IntN(2) == 0 {
		flow = strings.Replace(flow, "total: optional number", "total: number", 1)
	}
	return flow
}
