package schema

// Flow is the schema of a file of the folder flows.
func Flow() []byte { return document(flow(), flowDefinitions()) }

func flow() *schema {
	return mapping("A flow", "What happens after an event, a reply or a point in time, step by step.",
		must(key("flow", "The name of the flow: the same as the name of its file.", name(), "order_shipped")),
		key("about", "What the flow is for, in a sentence.", text(), "Tell the customer that the order is on its way."),
		key("trigger", "The events that start a run: one trigger or a list. Every flow can also be called.", oneOrMore(ref("trigger"))),
		key("data", "The shape of the data that a run starts with. It adds what `events` in nudge.yaml does not declare.", fields(), example{"order_id": "string", "total": "number"}),
		key("entry", "When a trigger may start a run.", anyOf(entry()), example{"if_running": "skip"}),
		key("exit", "Lines that can end the run at any time: one line or a list. They are checked before everything else.", oneOrMore(ref("exit_line")),
			[]any{example{"event": "order.returned", "key": "event.order_id", "as": "returned"}}),
		key("category", "The category of the messages, one of `categories` in nudge.yaml. It sets their hours, their caps and their opt-outs.", name(), "orders"),
		key("account", "The account for the messages, one of `accounts` in nudge.yaml. Default: the default account.", name(), "orders"),
		key("from", "The sender of the messages: a Chat team, or `{ id, name }`.", from(), "Customer Services"),
		key("conversation", "The conversation of the messages. Default: that of the sender and the person.", &schema{AllOf: []*schema{text()}, Not: words("new")}, "order {{ data.order_id }}"),
		key("promises", "Limits that no run of the flow may exceed.", anyOf(promises()), example{"messages": 4, "ends": "14d"}),
		key("migrate", "What a deploy of this version does to runs of older versions, by the step where they are parked. Runs that no line names keep their version.", oneOrMore(migration()),
			[]any{example{"from": "wait_1", "to": "same"}, example{"from": "old_reminder", "exit": "outdated"}}),
		must(key("steps", "The steps, one after the other.", ref2("steps"), []any{example{"send": "shipped"}, example{"wait": "1d"}})),
	)
}

// example is a mapping among the examples.
type example = map[string]any

// ref2 is a reference that a key's words can stand beside: draft-07 ignores what
// stands beside a plain one.
func ref2(name string) *schema { return &schema{AllOf: []*schema{ref(name)}} }

// flowDefinitions is what the schema of a flow refers to.
func flowDefinitions() map[string]*schema {
	return map[string]*schema{
		"trigger": trigger(), "steps": steps(), "step": step(), "arm": arm(),
		"wait_line": line(inWait), "exit_line": line(inExit), "repeat_line": line(inRepeat), "collect_line": line(inCollect),
		"shape": shape(), "fields": fields(), "json": jsonValue(), "part": part(),
	}
}

func entry() *schema {
	return mapping("Entry", "When a trigger may start a run, by person and key.",
		key("if_running", "What happens while a run of the same person and key is live: `parallel` starts another (this is the default), `skip` does nothing, "+
			"`restart` ends the live one and starts again, `queue` starts when the live one has ended.",
			words("skip", "restart", "queue", "parallel"), "skip"),
		key("at_most", "How often a run may start: a number in all, or a number per period. A restart is not a start.", atMost(), 1, "1 per 90d"),
	)
}

func promises() *schema {
	return mapping("Promises", "Limits that no run of the flow may exceed.",
		key("messages", "The most messages in a run.", integer(1, 100_000), 4),
		key("ends", "A run ends within this time. `never`: it may live forever.", afterValue(), "14d", "never"),
	)
}

func migration() *schema {
	s := mapping("A migration", "Moves runs of older versions that are parked on a step: to the beginning of a step of this version, or to an end.",
		must(key("from", "The id of the step in the older version, or `any`.", name(), "wait_1")),
		key("to", "The id of a step of this version, or `same` for the one with the same id.", name(), "same"),
		key("exit", "The outcome to end with instead.", name(), "outdated"),
	)
	s.OneOf = exactlyOne("to", "exit")
	return s
}

