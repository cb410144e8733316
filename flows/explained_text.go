package flows

// explainedText explains the codes about YAML and names.
var explainedText = []explanation{
	{"yaml-syntax", `The file is not valid YAML, so Nudge cannot read any of it. The usual reasons are a line
whose indentation differs from its neighbours, and a text without quotes that contains a
colon, a question mark or a brace. Put quotes around such a text, or write it on lines of
its own.`,
		`steps:
  - send: { body: Are you there?, category: orders }`,
		`steps:
  - send: { body: "Are you there?" }`},
	{"yaml-tab", `A line is indented with a tab. YAML allows only spaces, because editors show tabs in
different widths. Set your editor to insert spaces.`,
		"steps:\n\t- send: hello",
		`steps:
  - send: hello`},
	{"yaml-alias", `Anchors (&name), aliases (*name) and merge keys (<<) are not allowed: a reader should
understand a flow without looking elsewhere. Write the value out. Put quotes around a text
that begins with one of these characters.`,
		`steps:
  - send: &first hello
  - send: *first`,
		`steps:
  - send: hello
  - send: hello`},
	{"yaml-tag", `YAML reads a word that begins with an exclamation mark as a tag, and drops it. Put quotes
around a condition that begins with !, or write not.`,
		`steps:
  - send: hello
  - if: !hello.read
    send: hello`,
		`steps:
  - send: hello
  - if: not hello.read
    send: hello`},
	{"too-large", `The file is larger than one megabyte. Split it into several flows; a flow can start
another one.`, "", ""},
	{"too-deep", `Mappings and lists are nested more than 64 levels deep. Name a value with set, or move
steps to another flow and use start.`, "", ""},
	{"key-twice", `A mapping has the same key twice. YAML would silently keep one of them; only you know
which one you meant.`,
		`category: orders
category: billing`,
		`category: orders`},
	{"unknown-key", `This key has no meaning here. It is probably misspelt, or one level too high or too low.
The hint names the nearest key and all allowed keys.`,
		`steps:
  - send: { template: hello, categorie: orders }`,
		`steps:
  - send: { template: hello, category: orders }`},
	{"wrong-kind", `The value has the wrong kind: a list instead of text, text instead of a mapping, and so
on.`,
		`steps:
  - send: [ hello ]`,
		`steps:
  - send: hello`},
	{"empty-value", `A value is missing. Either nothing was written, or a # turned the value into a comment:
put quotes around a text that contains a #.`,
		`about: # one for everybody`,
		`about: "# one for everybody"`},
	{"comment-cut", `A warning: everything after a # is a comment and not part of the text. If it belongs to
the text, put quotes around the whole text; if not, write the comment on its own line.`,
		`# templates/hello.yaml
body: You are # 1`,
		`# templates/hello.yaml
body: "You are # 1"`},
	{"leading-zero", `A warning: YAML reads 007 as the number 7. Put quotes around a code or a telephone number,
so that its zeros stay.`,
		`steps:
  - set: { code: 007 }
  - send: hello`,
		`steps:
  - set: { code: "007" }
  - send: hello`},
	{"bad-name", `Names of flows, steps, templates, outcomes, variables and categories contain only a-z, 0-9
and _, because they are words in expressions: cart-reminder would mean cart minus
reminder. Names of headers follow the rules of HTTP instead. Types of events may contain
dots.`,
		`steps:
  - id: first-one
    send: hello`,
		`steps:
  - id: first_one
    send: hello`},
	{"bad-value", `The value has the right kind, but is not allowed here: a number outside its range, or an
unknown word. The hint lists the allowed values.`,
		`entry: { if_running: replace }`,
		`entry: { if_running: restart }`},
	{"flow-name", `A flow has the same name as its file, so that you can find it: the flow welcome is in
flows/welcome.yaml. Names of files end in .yaml.`,
		`# flows/welcome.yaml
flow: greeting
trigger: { event: user.signed_up }
steps: [ { send: hello } ]`,
		`# flows/welcome.yaml
flow: welcome
trigger: { event: user.signed_up }
steps: [ { send: hello } ]`},
	{"missing-key", `A required key is missing from this step, line or message. The hint gives an example. Once
a trigger has a key, every event in the flow needs a key too: without one, the event would
affect every run of a person and not only the right one.`,
		`exit:
  - event: order.returned`,
		`exit:
  - event: order.returned
    key: event.order_id`},
	{"exclusive-keys", `Two keys here exclude each other. Keep one of them.`,
		`steps:
  - send: { body: Hello, parts: [ { type: text/plain, data: Hello } ] }`,
		`steps:
  - send: { body: Hello }`},
	{"too-many", `There are too many of something: steps in a flow (1000), lines in a wait (100), repeats
inside repeats (3 levels), files (2000). Such a flow is hard to read; split it with
start.`,
		`steps:
  - repeat:
      times: 2
      steps:
        - repeat:
            times: 2
            steps:
              - repeat:
                  times: 2
                  steps:
                    - repeat: { times: 2, steps: [ { wait: 1h } ] }`,
		`steps:
  - repeat:
      times: 4
      steps: [ { wait: 1h } ]`},
}
