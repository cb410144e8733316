package flows

// explainedFlows is the codes about what a flow does.
var explainedFlows = []explanation{
	{"one-verb", `A step does one thing: exactly one verb stands in it, beside its id and its if. Two verbs
are two steps. The options of a verb stand inside of it.`,
		`steps:
  - send: hello
    wait: 1d`,
		`steps:
  - send: hello
  - wait: 1d`},
	{"one-signal", `A line of a wait, an until or an exit looks out for one thing: exactly one signal stands
in it, beside its if, as and then. Two signals are two lines, of which the first to
happen wins. A line with an if and nothing else looks out for its condition. The signals
quiet and items are for the until of a collect. A trigger, too, is started by one thing.`,
		`steps:
  - send: hello
  - wait: [ { read: hello, reply: hello }, { failed: hello }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: [ { read: hello }, { reply: hello }, { failed: hello }, { after: 1d } ]`},
	{"wait-without-end", `A wait must end, whatever people do: it needs a line after or at. A collect needs one
too, or both quiet and items: quiet alone never comes where events never cease.`,
		`steps:
  - send: hello
  - wait: [ { reply: hello } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 2d } ]`},
	{"wait-never-ends", `A warning: the wait may never end, and its run would live for good. Now and then that is
meant, where an exit will end the run; otherwise give it an end.`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: never } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 30d } ]`},
	{"no-failed-line", `A warning: the wait looks out for a read and does not say what happens when the message
fails. It then keeps its time and goes on past the then of its after, because a reminder
makes no sense for a message that nobody got; its outcome is failed. Often that is
right. A line failed: ends the wait at once instead.`,
		`steps:
  - send: hello
  - wait: [ { read: hello }, { after: 1d, then: [ { send: hello } ] } ]`,
		`steps:
  - send: hello
  - wait: [ { read: hello }, { failed: hello }, { after: 1d, then: [ { send: hello } ] } ]`},
	{"not-a-send", `The signals read, delivered, failed and reply are about a message, so they name a step
that sends one. The step that is named here does something else.`,
		`steps:
  - send: hello
  - id: pause
    wait: 1h
  - wait: [ { reply: pause }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: 1h
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"not-before", `The line names a message that cannot have been sent when the run comes here: its step
stands further down, or in another arm of a branch.`,
		`steps:
  - wait: [ { reply: hello }, { after: 1d } ]
  - send: hello`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"unknown-step", `No step has this id. A step without an id has one all the same: a send that of its
template, another step its verb and number, such as wait_1.`,
		`steps:
  - send: hello
  - wait: [ { reply: helo }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"duplicate-id", `Two steps have one id, or a step has the name of something else that expressions see
(data, event, profile, …). Conditions and templates could not tell them apart.`,
		`steps:
  - { id: first, send: hello }
  - { id: first, wait: 1d }`,
		`steps:
  - { id: first, send: hello }
  - { id: second, wait: 1d }`},
	{"empty-steps", `A block of steps has none. Leave the block out, or say what it does.`,
		`steps:
  - send: hello
  - wait: [ { reply: hello, then: [] }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"unreachable", `What stands here can never happen. A step below one that always exits is pointed at with
a warning; what follows a line that never comes, or an exit, is an error.`,
		`steps:
  - exit: done
  - send: hello`,
		`steps:
  - send: hello
  - exit: done`},
	{"misplaced-else", `The arms of a branch are tried from the top, and else holds always: arms below it would
never be reached. Put it last.`,
		`steps:
  - branch:
      - else: [ { exit: small } ]
      - if: data.total > 100
        then: [ { send: hello } ]`,
		`steps:
  - branch:
      - if: data.total > 100
        then: [ { send: hello } ]
      - else: [ { exit: small } ]`},
	{"missing-template", `The send names a template that the project does not have. The template hello stands in
templates/hello.yaml; a message may also be written into the send itself.`,
		`steps:
  - send: helo`,
		`steps:
  - send: hello`},
	{"unknown-account", `The account is none of those in nudge.yaml, which say whom messages go through. The
messages would wait for ever.`,
		`account: order
# nudge.yaml
accounts: { orders: { url: https://api.comapi.com } }`,
		`account: orders
# nudge.yaml
accounts: { orders: { url: https://api.comapi.com } }`},
	{"unknown-category", `The category is none of those in nudge.yaml, which say once for all flows when messages
are sent, how many, and what people can opt out of. A misspelt one would have no hours
and no cap.`,
		`category: order
# nudge.yaml
categories: { orders: { window: 08:00-21:00 } }`,
		`category: orders
# nudge.yaml
categories: { orders: { window: 08:00-21:00 } }`},
	{"wider-window", `A send may narrow the hours of its category, and not widen them: what a category
promises holds for all of its messages. Name another category if this message is
different.`,
		`category: orders
steps:
  - send: { template: hello, window: 06:00-12:00 }
# nudge.yaml
categories: { orders: { window: 08:00-21:00 } }`,
		`category: orders
steps:
  - send: { template: hello, window: 09:00-12:00 }
# nudge.yaml
categories: { orders: { window: 08:00-21:00 } }`},
	{"unknown-flow", `A start names a flow that the project does not have.`,
		`steps:
  - start: { flow: welcom }
# flows/welcome.yaml
flow: welcome
steps: [ { send: hello } ]`,
		`steps:
  - start: { flow: welcome }
# flows/welcome.yaml
flow: welcome
steps: [ { send: hello } ]`},
	{"never-started", `A warning: the flow has no trigger, and no other flow starts it. Only a call by the API
or on the command line does. If that is meant, let it be.`,
		`# flows/welcome.yaml
flow: welcome
steps: [ { send: hello } ]`,
		`# flows/welcome.yaml
flow: welcome
trigger: { event: user.signed_up }
steps: [ { send: hello } ]`},
	{"shape-conflict", `Two places say different things of the same data: the flow's data and the event in
nudge.yaml, or the events of two triggers. Leave one of them out, or write a flow for
each trigger.`,
		`data: { order_id: number }
# nudge.yaml
events: { order.shipped: { order_id: string } }`,
		`data: { order_id: string }
# nudge.yaml
events: { order.shipped: { order_id: string } }`},
}