// trigger is what starts a run. Which other keys may stand in it depends on its
// signal.
func trigger() *schema {
	s := mapping("A trigger", "What starts a run: an `event`, a `reply`, a schedule (`cron` or `every`) or one moment (`at`).",
		key("event", "The type of the event.", eventType(), "order.shipped"),
		key("key", "There is one live run per person and key, and later events find it by the key. It reads only the event.", expression(), "event.order_id"),
		key("to", "The person, or a list of people. Default: the person the event names. It reads only the event.", expression(), "event.customer"),
		key("reply", "`any`: a reply that no run waits for.", words("any"), "any"),
		key("before_waits", "The trigger gets the reply before any run that waits for one, and no run gets it after that.", truth(), true),
		key("cron", "A schedule: minute, hour, day, month and weekday.", &schema{Type: "string"}, "0 9 * * mon"),
		key("every", "A schedule: a time of day, on all days, on some days or on one of a month. With `timezone: local`, brackets give each person's own.", scheduleValue(), "mon-fri 09:00", "last day of month 18:00"),
		key("at", "Once, on a date at a time of day.", text(), "2026-12-24 09:00"),
		key("timezone", "The clock of the schedule: a time zone, or `local` for each person's own.", &schema{Type: "string"}, "local", "Europe/London"),
		key("max_delay", "How late the schedule may still fire. After that, it skips the time. Of an event's audience: how late a row may still start its run.", duration(), "6h"),
		key("audience", "The people of a schedule or of an event: a file (.csv or .jsonl), the stored profiles that match a condition, or the rows of a service.",
			anyOf(audienceFile(), audience()), "people.csv", example{"if": `profile.plan == "pro"`}),
		key("rate", "How fast messages go out.", &schema{Type: "string", Pattern: `^[1-9][0-9]{0,6}/(s|m|h)$`, PatternMessage: "for example 200/s or 1000/m"}, "200/s"),
		key("on_bad_row", "What happens at a bad row: `skip` it (the default) or `stop` the campaign.", words("skip", "stop"), "skip"),
		key("if", "Only if this is true.", condition(), "event.total > 0", `reply.keyword == "stop"`),
	)
	s.OneOf = exactlyOne("event", "reply", "cron", "every", "at")
	s.Dependencies = map[string]any{
		"key": []string{"event"}, "to": []string{"event"}, "before_waits": []string{"reply"}, "cron": []string{"timezone", "max_delay", "audience"},
		"every": []string{"timezone", "max_delay", "audience"},
		"at":    []string{"audience"},
	}
	s.Dependencies["timezone"] = anyOf(has("cron"), has("every"), has("at"))
	s.Dependencies["audience"] = anyOf(has("cron"), has("every"), has("at"), has("event"))
	for _, name := range []string{"rate", "on_bad_row", "max_delay"} {
		s.Dependencies[name] = anyOf(has("cron"), has("every"), has("at"), has("event", "audience"))
	}
	s.AllOf = append(s.AllOf, notTogether("to", "audience"))
	return s
}

// audienceFile is the name of a file of people.
func audienceFile() *schema {
	return &schema{Type: "string", Pattern: `\.(csv|jsonl)$`, PatternMessage: "a file that ends in .csv or .jsonl"}
}

func audience() *schema {
	s := mapping("An audience", "The people a schedule or an event is for.",
		key("file", "A file below `audiences`, with a row for each person.", audienceFile(), "people.csv"),
		key("if", "The stored profiles for which this is true. Beside `event`, it also reads the event.", condition(), `profile.plan == "pro"`),
		key("fetch", "A service that returns the people, page by page.", anyOf(pages()), example{"url": "https://people.example/v1/pro"}),
		key("profile", "The column or field that names the person. Default: `profile`.", text(), "customer_id"),
	)
	s.OneOf = exactlyOne("file", "if", "fetch")
	return s
}

func pages() *schema {
	return mapping("Pages", "People that a service lists, page by page. The next page comes from the `Link` header, unless there is a `cursor`.",
		must(key("url", "The address of the first page.", text(), "https://people.example/v1/pro")),
		key("headers", "Headers of the request.", &schema{Type: "object", Additional: text()}, example{"Accept-Language": "en"}),
		key("items", "The path of the list of people in an answer. Default: the answer itself.", text(), "data.people"),
		key("cursor", "The path of the cursor for the next page in an answer. An answer without it is the last page.", text(), "meta.next"),
		key("parameter", "The query parameter for the cursor. Default: `cursor`.", text(), "after"),
	)
}
