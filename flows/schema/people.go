package schema

// People is the schema of people.yaml: who does what in the local service, and what goes
// wrong there.
func People() []byte { return document(peopleFile(), nil) }

func peopleFile() *schema {
	return mapping("People", "Who does what with the messages they get from the local service, and what goes wrong there by chance.",
		key("seed", "Decides everything that is left to chance: the same seed, the same story.", integer(0, 1<<62), 7),
		key("people", "The rules. The first that fits a person counts; who fits none reads after three seconds.",
			listOf(rule(), 0), []any{example{"profile": "ann", "does": "reads after 10s"}}),
		key("faults", "What goes wrong by chance.", anyOf(faults()), example{"drop_responses": "5%"}),
	)
}

func rule() *schema {
	return mapping("A rule", "What some people do with every message that they get.",
		must(key("profile", "Whose rule it is: a profile ID, or a pattern in which `*` stands for any text and `?` for one character.", text(), "ann", "load-*")),
		key("does", "A script, or several with their shares, of which chance picks one.",
			anyOf(script(), listOf(share100(), 1)), "reads after 10s", []any{example{"70%": "reads after 2s-10m"}, example{"30%": "never reads"}}),
		key("replies", "What they reply to what a message says. The first that fits counts.", listOf(reply(), 0),
			[]any{example{"to": "*how was*", "with": "9"}}),
	)
}

func script() *schema { return text() }

// share100 is one script with its share.
func share100() *schema {
	return &schema{
		Type: "object", MinProperties: 1, Additional: script(),
		PropertyNames: &schema{Pattern: percentForm, PatternMessage: "a share such as 30%"},
	}
}

func reply() *schema {
	return mapping("A reply", "What somebody writes back to some messages.",
		key("to", "A pattern of what the message says, in which `*` stands for any text; the case does not matter. Without it, every message.", text(), "*how was*"),
		must(key("with", "The words, or several of which chance picks one.", texts(), "yes", []any{"9", "10"})),
		key("after", "When, counted from the send: a time or two of them, between which chance decides.", span(), "30s", "10s-1m"),
		key("chance", "How often there is a reply at all.", percentage(), "80%"),
	)
}

func faults() *schema {
	return mapping("Faults", "What goes wrong by chance: with the n-th request to the API, and with the n-th event.",
		key("seed", "Decides what goes wrong; without it, the seed of the file.", integer(0, 1<<62), 7),
		key("latency", "How long an answer takes: a time or two of them.", span(), "200ms", "50ms-2s"),
		key("errors", "How many requests are answered with an error, and not looked at.", percentage(), "10%"),
		key("error_statuses", "The statuses of those answers. Without them 500, 502 and 503.", listOf(integer(400, 599), 0), []any{429, 503}),
		key("drop_responses", "How many requests are carried out, and then not answered.", percentage(), "20%"),
		key("duplicate_webhooks", "How many events are posted twice.", percentage(), "10%"),
		key("reorder_webhooks", "How many events wait for up to ten seconds, so that later ones overtake them.", percentage(), "10%"),
		key("withhold_webhooks", "How many events are withheld for a while.", percentage(), "5%"),
		key("withhold_for", "For how long. Without it, 30 seconds to 5 minutes.", span(), "30s-5m"),
		key("lose_webhooks", "How many events are never posted.", percentage(), "1%"),
		key("omit_metadata", "How many events leave out the metadata of their message.", percentage(), "100%"),
	)
}

const percentForm = `^ *[0-9]+(\.[0-9]+)? *%$`

// percentage is from 0% to 100%.
func percentage() *schema {
	return &schema{Type: "string", Pattern: percentForm, PatternMessage: "a percentage such as 10% or 0.5%"}
}

// span is a time, or two of them.
func span() *schema {
	return &schema{
		Type:           "string",
		Pattern:        `^([0-9.]+(d|h|m|s|ms|us|ns))+( *- *([0-9.]+(d|h|m|s|ms|us|ns))+)?$`,
		PatternMessage: "a time such as 3s, or two of them such as 2s-10m",
	}
}
