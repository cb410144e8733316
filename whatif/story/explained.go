package story

// Explanations is what the codes mean, by code.
var Explanations = map[string]string{
	CodeMissing: `A test file says which flow it tests and holds tests, each with a name, the instant at which
it starts, and a story.

Wrong:

    tests:
      - name: whoever reads it gets nothing more
        story: [ { event: user.signed_up }, { expect: welcome } ]

Right:

    flow: welcome
    tests:
      - name: whoever reads it gets nothing more
        start: 2026-03-02 10:00 Europe/London
        story: [ { event: user.signed_up }, { expect: welcome } ]
`,
	CodeMove: `Each line of a story is one thing that happens (an event, a read, a reply, time that passes)
or one expectation.

Wrong:

    - { event: user.signed_up, after: 1h }

Right:

    - event: user.signed_up
    - after: 1h
`,
	CodeExpect: `An expectation is about one thing: a message, an unsent message, an end, an event, a wait or
a skipped start. That nothing was sent is expected as: nothing.

Wrong:

    - expect: { message: welcome, end: completed }

Right:

    - expect: { message: welcome }
    - expect: { end: completed }
`,
	CodeUnknown: `A story speaks the flow's own words: its flows, people, messages, events and steps. This
name is none of them.

Wrong:

    - read: welcom

Right:

    - read: welcome
`,
	CodeMoment: `Time passes by durations (90m, 72h, 3d) and moments (11:00, thu 11:00, 2026-03-05 11:00). A
test starts at a date and a time, with the zone where that is not the project's.

Wrong:

    start: tomorrow

Right:

    start: 2026-03-02 10:00 Europe/London
`,
	CodeScript: `What a person does by themselves is said as in people.yaml: when they read, whether they fail,
and what they answer.

Wrong:

    ann: { does: reads it soon }

Right:

    ann: { does: reads after 3s }
`,
	CodeWho: `Where a test has several people, a line of its story says whose it is.

Wrong:

    - reply: "yes"

Right:

    - { reply: "yes", by: ann }
`,
	CodePattern: `A text that is matched is a regular expression, and this one is none. Write the text itself
where it is to be exactly that.

Wrong:

    - expect: { message: welcome, matches: "Hello (" }

Right:

    - expect: { message: welcome, text: "Hello (" }
`,
	CodeName: `Two tests of one file have the same name, so nobody could say which of them failed.
`,
}
