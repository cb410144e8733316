package sim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"nudge/flows"
)

// author writes projects: flows of every construct that the language has, with events,
// keys and people that get in each other's way.
type author struct {
	dice     *rand.Rand
	files    fstest.MapFS
	begin    time.Time
	zone     string // of the project
	editions int
}

const projectFile = `timezone: %s
categories:
  service: { always: true }
  orders: { %s }
  news: { %s }
profile: { plan: optional free | pro, name: optional string, rounds: optional number }
events:
  order: { id: string, total: number, due: optional time }
  back: { id: string, total: optional number }
  arrived: { id: string, total: optional number }
  ping: { id: string, total: optional number }
  gone: { id: string, total: number }
  looped: { items: optional number }
`

// innerFlow is called by others, and by events they emit.
const innerFlow = `flow: inner
trigger: [ { event: looped }, { event: ping, if: "profile.plan == \"pro\"" } ]
data: { why: optional string }
entry: { if_running: %s }
steps:
  - id: all_out
    %s: all
  - id: heard
    wait: [ { reply: any, then: [ { id: early, exit: short } ] }, { event: gone, key: any }, { after: %s } ]
  - id: told
    send: { template: hello, on_unknown: %s }
%s`

// stopFlow hears replies before anybody else, or after all others.
const stopFlow = `flow: stop
trigger: { reply: any, if: 'reply.keyword in ["stop", "no idea"]', before_waits: %s }
steps:
  - id: away
    opt_out: orders
  - id: stopped
    send: hello
  - id: noise
    emit: { event: ping, data: { id: O1 } }
`

// reportFlow is for many at once, by the clock of a place and by each person's own.
const reportFlow = `flow: report
trigger:
  - { %s, timezone: %s, max_delay: %s, audience: { if: profile.plan == "pro" }%s }
  - { cron: "%s", timezone: local, max_delay: %s, audience: people.csv, if: "(data.total ?? 0) > 3" }
data: { total: optional number }
entry: { if_running: %s%s }
exit: [ { event: gone, key: any, as: gone }, { if: "profile.rounds > 20", as: many } ]
category: %s
steps:
  - send: hello
  - wait: [ { read: any }, { reply: any }, { event: ping, key: any }, { after: %s } ]
  - if: (data.total ?? 0) > 8
    send: { template: hello, max_delay: 2h }
`

// edition writes the project, or changes a part of it.
func (a *author) edition() *flows.Project {
	files := maps.Clone(a.files)
	if files == nil {
		files = fstest.MapFS{}
		file := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
		a.zone = pick(a.dice, "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC")
		file("templates/hello.yaml", "body: \"Hello {{ profile.id }} of {{ run.key }}\"\n")
		file("templates/fragile.yaml", "body: \"Dear {{ profile.name }}\"\n")
	}
	if files["nudge.yaml"] == nil || a.dice.IntN(3) == 0 {
		files["nudge.yaml"] = &fstest.MapFile{Data: []byte(a.project())}
	}
	for _, name := range []string{"one", "two", "inner", "report", "stop"} {
		if files["flows/"+name+".yaml"] == nil || a.dice.IntN(3) == 0 {
			files["flows/"+name+".yaml"] = &fstest.MapFile{Data: []byte(a.flow(name))}
		}
	}
	project, list := flows.Load(files)
	if list.HasErrors() {
		panic(fmt.Sprintf("sim: the author wrote what does not load: %v", list))
	}
	a.files, a.editions = files, a.editions+1
	return project
}

// project writes the file of the project; an edition may have other hours and caps.
func (a *author) project() string {
	orders := pick(a.dice, "", "", "window: 07:00-22:00", "window: [00:00-01:30, 02:30-12:00, 13:00-24:00]", "at_most: 5 per 5h")
	news := pick(a.dice, "at_most: 2 per 5h", "at_most: 1 per 1d", "at_most: 3 per 1d6h, window: [mon-fri 09:00-17:30, \"sat,sun 01:30-12:00\"]",
		"window: [09:00-12:00, 14:00-18:00]", "window: 02:00-02:45", "")
	return fmt.Sprintf(projectFile, a.zone, orders, news)
}

