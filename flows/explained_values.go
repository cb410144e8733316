package flows

// explainedValues is the codes about values: expressions, times and shapes.
var explainedValues = []explanation{
	{"bad-expression", `The expression cannot be read, or uses something that flows do not have. Compare with
==, join conditions with and and or, put text into quotes, and write a list as [1, 2].
Expressions have no assignments, no loops and no functions of values.`,
		`steps:
  - if: data.total = 3
    send: hello`,
		`steps:
  - if: data.total == 3
    send: hello`},
	{"unknown-name", `The expression or template begins with a name that nobody knows here. Seen everywhere are
data, profile, vars, run, now and the steps that can have come before; event and reply
only where one is in hand: in a trigger, in the line that looks out for it, and in the
then of that line. Later, ask the step: asked.reply.text. The name round is known inside
of a repeat.`,
		`steps:
  - if: event.total > 3
    send: hello`,
		`steps:
  - if: data.total > 3
    send: hello`},
	{"unknown-field", `The name before the dot is known, and has no field of this name. What data has is
declared under data: in the flow, or under events: in nudge.yaml; what profile has under
profile: there.`,
		`steps:
  - if: data.totl > 3
    send: hello`,
		`steps:
  - if: data.total > 3
    send: hello`},
	{"unknown-function", `Flows and templates have a small set of functions, none of which can do harm or look at a
clock; this is none of them. The time is now, a value without brackets.`,
		`steps:
  - if: length(data.order_id) > 3
    send: hello`,
		`steps:
  - if: len(data.order_id) > 3
    send: hello`},
	{"wrong-type", `A value of one type stands where another must: a number is compared with text, a
condition is no condition, a wait hangs on something that is no time, or a value is
compared with a word that it can never be, such as an outcome that no line has.`,
		`steps:
  - if: data.total == "3"
    send: hello`,
		`steps:
  - if: data.total == 3
    send: hello`},
	{"untyped", `Nothing is known of the type of this value, so a typo in its name would silently be
false. Declare its shape, convert it with string(…), int(…) or float(…), or give it a
default: x ?? 0.`,
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
	{"may-be-absent", `The value may not be there, and what follows needs it. Give a default with ??, ask for a
field with ?. instead of a dot, or declare the value without the word optional.`,
		`trigger: { event: task.made }
data: { due: optional time }
steps:
  - wait: { at: 1d before data.due }`,
		`trigger: { event: task.made }
data: { due: time }
steps:
  - wait: { at: 1d before data.due }`},
	{"too-costly", `An expression or template is over a limit: 2000 characters, 500 parts, or any, filter,
map and range inside of each other. Nothing can stop one while it runs, so its size is
limited beforehand. Name a part of it with set.`,
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
	{"bad-duration", `A duration is a number with its unit: 90m, 72h, 3d, 1d12h. Units are w, d, h, m, s and
ms, from large to small, each once. A day is a day of the calendar where the person
lives, be it 23 or 25 hours long; an hour is elapsed time.`,
		`steps:
  - wait: 3 days`,
		`steps:
  - wait: 3d`},
	{"bad-moment", `A moment is a time of day (09:00, mon-fri 09:00, sat,sun 10:30), a time on a date
(2026-12-24 09:00), a duration before or after a time (24h before data.at, 1d after
run.started), or a time by itself (data.at). How long to wait is said by after. A
trigger by at needs its date.`,
		`steps:
  - wait: { at: 9am }`,
		`steps:
  - wait: { at: 09:00 }`},
	{"bad-window", `A window is the hours of a day in which messages are sent: 08:00-21:00, or on some days
mon-fri 09:00-17:30, or a list of such. It begins before it ends, within one day; hours
that go over midnight are two windows: [18:00-24:00, 00:00-02:00].`,
		`# nudge.yaml
categories: { orders: { window: 22:00-06:00 } }`,
		`# nudge.yaml
categories: { orders: { window: 06:00-22:00 } }`},
	{"bad-cron", `A schedule has five fields: minute, hour, day of the month, month, day of the week. It may
also be @hourly, @daily, @weekly, @monthly or @yearly. A schedule that no date fits, such
as the 30th of February, is refused, and so are intervals: a schedule is read on a clock.`,
		`trigger: { cron: 0 9 * *, timezone: local, max_delay: 6h, audience: people.csv }
data: { total: number }`,
		`trigger: { cron: 0 9 * * mon, timezone: local, max_delay: 6h, audience: people.csv }
data: { total: number }`},
	{"bad-zone", `There is no time zone of this name. Zones are named after a large city, such as
Europe/London, because their clocks change; GMT+1 and the like say too little.`,
		`# nudge.yaml
timezone: London`,
		`# nudge.yaml
timezone: Europe/London`},
	{"bad-shape", `A shape says what data looks like: string, number, boolean, time or any; optional string;
words with | between them; [string] for a list; and a mapping of names to shapes.`,
		`data: { order_id: text, paid: bool }
trigger: { event: order.shipped }`,
		`data: { order_id: string, paid: boolean }
trigger: { event: order.shipped }`},
}
