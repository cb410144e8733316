package flows

// explainedText is the codes about YAML and names.
var explainedText = []explanation{
	{"yaml-syntax", `The file is not valid YAML, so nothing of it can be read. The usual reasons are a line
that is indented unlike its neighbours, and a text that has a colon, a question mark or
a brace in it and no quotes. Put such a text into quotes, or on lines of its own.`,
		`steps:
  - send: { body: Are you there?, category: orders }`,
		`steps:
  - send: { body: "Are you there?" }`},
	{"yaml-tab", `A tab begins a line. YAML allows only spaces there, because a tab is as wide as every
editor likes. Set the editor to write spaces.`,
		"steps:\n\t- send: hello",
		`steps:
  - send: hello`},
	{"yaml-alias", `Anchors (&name), aliases (*name) and merge keys (<<) are refused: a reader of a flow
must not have to look elsewhere for what it says. Write the value out; text that begins
with one of these characters needs quotes.`,
		`steps:
  - send: &first hello
  - send: *first`,
		`steps:
  - send: hello
  - send: hello`},
	{"yaml-tag", `YAML takes a word that begins with an exclamation mark for a tag, and drops it. A
condition that begins with ! needs quotes, or the word not.`,
		`steps:
  - send: hello
  - if: !hello.read
    send: hello`,
		`steps:
  - send: hello
  - if: not hello.read
    send: hello`},
	{"too-large", `The file is larger than one megabyte. Flows are meant to be read: split it into several
flows, which may start each other.`, "", ""},
	{"too-deep", `Mappings and lists are nested more than 64 levels deep. Name a value with set, or begin
another flow with start.`, "", ""},
	{"key-twice", `One mapping has the same key twice. YAML would silently keep one of the two; which one
was meant is for you to say.`,
		`category: orders
category: billing`,
		`category: orders`},
	{"unknown-key", `A key that means nothing in this place. It is probably misspelt, or stands one level too
high or too low; the hint names the nearest key and all that are allowed here.`,
		`steps:
  - send: { template: hello, categorie: orders }`,
		`steps:
  - send: { template: hello, category: orders }`},
	{"wrong-kind", `A list stands where text should stand, text where a mapping should, and so on.`,
		`steps:
  - send: [ hello ]`,
		`steps:
  - send: hello`},
	{"empty-value", `Nothing stands where something should. Either the value is missing, or a # in front of
it made a comment of it: put a text with a # in it into quotes.`,
		`about: # one for everybody`,
		`about: "# one for everybody"`},
	{"comment-cut", `A warning: what follows a # is a comment and no part of the text. If it belongs to the
text, put the whole text into quotes; if not, put the comment on a line of its own.`,
		`# templates/hello.yaml
body: You are # 1`,
		`# templates/hello.yaml
body: "You are # 1"`},
	{"bad-name", `Names of flows, steps, templates, outcomes, variables and categories are made of a-z,
0-9 and _ only, because they are words of expressions: there, cart-reminder would be
cart minus reminder. The names of headers follow the rules of HTTP instead. The types of
events may have dots.`,
		`steps:
  - id: first-one
    send: hello`,
		`steps:
  - id: first_one
    send: hello`},
	{"bad-value", `The value is of the right kind but not one of those allowed here: a number out of its
range, or a word that means nothing. The hint lists what is allowed.`,
		`entry: { if_running: replace }`,
		`entry: { if_running: restart }`},
	{"flow-name", `A flow has the name of its file, so that it can be found: the flow welcome stands in
flows/welcome.yaml. Name both alike. Files end in .yaml.`,
		`# flows/welcome.yaml
flow: greeting
trigger: { event: user.signed_up }
steps: [ { send: hello } ]`,
		`# flows/welcome.yaml
flow: welcome
trigger: { event: user.signed_up }
steps: [ { send: hello } ]`},
	{"missing-key", `A key that must be there is not. A step, a line or a message is not complete without it;
the hint gives an example. Once a trigger has a key, every event of the flow needs one:
without it, the event would end or move all runs of a person, not only the right one.`,
		`exit:
  - event: order.returned`,
		`exit:
  - event: order.returned
    key: event.order_id`},
	{"exclusive-keys", `Two keys that say contradicting things stand side by side. Keep one of them.`,
		`steps:
  - send: { body: Hello, parts: [ { type: text/plain, data: Hello } ] }`,
		`steps:
  - send: { body: Hello }`},
	{"too-many", `There is more of something than is allowed: steps of a flow (1000), lines of a wait (100),
rounds within rounds within rounds (3 levels), files (2000). Such a flow can hardly be
followed by its readers; split it with start.`,
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
