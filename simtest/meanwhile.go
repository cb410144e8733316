package simtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// dosKey is a key with which the older seeds of the corpus do not know of it.
const dosKey = 58238

// dosDice is the dice of what is done while a wait goes on, for a seed; nil where it does not
// know of it.
func dosDice(seed uint64) *rand.Rand { return ownDice(seed, dosKey) }

// does reports, one time in n, whether something is to be done while a wait goes on.
func (p *page) does(n int) bool { return p.dos != nil && p.dos.IntN(n) == 0 }

// meanwhile writes lines of a wait whose steps are taken while it goes on. Sends are those that
// the lines can name.
func (p *page) meanwhile(indent string, sends []string) {
	if !p.does(3) {
		return
	}
	message := "any"
	if len(sends) > 0 && p.does(2) {
		message = pick(p.dos, sends...)
	}
	p.loops++ // no run can be moved to these steps
	defer func() { p.loops-- }()
	for range 1 + p.dos.IntN(3) {
		signal := p.dos.IntN(10)
		steps, mine := p.doSteps(signal < 3) // runs that rouse each other would never stop
		switch signal {
		case 0:
			p.write("%s- reply: %s\n%s  if: %s\n", indent, message, indent, pick(p.dos, "reply.number > 2", `reply.keyword != "stop"`, `lower(reply.text) contains "e"`))
			p.write("%s  at_most: %d\n", indent, 1+p.dos.IntN(3))
		case 1, 2:
			p.write("%s- event: %s\n", indent, pick(p.dos, "ping", "arrived", "gone"))
			if p.keyed {
				p.write("%s  key: %s\n", indent, pick(p.dos, "any", "event.id"))
			}
			if mine == "" {
				break // any number of times
			}
			p.write("%s  at_most: %d\n", indent, 1+p.dos.IntN(3))
		case 3:
			p.write("%s- %s: %s\n", indent, pick(p.dos, "read", "delivered", "failed"), message)
		case 4:
			p.write("%s- if: %s\n", indent, pick(p.dos, "vars.n > 40", `profile.plan == "pro"`, "data.total in 5..25"))
		default:
			p.write("%s- %s\n", indent, pick(p.dos, "after: 20m", "after: 40m", "after: 1h", "after: 3h", `at: "09:00"`, "at: 1h after run.started", "at: 30m before (data.due ?? now)"))
			if p.does(3) {
				p.write("%s  if: %s\n", indent, pick(p.dos, "data.total > 18", "vars.n < 80"))
			}
		}
		p.write("%s  do: [ %s ]\n", indent, steps)
		if mine != "" && p.does(4) {
			p.write("%s- %s: %s\n%s  as: of_the_do\n", indent, pick(p.dos, "read", "delivered", "failed", "reply"), mine, indent)
		}
	}
}

// doSteps are steps that do not wait, with the name of a message among them; empty for none.
// Quiet ones rouse no run.
func (p *page) doSteps(quiet bool) (steps, message string) {
	var all []string
	for range 1 + p.dos.IntN(3) {
		n := p.dos.IntN(9)
		if quiet && (n == 1 || n == 4) {
			n = 0
		}
		switch n {
		case 0:
			all = append(all, fmt.Sprintf(`{ id: %s, set: { n: "= (vars.n ?? 0) + 20" } }`, p.id("set")))
		case 1:
			all = append(all, fmt.Sprintf(`{ id: %s, emit: { event: %s, data: { id: = data.id, total: = data.total } } }`, p.id("emit"), pick(p.dos, "ping", "arrived", "gone")))
		case 2:
			all = append(all, fmt.Sprintf(`{ id: %s, fetch: { url: "https://api.example/do", timeout: 20s } }`, p.id("fetch")))
		case 3:
			all = append(all, fmt.Sprintf(`{ id: %s, if: data.total > 33, exit: did_enough }`, p.id("exit")))
		case 4:
			all = append(all, fmt.Sprintf(`{ id: %s, start: { flow: inner } }`, p.id("start")))
		default:
			message = p.id("send")
			send := pick(p.dos, "hello", "{ template: hello, category: news }", "{ template: hello, category: orders, window: [08:00-11:00, 14:00-20:00] }",
				"{ template: hello, category: service, window: 02:00-02:45 }", "{ template: hello, on_unknown: resend }", "{ template: hello, category: news, max_delay: 9h }")
			if n == 5 {
				send += ", if: vars.n < 90"
			}
			all = append(all, fmt.Sprintf("{ id: %s, send: %s }", message, send))
		}
	}
	return strings.Join(all, ", "), message
}
