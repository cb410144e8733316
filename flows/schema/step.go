package schema

// verbs in the order in which they are listed to authors.
var verbs = []string{
	"send", "wait", "branch", "split", "repeat", "collect", "set", "emit", "start", "fetch", "opt_out", "opt_in", "exit",
}

func steps() *schema { return listOf(ref("step"), 1) }

// step is an id, a condition and one verb.
func step() *schema {
	s := mapping("A step", "One verb, and if you like an `id` and an `if`.",
		key("id", "The name of this step for later steps, conditions and templates. Default: the template's name for a send, else the verb with its number.", name(), "asked"),
		key("if", "Only if this is true. Otherwise the run continues with the next step.", condition(), "data.total > 0"),
		key("send", "Send a message: the name of a template, or a mapping with the template or the message itself.", anyOf(name(), send()), "shipped", example{"template": "thanks", "from": "Billing Team"}),
		key("wait", "Wait for a duration, or until the first of these lines happens.", anyOf(waitTime(), waitLine(), waitLines()), "1d", "4h of work", []any{example{"read": "shipped"}, example{"after": "24h"}}),
		key("branch", "Take the first arm whose condition is true. Later its name is `STEP.outcome`.", listOf(ref("arm"), 1),
			[]any{example{"if": "data.total > 100", "then": []any{example{"send": "thanks"}}}, example{"else": []any{example{"exit": "small"}}}}),
		key("split", "Divide people among arms by weight. The same person always gets the same arm. Later its name is `STEP.outcome`.", listOf(share(), 2),
			[]any{example{"as": "short", "weight": 50, "then": []any{example{"send": "text_a"}}}, example{"as": "long", "weight": 50, "then": []any{example{"send": "text_b"}}}}),
		key("repeat", "Run steps several times. `round` is 1, 2, 3.", anyOf(repeat()),
			example{"times": 3, "every": "1d", "until": []any{example{"read": "any"}}, "steps": []any{example{"send": "please_sign"}}}),
		key("collect", "Collect events. Later they are `STEP.items` and `STEP.count`.", anyOf(collect()),
			example{"event": "comment.created", "until": []any{example{"quiet": "10m"}, example{"after": "1h"}}}),
		key("set", "Set variables (`vars.name`) and fields of the profile (`profile.name`). `=` makes an expression.", assignments(),
			example{"tier": "gold", "score": "= asked.reply.number * 10", "profile.plan": "pro"}),
		key("emit", "Emit an event that names the run's person.", anyOf(emit()), example{"event": "nps.scored", "data": example{"score": "= asked.reply.number"}}),
		key("start", "Start a run of another flow, for the same person or for another one.", anyOf(start()), example{"flow": "welcome"}),
		key("fetch", "Send a request to an HTTP service. The answer is `STEP.status` and `STEP.json`.", anyOf(fetch()), example{"url": "https://reports.example/v1/{{ profile.id }}"}),
		key("opt_out", "Opt the person out of `all`, or of one category.", name(), "all", "cart"),
		key("opt_in", "Opt the person in to `all`, or to one category.", name(), "all", "cart"),
		key("exit", "End the run: the name of its outcome, or `{ as, goal }`.", anyOf(name(), exit()), "handed_over", example{"as": "paid", "goal": true}),
	)
	s.OneOf = exactlyOne(verbs...)
	return s
}

func arm() *schema {
	s := mapping("An arm of a branch", "`if` and `then`; the last one may be `else`.",
		key("if", "The condition of this arm.", condition(), "asked.reply.number >= 9"),
		key("then", "Its steps.", ref2("steps"), []any{example{"exit": "promoter"}}),
		key("else", "The steps if no condition is true. It must be the last arm.", ref2("steps"), []any{example{"exit": "other"}}),
		key("as", "Its name. Default: `arm_1`, `arm_2` and so on, and `else`.", name(), "promoter"),
	)
	s.OneOf = []*schema{has("if", "then"), has("else")}
	return s
}

func share() *schema {
	return mapping("An arm of a split", "Its weight among all arms, and its steps.",
		must(key("as", "Its name, by which its results are counted.", name(), "short")),
		must(key("weight", "Its share of the sum of all weights.", integer(1, 10000), 50)),
		key("then", "Its steps. Without them, these people skip to the next step.", ref2("steps"), []any{example{"send": "text_a"}}),
	)
}

