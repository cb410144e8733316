package flows

// explainedFlows explains the codes about the steps of a flow.
var explainedFlows = []explanation{
	{"one-verb", `A step does one thing: it has exactly one verb, beside its id and its if. Write two verbs
as two steps. The options of a verb go inside the verb.`,
		`steps:
  - send: hello
    wait: 1d`,
		`steps:
  - send: hello
  - wait: 1d`},
	{"one-signal", `A line of a wait, an until or an exit has exactly one signal, beside its if, as and then.
Write two signals as two lines; the first one to happen wins. A line with only an if waits
for that condition. The signals quiet and items belong in the until of a collect. A
trigger, too, has exactly one of event, reply, cron, every and at.`,
		`steps:
  - send: hello
  - wait: [ { read: hello, reply: hello }, { failed: hello }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: [ { read: hello }, { reply: hello }, { failed: hello }, { after: 1d } ]`},
	{"wait-without-end", `A wait must end, whatever people do, so it needs a line after, at or open. A collect needs
one too, or both quiet and items: if events keep coming, quiet alone never happens.`,
		`steps:
  - send: hello
  - wait: [ { reply: hello } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 2d } ]`},
	{"may-never-end", `A warning: a run may live forever, because a wait, a collect or a loop has no end in time.
There is no warning if an exit, or the until of a loop around it, has an after, an open or a
time of day without an if. If a run is meant to live that long, the flow says so:
promises: { ends: never }.`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: never } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 30d } ]`},
	{"no-failed-line", `A warning: the wait reacts to a read, but not to a message that fails. If the message
fails, the wait runs to its end. It skips the steps of its timers, because a reminder makes
no sense for a message that nobody got, and its outcome is failed. That is often right. To
react at once instead, add a line failed:. With after: never the wait may have no end then.`,
		`steps:
  - send: hello
  - wait: [ { read: hello }, { after: 1d, then: [ { send: hello } ] } ]`,
		`steps:
  - send: hello
  - wait: [ { read: hello }, { failed: hello }, { after: 1d, then: [ { send: hello } ] } ]`},
	{"not-a-send", `The signals read, delivered, failed and reply are about a message, so they must name a
step that sends one. The step named here does something else.`,
		`steps:
  - send: hello
  - id: pause
    wait: 1h
  - wait: [ { reply: pause }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: 1h
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"waits-here", `A step waits where only steps that do not wait may stand: under the then of an exit, where the
run has ended for everybody else, and under a do, where the run waits already. A wait, a
repeat, a collect and a start with wait: true wait. Start another flow that waits instead.`,
		`exit:
  event: visit.cancelled
  key: any
  then: [ { wait: 1d }, { send: hello } ]
steps:
  - wait: 30d`,
		`exit:
  event: visit.cancelled
  key: any
  then: [ { send: hello } ]
steps:
  - wait: 30d`},
	{"read-before-reply", `A warning: this wait ends when its message is read, and a line below waits for a reply to the
same message. People read before they answer, so the reply would come too late. Remove the
line read:, wait for the reply in its then, or give it a do, and the wait goes on.`,
		`steps:
  - send: hello
  - wait:
      - read: hello
      - failed: hello
      - reply: hello
        then: [ { send: hello } ]
      - after: 1d`,
		`steps:
  - send: hello
  - wait:
      - failed: hello
      - reply: hello
        then: [ { send: hello } ]
      - after: 1d`},
	{"reserved-name", `Nudge itself gives this outcome to runs or waits, so no line, exit or migration may use it. Else
nobody could tell a run that Nudge cancelled from one that the flow ended so. Reserved for runs
are completed, failed, cancelled, restarted, forgotten, late and quarantined; for waits, past.`,
		`exit: { after: 14d, as: late }
steps:
  - send: hello
  - wait: 1d`,
		`exit: { after: 14d, as: too_late }
steps:
  - send: hello
  - wait: 1d`},
	{"not-yet-known", `The step stands directly below a send and asks whether the message was sent. The provider
says so later, so the answer is false here. Ask whether the message was accepted, or wait
before you ask.`,
		`steps:
  - send: hello
  - if: not hello.sent
    send: fallback
# templates/fallback.yaml
body: Hello`,
		`steps:
  - send: hello
  - if: not hello.accepted
    send: fallback
# templates/fallback.yaml
body: Hello`},
	{"not-before", `The line names a message that cannot have been sent when the run reaches this step: its
send is further down, or in another arm of a branch.`,
		`steps:
  - wait: [ { reply: hello }, { after: 1d } ]
  - send: hello`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"unknown-step", `No step has this id. A step without an id gets one: a send gets the name of its template,
and any other step gets its verb and a number, such as wait_1.`,
		`steps:
  - send: hello
  - wait: [ { reply: helo }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"duplicate-id", `Two steps have the same id, or a step's id is a name that expressions already use (data,
event, profile, …). Conditions and templates could not tell them apart.`,
		`steps:
  - { id: first, send: hello }
  - { id: first, wait: 1d }`,
		`steps:
  - { id: first, send: hello }
  - { id: second, wait: 1d }`},
	{"empty-steps", `A block of steps is empty. Remove the block, or add a step.`,
		`steps:
  - send: hello
  - wait: [ { reply: hello, then: [] }, { after: 1d } ]`,
		`steps:
  - send: hello
  - wait: [ { reply: hello }, { after: 1d } ]`},
	{"unreachable", `This can never run. A step after one that always exits gives a warning; a then that
