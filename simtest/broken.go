package simtest

import (
	"fmt"
	"strings"
)

// breaks reports, one time in n, whether something is to be written that cannot always be
// computed, or that asks why a message did not go out.
func (p *page) breaks(n int) bool { return p.broken != nil && p.broken.IntN(n) == 0 }

// brokenConditions cannot be computed for some of the runs.
var brokenConditions = []string{
	`data.total > 20 and int(data.id) > 3`, `data.total <= 20 or float(trim(data.id)) > 0.5`, `(data.total > 15 ? 3 : int(data.id)) > 2`,
	`not (int(data.id) > 3)`, `int(vars.n > 60 ? "x" : "4") > 3`, `data.total > int("1" + (data.total > 30 ? "x" : ""))`,
	`data.total / (data.total > 20 ? 0 : 2) > 5`, `(data.total + 9223372036854775800) % 2 == 1`, `(data.total > 15 ? 10 ^ 400 : 3) > 2`,
	`data.total * 500000000000000000 > 1`,
}

// brokenCondition is a condition in quotes, over what the run has or over a step that it can
// name.
func (p *page) brokenCondition() string {
	if len(p.named) > 0 && p.broken.IntN(2) == 0 {
		s := pick(p.broken, p.named...)
		switch verb, _, _ := strings.Cut(s.id, "_"); verb {
		case "send":
			return fmt.Sprintf("'"+pick(p.broken, `%s.reason == "capped"`, `%s.reason in ["late", "opted_out"]`, `%s.reason != "skipped"`, `not (int(%s.reason) > 3)`)+"'", s.id)
		case "fetch":
			if s.shape != "" {
				return "'" + p.shapedCondition(s) + "'"
			}
			return fmt.Sprintf("'"+pick(p.broken, `int(%s.json.note ?? "4") > 3`, `(%s.json.note ?? "") == "four"`)+"'", s.id)
		}
	}
	return "'" + pick(p.broken, brokenConditions...) + "'"
}

// brokenExit ends the flow, where that can be computed.
func (p *page) brokenExit() {
	if p.breaks(3) {
		p.write("  - %s\n", pick(p.broken, `{ if: 'vars.n > 60 and int(run.key) > 3', as: many }`, `{ event: gone, key: any, if: int(event.id) > 3 }`))
	}
}

// brokenTrigger begins the flow where that can be computed, or for whom the other rest of a
// trigger says.
func (p *page) brokenTrigger(rest string) string {
	if p.breaks(4) {
		return `, if: event.total > 12 or int(event.id) > 3`
	}
	return rest
}
