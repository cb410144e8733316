package simtest

import "fmt"

// timed reports, one time in n, whether a time or date is to be written.
func (p *page) timed(n int) bool { return p.times != nil && p.times.IntN(n) == 0 }

// timeConditions ask for times, dates and the calendar where the person lives.
var timeConditions = []string{
	`now > run.started + 3h`, `run.started + 1d < now`, `now - 90m > run.started`, `date(now) == date(run.started)`, `date(now + 1d) > date(run.started) + 1d`,
	`time(now) < "12:00"`, `weekday(now) in ["sat", "sun", "mon"]`, `day(now) > 15 or month(now) == 3`, `days_between(run.started, now) >= 1`,
	`(data.due ?? now) > now + 6h`, `data.due < now`, `profile.seen < now - 5h`, `date(data.due ?? now) == date(now)`, `weekday((data.due ?? now) - 2d) != "fri"`,
	`(data.day ?? date(now)) + 2d > date(now)`, `data.day == date(now)`, `profile.since < date(now)`, `days_between(data.day ?? date(now), now) < 0`,
	`(vars.then ?? now) < now - 2h`, `vars.on == date(now)`, `now > run.started + round(data.total) * 7m`, `len(unique([1, 2, round(data.total)])) == 3`,
	`time(vars.then ?? run.started) >= "02:30"`, `(vars.on ?? date(now)) - 1w < "2026-10-20"`,
}

func (p *page) timeCondition() string { return "'" + pick(p.times, timeConditions...) + "'" }

// firstTimes are the variables that time conditions read, as the first step sets them.
func (p *page) firstTimes() string {
	if p.times == nil {
		return ""
	}
	return ", then: = data.due, on: = data.day"
}

// timeSets keep times and dates.
var timeSets = []string{
	`{ then: = now + 2d, on: = date(now) + 1d }`, `{ then: "= (data.due ?? run.started) - 26h", days: "= unique([weekday(now), weekday(now + 1d)])" }`,
	`{ profile.seen: = now, profile.since: = date(now) }`, `{ on: "= data.day ?? date(run.started)", n: "= days_between(run.started, now + 30d) * 2" }`,
	`{ then: = data.due, on: = data.day }`,
}

// answerShapes are the shapes that the answer of a fetch must have, with a text over it. The
// second and the third one never come.
var answerShapes = [][2]string{
	{"{ visits: number, note: optional string }", "{{ %[1]s.json.visits }} visits{{ if %[1]s.json.note }}, {{ %[1]s.json.note }}{{ end }}"},
	{"{ visits: string }", "{{ %[1]s.json.visits }}"},
	{"{ day: date }", "{{ %[1]s.json.day }}"},
	{"{ orders: number, note: four | five }", "{{ %[1]s.json.note }}"},
}

// answerShape is at times the shape that the answer of a fetch must have.
func (b *block) answerShape() string {
	if !b.timed(2) {
		return ""
	}
	b.step.shape = pick(b.times, answerShapes...)[0]
	return ", shape: " + b.step.shape
}

// tellAnswer sends an answer where it is there.
func (b *block) tellAnswer() {
	for _, s := range answerShapes {
		if s[0] == b.step.shape && b.timed(2) {
			b.line("- id: %s", b.id("send"))
			b.line("  if: %s.json != nil", b.step.id)
			b.line("  send: { body: \"" + fmt.Sprintf(s[1], b.step.id) + "\" }")
		}
	}
}

// shapedCondition asks a fetch whose answer has a shape.
func (p *page) shapedCondition(s step) string {
	return fmt.Sprintf(pick(p.times, `%[1]s.json == nil`, `%[1]s.status == 200 and %[1]s.json != nil`, `%[1]s.status < 300`), s.id)
}