func (a *author) flow(name string) string {
	switch name {
	case "inner":
		return fmt.Sprintf(innerFlow, pick(a.dice, "restart", "queue", "skip", "parallel"), pick(a.dice, "opt_out", "opt_in"),
			pick(a.dice, "5h", "30m", "1d"), pick(a.dice, "continue", "resend", "fail"),
			pick(a.dice, "", "migrate: { from: any, to: same }\n", "migrate: { from: heard, to: told }\n"))
	case "report":
		day := a.begin.Add(time.Duration(a.dice.IntN(30)) * time.Hour)
		return fmt.Sprintf(reportFlow, pick(a.dice, `cron: "30 */4 * * *"`, `cron: "20 * * * *"`, `cron: "30 1,13 * * *"`, `cron: "15 2 * * *"`, `cron: "0 9,21 * * 1-5"`,
			"at: "+day.Format("2006-01-02 15:04"), "at: "+day.Format("2006-01-02 ")+pick(a.dice, "02:30", "01:45")),
			pick(a.dice, "Europe/London", "America/New_York", "Australia/Lord_Howe", "local"), pick(a.dice, "10m", "2h", "1d"), pick(a.dice, "", ", rate: 10/m", ", rate: 20/h"),
			pick(a.dice, "0 9 * * *", "0 9,21 * * *", "30 2 * * *", "15 1,2,18 * * *"), pick(a.dice, "3h", "20m"),
			pick(a.dice, "skip", "queue", "restart", "parallel"), pick(a.dice, "", ", at_most: 2 per 5h"), pick(a.dice, "orders", "news", "service"), pick(a.dice, "4h", "20m"))
	case "stop":
		return fmt.Sprintf(stopFlow, pick(a.dice, "true", "false"))
	}
	p := &page{dice: a.dice, keyed: a.dice.IntN(4) > 0}
	p.head(name)
	p.write("%s", pick(a.dice, "", "category: orders\n", "category: news\n", "category: service\n"))
	p.write("steps:\n  - id: first\n    set: { n: = data.total }\n")
	p.steps("  ", 3, nil)
	p.migrations()
	return p.String()
}

// page is one flow being written.
type page struct {
	strings.Builder
	dice  *rand.Rand
	keyed bool
	ids   int
	goals []string // steps that are in no loop
	loops int      // that the step being written is in
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
		return ", key: event.id"
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
	p.write("trigger: { event: order%s%s }\n", key, pick(p.dice, "", ", if: event.total > 12", ", if: \"profile.plan == \\\"pro\\\" or event.total > 5\"", ", to: event.id", `, to: '[event.id, "ann"]'`))
	p.write("entry: { if_running: %s%s }\n", pick(p.dice, "skip", "restart", "queue", "parallel"), pick(p.dice, "", "", ", at_most: 5", ", at_most: 3 per 1d", ", at_most: 2 per 5h"))
	p.write("exit:\n")
	for range 1 + p.dice.IntN(3) {
		p.write("  - %s\n", pick(p.dice,
			"{ event: back"+p.key()+", as: back, goal: true }",
			"{ event: gone"+p.key()+", if: event.total > 20 }",
			"{ after: 4d, as: late }",
			"{ if: \"profile.plan == \\\"pro\\\"\", as: pro }",
			"{ if: \"vars.n > 60\", as: many }",
			"{ reply: any, if: reply.keyword == \"stop\", as: stopped }",
			"{ read: any, if: data.total > 35, as: seen }",
			"{ at: 6h after run.started, if: data.total < 5 }"))
	}
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
	for range 1 + p.dice.IntN(3) {
		sends = p.step(indent, depth, sends)
	}
	return sends
}