func repeat() *schema {
	return mapping("A loop", "Steps that run several times.",
		key("times", "The most rounds. Without it the loop goes on until a line of `until` or an exit ends it, and each round must take time.", integer(1, 100), 3),
		key("every", "How long each round lasts, also the last one: a duration, or until the next such time of day after its steps. Without it, the rounds follow at once.",
			anyOf(duration(), clockValue()), "1d", "mon-fri 09:00"),
		key("until", "Lines that can end the loop at any time: one line or a list.", oneOrMore(ref("repeat_line")), []any{example{"read": "any"}}),
		must(key("steps", "The steps of a round.", ref2("steps"), []any{example{"send": "please_sign"}})),
	)
}

func collect() *schema {
	s := mapping("A collection", "Events that are gathered.",
		must(key("event", "The type of the events, or a list of types. With several, `event` of an item is its type.", oneOrMore(eventType()), "comment.created", []any{"comment.created", "comment.edited"})),
		key("key", "The key by which they find the run; it reads only the event. `any`: all runs of the person the event names.", expression(), "event.doc_id", "any"),
		key("by", "Whom an event must name; it reads the run. It needs a `key`, and an event that names nobody does not count.", expression(), "profile.id", "data.seller"),
		key("if", "Only events for which this is true.", condition(), "event.author_id != event.owner_id"),
		key("unique", "An item with the same value takes the earlier one's place. It reads only the event.", expression(), "event.comment_id"),
		key("remove", "The type of events, or a list of types, that take back the item with the same `unique`.", oneOrMore(eventType()), "comment.deleted"),
		key("include_trigger", "The event that started the run is the first item.", truth(), true),
		must(key("until", "Lines that end it: one line or a list. One of them must be sure to happen.", oneOrMore(ref("collect_line")), []any{example{"quiet": "10m"}, example{"after": "1h"}})),
	)
	s.AllOf = []*schema{anyOf(hasNot("remove"), has("unique"))}
	s.Dependencies = map[string]any{"by": []string{"key"}}
	return s
}

func emit() *schema {
	return mapping("An event", "An event of the run's own.",
		must(key("event", "Its type.", eventType(), "nps.scored")),
		key("data", "Its data. `=` makes an expression.", assignments(), example{"score": "= asked.reply.number"}),
	)
}

func start() *schema {
	return mapping("A call", "A run of another flow.",
		must(key("flow", "The flow.", name(), "welcome")),
		key("to", "The person whose run it is. Default: the person of this run.", expression(), "data.lead"),
		key("key", "The key of that run. Required if its flow has lines with a key.", expression(), "data.id"),
		key("data", "The data it starts with. `=` makes an expression.", assignments(), example{"order_id": "= data.order_id"}),
		key("wait", "Wait until that run ends. Its outcome is `STEP.outcome`, or `skipped` or `refused` if no run started at once.", truth(), true),
	)
}

func fetch() *schema {
	s := mapping("A request", "A question to an HTTP service.",
		must(key("url", "The address, http or https. It may contain templates.", text(), "https://reports.example/v1/{{ urlquery profile.id }}")),
		key("method", "The method. Default: `GET`, or `POST` with a body.", words("GET", "POST", "PUT", "PATCH", "DELETE"), "POST"),
		key("headers", "Headers by name. They may contain templates.", &schema{Type: "object", Additional: text()}, example{"Accept-Language": "{{ profile.locale }}"}),
		key("json", "The body as JSON. Its texts may be templates.", ref2("json"), example{"order": "{{ data.order_id }}"}),
		key("form", "The body as a form. Its texts may be templates.", &schema{Type: "object", Additional: text()}, example{"order": "{{ data.order_id }}"}),
		key("shape", "The shape of the answer. An answer without it is no good answer. What it declares needs no default.", fields(), example{"visits": "number"}),
		key("timeout", "How long one attempt may take.", duration(), "5s"),
		key("retries", "How many attempts follow the first one after no answer, 429 or 5xx.", integer(0, 5), 2),
		key("on_error", "The steps if there is no good answer.", ref2("steps"), []any{example{"exit": "no_report"}}),
	)
	s.AllOf = []*schema{notTogether("json", "form")}
	return s
}

func exit() *schema {
	return mapping("An end", "How the run ends.",
		key("as", "The name of the outcome.", name(), "paid"),
		key("goal", "It reaches the flow's goal.", truth(), true),
	)
}

// waitLine is a wait of one line, which must be one that comes for sure.
func waitLine() *schema {
	return &schema{AllOf: []*schema{ref("wait_line"), comes()}}
}

// waitLines is a list of lines, of which one must come for sure.
func waitLines() *schema {
	s := listOf(ref("wait_line"), 1)
	s.Contains = comes()
	return s
}

func comes() *schema { return anyOf(has("after"), has("at"), has("open")) }