follows an exit, or a signal that never happens, is an error.`,
		`steps:
  - exit: done
  - send: hello`,
		`steps:
  - send: hello
  - exit: done`},
	{"misplaced-else", `The arms of a branch are tried from top to bottom, and else always holds, so arms below
it are never reached. Put it last.`,
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
	{"missing-template", `The send names a template that the project does not have. The template hello is the file
templates/hello.yaml. You can also write the message into the send itself.`,
		`steps:
  - send: helo`,
		`steps:
  - send: hello`},
	{"unknown-account", `nudge.yaml has no account with this name. Accounts say where messages are sent, so these
messages would wait forever.`,
		`account: order
# nudge.yaml
accounts: { orders: { url: https://api.comapi.com } }`,
		`account: orders
# nudge.yaml
accounts: { orders: { url: https://api.comapi.com } }`},
	{"unknown-category", `nudge.yaml has no category with this name. A category sets, for all flows, when its
messages go out, how many a person gets, and what people can opt out of. A misspelt
category would have no hours and no limit.`,
		`category: order
# nudge.yaml
categories: { orders: { window: 08:00-21:00 } }`,
		`category: orders
# nudge.yaml
categories: { orders: { window: 08:00-21:00 } }`},
	{"wider-window", `A send can narrow the hours of its category, but not widen them: the promise of a
category holds for all its messages. Use another category if this message is different.`,
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
	{"unknown-flow", `The start names a flow that the project does not have.`,
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
	{"unknown-event", `A warning: nudge.yaml does not declare this event and no flow emits it, but there is one
with nearly the same name. It is probably misspelt, so the flow would wait for an event
that never arrives. Correct the type, or declare the event under events: in nudge.yaml.`,
		`trigger: { event: order.shiped }
# nudge.yaml
events: { order.shipped: { order_id: string } }`,
		`trigger: { event: order.shipped }
# nudge.yaml
events: { order.shipped: { order_id: string } }`},
	{"private-value", `A warning: the value is made of a field that is marked private, and it goes into a field of a
profile, of an event or of a flow's data that is not. Tokens that may only read see it there. Mark that
field as well, or leave the value out. A value that is only true or false gives no warning.`,
		`steps:
  - emit: { event: card.noted, data: { owner: = profile.name } }
# nudge.yaml
profile: { name: private string }
events: { card.noted: { owner: optional string } }`,
		`steps:
  - emit: { event: card.noted, data: { owner: = profile.name } }
# nudge.yaml
profile: { name: private string }
events: { card.noted: { owner: private optional string } }`},
	{"never-started", `A warning: the flow has no trigger, and no other flow starts it. Only a call by the API
or the command line can start it. Ignore the warning if that is intended.`,
		`# flows/welcome.yaml
flow: welcome
steps: [ { send: hello } ]`,
		`# flows/welcome.yaml
flow: welcome
trigger: { event: user.signed_up }
steps: [ { send: hello } ]`},
	{"shape-conflict", `Two places give the same data different shapes: the flow's data and the event in
nudge.yaml, the events of two triggers, or an event and the rows of its audience. Remove
one of them, rename one, or write one flow for each trigger.`,
		`data: { order_id: number }
# nudge.yaml
events: { order.shipped: { order_id: string } }`,
		`data: { order_id: string }
# nudge.yaml
events: { order.shipped: { order_id: string } }`},
}