// step writes one step, and returns the sends that later ones can name.
func (p *page) step(indent string, depth int, sends []string) []string {
	line := func(format string, args ...any) { p.write(indent+format+"\n", args...) }
	begin := func(verb string) string {
		id := p.id(verb)
		line("- id: %s", id)
		if verb != "send" && p.dice.IntN(8) == 0 {
			line("  if: %s", p.condition())
		}
		return id
	}
	kind := p.dice.IntN(18)
	if depth == 0 {
		kind = p.dice.IntN(11)
	}
	switch kind {
	case 0, 1, 2:
		id := begin("send")
		if p.dice.IntN(3) == 0 {
			line("  if: %s", pick(p.dice, p.condition(), `profile.plan == "pro"`, `profile.plan != "pro"`))
		}
		line("  send: %s", pick(p.dice, "hello", p.gated(), p.gated(), p.gated(), "{ template: hello, on_unknown: resend }", "{ template: hello, on_unknown: fail }",
			"{ template: hello, on_unknown: continue }", "{ body: \""+p.inRound("{{ data.id }}")+"\" }", "{ template: hello, from: Customer Services }"))
		if p.dice.IntN(12) == 0 {
			id := begin("send")
			line("  send: fragile")
			return append(slices.Clip(sends), id)
		}
		return append(slices.Clip(sends), id)
	case 3, 4:
		begin("wait")
		line("  wait: %s", pick(p.dice, "20m", "1d", "90s", "1d2h", "{ at: \"09:00\" }", "{ at: \"02:30\" }", "{ at: mon-fri 01:30 }", "{ at: 2026-10-25 01:30 }",
			"{ at: 1d after run.started }", "{ at: 30m after now }", "{ at: \"2h before (data.due ?? now)\" }"))
	case 5:
		begin("set")
		line("  set: %s", pick(p.dice, "{ n: = data.total * 2 }", "{ n: \"= (vars.n ?? 0) + 50\" }", "{ profile.rounds: = "+p.round()+", tier: gold }", "{ profile.plan: pro }", "{ half: = data.total / 4, again: = "+p.round()+" }"))
	case 6:
		begin("emit")
		line("  emit: %s", pick(p.dice, "{ event: ping, data: { id: = data.id, total: = "+p.round()+" } }", "{ event: arrived, data: { id: = data.id } }", "{ event: looped, data: { items: 3 } }", "{ event: gone, data: { id: = data.id, total: 30 } }"))
	case 7:
		begin("opt")
		line("  %s", pick(p.dice, "opt_out: all", "opt_in: all", "opt_out: orders", "opt_in: orders", "opt_out: news", "opt_in: news"))
		return sends
	case 8:
		begin("start")
		line("  start: { flow: %s%s }", pick(p.dice, "inner", "inner, data: { why: = data.id }", "stop"), pick(p.dice, "", ", wait: true"))
	case 9:
		begin("fetch")
		line("  fetch: { url: \"https://api.example/{{ profile.id }}\", timeout: %s%s }", pick(p.dice, "1s", "20s"), pick(p.dice, "", ", retries: 2"))
	case 10:
		if depth < 3 && p.dice.IntN(3) == 0 {
			line("- id: %s", p.id("exit"))
			line("  if: %s", p.condition())
			line("  exit: %s", pick(p.dice, "early", "{ as: well, goal: true }"))
			return sends
		}
		begin("wait")
		line("  wait: 3h")
	case 11, 12, 13:
		begin("wait")
		line("  wait:")
		p.lines(indent+"    ", depth, sends, true)
	case 14:
		begin("branch")
		line("  branch:")
		for range 1 + p.dice.IntN(2) {
			line("    - if: %s", p.condition())
			line("      then:")
			p.steps(indent+"        ", depth-1, sends)
		}
		if p.dice.IntN(2) == 0 {
			line("    - else:")
			p.steps(indent+"        ", depth-1, sends)
		}
	case 15:
		begin("split")
		line("  split:")
		for n := range 2 {
			line("    - weight: %d", n+1)
			line("      then:")
			p.steps(indent+"        ", depth-1, sends)
		}
	case 16:
		begin("repeat")
		line("  repeat:")
		line("    times: %d", 1+p.dice.IntN(3))
		if p.dice.IntN(4) > 0 {
			line("    every: %s", pick(p.dice, "5h", "1d", "30m"))
		}
		if p.dice.IntN(4) > 0 {
			line("    until:")
			p.lines(indent+"      ", depth, sends, false)
		}
		line("    steps:")
		p.loops++
		p.steps(indent+"      ", depth-1, sends)
		p.loops--
	case 17:
		begin("collect")
		line("  collect:")
		event := pick(p.dice, "ping", "order", "arrived")
		line("    event: %s", event)
		if p.keyed {
			line("    key: %s", pick(p.dice, "any", "event.id"))
		}
		if event == "order" && p.dice.IntN(2) == 0 {
			line("    include_trigger: true")
		}
		line("    until:")
		line("      - quiet: %s", pick(p.dice, "10m", "1h"))
		line("      - { after: %s%s }", pick(p.dice, "3h", "1d"), pick(p.dice, "", "", ", if: data.total > 20"))
		line("      - items: %d", 1+p.dice.IntN(4))
		if p.dice.IntN(2) == 0 {
			line("      - { event: gone%s }", p.key())
		}
	}
	return sends
}

