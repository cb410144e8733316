package story

// Explanations is what the codes mean, by code.
var Explanations = map[string]string{
	codeMissing: `A test file says which flow it tests and holds tests, each with a name, the instant at which
it starts, and a story.

Wrong:

    tests:
      - name: no reminder after reading
        story: [ { event: user.signed_up }, { expect: welcome } ]

Right:

    flow: welcome
    tests:
      - name: no reminder after reading
        start: 2026-03-02 10:00 Europe/London
        story: [ { event: user.signed_up }, { expect: welcome } ]
`,
	codeMove: `Each line of a story is one thing that happens (an event, a read, a reply, time that passes)
or one expectation.

Wrong:

    - { event: user.signed_up, after: 1h }

Right:

    - event: user.signed_up
    - after: 1h
`,
	codeExpect: `An expectation is about one thing: a message, an unsent message, an end, an event, a wait, a
fetch or a skipped start, or about several in any order. To expect no message, write: nothing.

Wrong:

    - expect: { message: welcome, end: completed }

Right:

    - expect: { message: welcome }
    - expect: { end: completed }
`,
	codeUnknown: `A story uses the names of the flows under test: flows, people, messages, events and steps.
There is no such name here.

Wrong:

    - read: welcom

Right:

    - read: welcome
`,
	codeMoment: `Time passes by durations (90m, 72h, 3d) and moments (11:00, thu 11:00, 2026-03-05 11:00). A
test starts at a date and a time in a time zone.

Wrong:

    start: tomorrow

Right:

    start: 2026-03-02 10:00 Europe/London
`,
	codeScript: `A person's script says what they do with every message, as in people.yaml: when they read it,
whether it fails, and what they answer.

Wrong:

    ann: { does: reads it soon }

Right:

    ann: { does: reads after 3s }
`,
	codeWho: `If a file has several people, a line of a story must say who acts.

Wrong:

    - reply: "yes"

Right:

    - { reply: "yes", by: ann }
`,
	codePattern: `The value of matches is a regular expression, and this one is not valid. To compare the whole
text, use text.

Wrong:

    - expect: { message: welcome, matches: "Hello (" }

Right:

    - expect: { message: welcome, text: "Hello (" }
`,
	codeName: `Two tests in one file have the same name, so a report could not say which of them failed.
`,
}
