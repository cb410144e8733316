package flows

// explainedValues explains the codes about values: expressions, times and shapes.
var explainedValues = []explanation{
	{"bad-expression", `Nudge cannot read the expression, or it uses something that flows do not have. Compare
with ==, join conditions with and and or, put quotes around text, and write a list as
[1, 2]. Expressions have no assignments, no loops and no methods.`,
		`steps:
  - if: data.total = 3
    send: hello`,
		`steps:
  - if: data.total == 3
    send: hello`},
	{"unknown-name", `The expression or template uses a name that does not exist here. The names data, profile,
vars, run, now and the steps that can have run before are known everywhere. The names event
and reply are known only in a trigger, in the line that waits for one, and in the then of
that line; later, use the step instead: asked.reply.text. The name round is known inside a
repeat.`,
		`steps:
  - if: event.total > 3
    send: hello`,
		`steps:
  - if: data.total > 3
    send: hello`},
	{"unknown-field", `The name before the dot is known, but it has no such field. Declare the fields of data
under data: in the flow or under events: in nudge.yaml, and the fields of profile under
profile: in nudge.yaml.`,
		`steps:
  - if: data.totl > 3
    send: hello`,
		`steps:
  - if: data.total > 3
    send: hello`},
	{"unknown-function", `Flows and templates have a small set of functions, and this is not one of them. None of
them reads a clock; the current time is the value now, without brackets.`,
		`steps:
  - if: length(data.order_id) > 3
    send: hello`,
		`steps:
  - if: len(data.order_id) > 3
    send: hello`},
	{"wrong-type", `A value has the wrong type: a number is compared with text, a condition is not true or
false, a wait uses something that is not a time, or a value is compared with a word that
it can never be, such as an outcome that no line has. A time is not subtracted from
another: write data.at > now + 2h, or days_between(now, data.at).`,
		`steps:
  - if: data.total == "3"
    send: hello`,
		`steps:
  - if: data.total == 3
    send: hello`},
	{"untyped", `The type of this value is unknown, so a misspelt name would silently be false. Declare its
shape, convert it with string(…), int(…) or float(…), or give it a default: x ?? 0.`,
		`trigger: { event: order.shipped }
steps:
  - send: hello
  - wait: [ { event: order.paid, if: event.amount > 3 }, { after: 1d } ]`,
		`trigger: { event: order.shipped }
steps:
  - send: hello
  - wait: [ { event: order.paid, if: event.amount > 3 }, { after: 1d } ]
# nudge.yaml
events: { order.paid: { amount: number } }`},
	{"may-be-absent", `The value may be absent, but a text writes it, or an expression needs it. What nobody
declared may be absent, and so may every field of a profile except id and timezone. Give a
default, with ?? in expressions and with | default in templates; or write it inside
{{ if x }}; or ask for it in the if of the step: x != nil. Or declare the value without
optional.`,
		`trigger: { event: task.made }
data: { due: optional time }
steps:
  - wait: { at: 1d before data.due }`,
		`trigger: { event: task.made }
data: { due: time }
steps:
  - wait: { at: 1d before data.due }`},
	{"too-costly", `An expression or template exceeds a limit: 2000 bytes, 500 parts, or the nesting of any,
filter, map and range. What goes through a list within a list has a limit of steps besides,
when it is computed. Name a part of it with set.`,
		`data: { rows: [ [ [ number ] ] ] }
trigger: { event: table.made }
steps:
  - if: "any(data.rows, any(#, any(#, # > 3)))"
    send: hello`,
		`data: { rows: [ [ number ] ] }
trigger: { event: table.made }
steps:
  - if: "any(data.rows, any(#, # > 3))"
    send: hello`},
	{"wakes-nobody", `A warning: only the clock can make this condition true, and time alone wakes no run. Nudge
asks a condition that stands by itself when something touched the run. Wait for the moment
itself.`,
		`data: { at: time }
trigger: { event: visit.booked }
steps:
  - wait: [ { if: now > data.at }, { after: 30d } ]`,
		`data: { at: time }
trigger: { event: visit.booked }
steps:
  - wait: [ { at: data.at }, { after: 30d } ]`},
	{"bad-duration", `A duration is a number and its unit: 90m, 72h, 3d, 1d12h. The units are w, d, h, m, s and
ms, from large to small, each at most once. A day is a calendar day where the person
lives, even if it has 23 or 25 hours; an hour is elapsed time. Time within hours has no
days: write 8h of work, not 1d of work.`,
		`steps:
  - wait: 3 days`,
		`steps:
  - wait: 3d`},
	{"bad-moment", `A moment is a time of day (09:00, mon-fri 09:00, last day of month 18:00), a time on a date
(2026-12-24 09:00), a time of day on a day that is counted from another (18:00 1d before
data.at, 09:00 on data.at), a duration before or after a time (24h before data.at), or a
time itself (data.at). A time of day goes with days and weeks, not with hours. In its
place, a text may stand in round brackets: (profile.report_at). For a duration, use after.
In a trigger, at needs a date. Under every stands a time of day that comes again and again;
in a schedule with timezone: local, the one that each person has.`,
		`steps:
  - wait: { at: 9am }`,
		`steps:
  - wait: { at: 09:00 }`},
	{"moment-is-now", `A warning: a trigger starts the run at a time of day, and the first wait waits for the same
time of day. A moment lies ahead, so the wait is for the next day. To go on at once, leave
the line out.`,
		`trigger: { at: 2026-12-24 09:00, audience: people.csv }
steps:
  - wait: { at: 09:00 }
  - send: hello`,
		`trigger: { at: 2026-12-24 09:00, audience: people.csv }
steps:
  - wait: { at: 18:00 }
  - send: hello`},
	{"bad-window", `A window is hours of a day: 08:00-21:00, hours on some days such as mon-fri 09:00-17:30,
or a list of these. It begins before it ends, within one day. Write hours over midnight as
two windows: [18:00-24:00, 00:00-02:00]. Where a flow waits for hours or asks for them, it
can be the name of a category of nudge.yaml instead, and then its hours of today.`,
		`# nudge.yaml
categories: { orders: { window: 22:00-06:00 } }`,
		`# nudge.yaml
categories: { orders: { window: 06:00-22:00 } }`},
	{"bad-cap", `at_most of a category is a number in any period of some length (3 per 7d), or in a period of
the calendar (1 per calendar day, week or month), or a list of these, which all hold. A day
alone has two readings, so say which one: per calendar day ends at midnight where the
person lives, or in Europe/London; per 24h is any 24 hours.`,
		`# nudge.yaml
categories: { offers: { at_most: 1 per day } }`,
		`# nudge.yaml
categories: { offers: { at_most: [1 per calendar day, 3 per 7d] } }`},
	{"bad-cron", `A schedule has five fields: minute, hour, day of the month, month and weekday. It can also
be @hourly, @daily, @weekly, @monthly or @yearly. A schedule that never fires, such as the
30th of February, is refused. So are intervals, because a schedule follows the clock.`,
		`trigger: { cron: 0 9 * *, timezone: local, max_delay: 6h, audience: people.csv }
data: { total: number }`,
		`trigger: { cron: 0 9 * * mon, timezone: local, max_delay: 6h, audience: people.csv }
data: { total: number }`},
	{"cron-either-day", `A warning: the schedule has a day of the month and a weekday. As in cron, it fires on each
day that matches one of them: 0 9 1-7 * 1 is the days 1 to 7 and also every Monday, not
the first Monday of the month. Write * for the one that you do not mean.`,
		`trigger: { cron: 0 9 1-7 * 1, timezone: local, max_delay: 6h, audience: people.csv }
data: { total: number }`,
		`trigger: { cron: 0 9 * * mon, timezone: local, max_delay: 6h, audience: people.csv }
data: { total: number }`},
	{"bad-zone", `The time zone does not exist. Zones are named after a large city, such as Europe/London,
because its clocks change; GMT+1 and similar names do not say when.`,
		`# nudge.yaml
timezone: London`,
		`# nudge.yaml
timezone: Europe/London`},
	{"bad-shape", `A shape says what data looks like: string, number, boolean, time, date or any; optional string;
words separated by |; [string] for a list; or a mapping of names to shapes. private and search may stand before a type;
search only at the fields of profile in nudge.yaml.`,
		`data: { order_id: text, paid: bool }
trigger: { event: order.shipped }`,
		`data: { order_id: string, paid: boolean }
trigger: { event: order.shipped }`},
}