// lines writes the lines of a wait, which must have an end, or of an until.
func (p *page) lines(indent string, depth int, sends []string, wait bool) {
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
	for range 1 + p.dice.IntN(3) {
		switch p.dice.IntN(7) {
		case 0:
			p.write("%s- read: %s\n", indent, message)
		case 1:
			p.write("%s- delivered: %s\n", indent, message)
		case 2:
			p.write("%s- failed: %s\n", indent, message)
		case 3, 4:
			p.write("%s- reply: %s\n%s  if: %s\n", indent, message, indent, pick(p.dice, "reply.number > 3", "reply.keyword == \"again\"", "reply.number in 0..10", "lower(reply.text) contains \"e\""))
		case 5:
			p.write("%s- event: %s\n", indent, pick(p.dice, "ping", "arrived"))
			if p.keyed {
				p.write("%s  key: %s\n", indent, pick(p.dice, "any", "event.id"))
			}
		case 6:
			p.write("%s- if: %s\n", indent, p.condition())
		}
		then()
	}
	if !wait {
		if p.dice.IntN(3) == 0 {
			p.write("%s- after: 1d\n", indent)
		}
		return
	}
	p.write("%s- %s\n", indent, pick(p.dice, "after: 3h", "after: 2d", "at: \"09:00\"", "at: \"01:30\"", "at: 1h after run.started", "after: 40m"))
	if p.dice.IntN(6) == 0 {
		p.write("%s  if: %s\n", indent, p.condition())
	}
	then()
}

// gated is a send of which the gate has something to say.
func (p *page) gated() string {
	return "{ template: hello" + pick(p.dice, "", ", category: orders", ", category: news", ", category: news",
		", category: orders, window: [08:00-11:00, 14:00-20:00]", ", category: orders, window: mon-fri 10:00-12:00",
		", category: service, window: 02:00-02:45", ", category: service, window: [00:00-06:00, 11:00-15:00]") +
		pick(p.dice, "", "", ", max_delay: 9h", ", max_delay: 1d", ", max_delay: 40s", ", max_delay: 1h") +
		pick(p.dice, "", "", "", ", expires: 30m", ", expires: 1d") + pick(p.dice, "", "", ", on_unknown: resend") + " }"
}

func (p *page) condition() string {
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
