package schema

// verbs in the order in which they are listed to authors.
var verbs = []string{
	"send", "wait", "branch", "split", "repeat", "collect", "set", "emit", "start", "fetch", "opt_out", "opt_in", "exit",
}

func steps() *schema { return listOf(ref("step"), 1) }

// step is an id, a condition and one verb.
func step() *schema {
	s := mapping("A step", "One verb, and if you like an `id` and an `if`.",
		key("id", "The name by which later steps, conditions and templates ask for this one. Without it, the template's name for a send, else the verb with its number.", name(), "asked"),
		key("if", "Only if this holds; else the run goes on to the next step.", condition(), "data.total > 0"),
		key("send", "Send a message: the name of a template, or a mapping with it or with the message itself.", anyOf(name(), send()), "shipped", example{"template": "thanks", "from": "Billing Team"}),
		key("wait", "Wait for so long, or until the first of these lines happens.", anyOf(duration(), waitLine(), waitLines()), "1d", []any{example{"read": "shipped"}, example{"after": "24h"}}),
		key("branch", "Take the first arm whose condition holds.", listOf(ref("arm"), 1),
			[]any{example{"if": "data.total > 100", "then": []any{example{"send": "thanks"}}}, example{"else": []any{example{"exit": "small"}}}}),
		key("split", "Deal people to arms by weight. The same person always gets the same arm.", listOf(share(), 2),
			[]any{example{"weight": 50, "then": []any{example{"send": "text_a"}}}, example{"weight": 50, "then": []any{example{"send": "text_b"}}}}),
		key("repeat", "Take steps several times. `round` is 1, 2, 3.", anyOf(repeat()),
			example{"times": 3, "every": "1d", "until": []any{example{"read": "any"}}, "steps": []any{example{"send": "please_sign"}}}),
		key("collect", "Gather events. Later they are `STEP.items` and `STEP.count`.", anyOf(collect()),
			example{"event": "comment.created", "until": []any{example{"quiet": "10m"}, example{"after": "1h"}}}),
		key("set", "Set variables (`vars.name`) and fields of the profile (`profile.name`). `=` makes an expression.", assignments(),
			example{"tier": "gold", "score": "= asked.reply.number * 10", "profile.plan": "pro"}),
		key("emit", "Make an event, which names the run's person.", anyOf(emit()), example{"event": "nps.scored", "data": example{"score": "= asked.reply.number"}}),
		key("start", "Start a run of another flow for the same person.", anyOf(start()), example{"flow": "welcome"}),
		key("fetch", "Ask an HTTP service. The answer is `STEP.status` and `STEP.json`.", anyOf(fetch()), example{"url": "https://reports.example/v1/{{ profile.id }}"}),
		key("opt_out", "The person wants to hear nothing more: of `all`, or of one category.", name(), "all", "cart"),
		key("opt_in", "The person wants to hear again: of `all`, or of one category.", name(), "all", "cart"),
		key("exit", "End the run: the name of its outcome, or `{ as, goal }`.", anyOf(name(), exit()), "handed_over", example{"as": "paid", "goal": true}),
	)
	s.OneOf = exactlyOne(verbs...)
	return s
}

func arm() *schema {
	s := mapping("An arm of a branch", "`if` and `then`; the last one may be `else`.",
		key("if", "The condition of this arm.", condition(), "asked.reply.number >= 9"),
		key("then", "Its steps.", ref2("steps"), []any{example{"exit": "promoter"}}),
		key("else", "The steps where no condition holds. It stands last.", ref2("steps"), []any{example{"exit": "other"}}),
	)
	s.OneOf = []*schema{has("if", "then"), has("else")}
	return s
}

func share() *schema {
	return mapping("An arm of a split", "Its weight among all arms, and its steps.",
		must(key("weight", "Its part of all the weights together.", integer(1, 10000), 50)),
		key("then", "Its steps. Without them, nothing is done for those people.", ref2("steps"), []any{example{"send": "text_a"}}),
	)
}

func repeat() *schema {
	return mapping("A loop", "Steps that are taken several times.",
		must(key("times", "At most so often.", integer(1, 100), 3)),
		key("every", "How long each round lasts, the last one too. Without it, the rounds follow at once.", duration(), "1d"),
		key("until", "What ends the loop, at any moment of it: one line or a list.", oneOrMore(ref("repeat_line")), []any{example{"read": "any"}}),
		must(key("steps", "The steps of a round.", ref2("steps"), []any{example{"send": "please_sign"}})),
	)
}

func collect() *schema {
	return mapping("A collection", "Events that are gathered.",
		must(key("event", "The type of the events.", eventType(), "comment.created")),
		key("key", "By which they find the run; it reads only the event. `any`: all of the person the event names.", expression(), "event.doc_id", "any"),
		key("if", "Only those of which this holds.", condition(), "event.author_id != event.owner_id"),
		key("include_trigger", "The event that started the run is the first item.", truth(), true),
		must(key("until", "What ends it: one line or a list. One of them must come for sure.", oneOrMore(ref("collect_line")), []any{example{"quiet": "10m"}, example{"after": "1h"}})),
	)
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
		key("data", "What it starts with. `=` makes an expression.", assignments(), example{"order_id": "= data.order_id"}),
		key("wait", "Wait until that run has ended; its outcome is `STEP.outcome`.", truth(), true),
	)
}

func fetch() *schema {
	s := mapping("A request", "A question to an HTTP service.",
		must(key("url", "The address, http or https. It may have templates in it.", text(), "https://reports.example/v1/{{ urlquery profile.id }}")),
		key("method", "The method. Without it `GET`, or `POST` where something is sent.", words("GET", "POST", "PUT", "PATCH", "DELETE"), "POST"),
		key("headers", "Headers by name. They may have templates in them.", &schema{Type: "object", Additional: text()}, example{"Accept-Language": "{{ profile.locale }}"}),
		key("json", "What is sent, as JSON. Its texts may be templates.", ref2("json"), example{"order": "{{ data.order_id }}"}),
		key("form", "What is sent, as a form. Its texts may be templates.", &schema{Type: "object", Additional: text()}, example{"order": "{{ data.order_id }}"}),
		key("timeout", "How long one attempt may take.", duration(), "5s"),
		key("retries", "How many attempts follow the first one where there is no answer, or 429 or 5xx.", integer(0, 5), 2),
		key("on_error", "The steps where there is no good answer.", ref2("steps"), []any{example{"exit": "no_report"}}),
	)
	s.AllOf = []*schema{notTogether("json", "form")}
	return s
}

func exit() *schema {
	return mapping("An end", "How the run ends.",
		key("as", "The name of the outcome.", name(), "paid"),
		key("goal", "It is what the flow is for.", truth(), true),
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

func comes() *schema { return anyOf(has("after"), has("at")) }
