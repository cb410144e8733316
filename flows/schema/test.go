package schema

// Test is the schema of a file of the folder tests.
func Test() []byte {
	return document(test(), map[string]*schema{
		"test": story(), "move": move(), "expectation": expectation(), "answer": answer(), "part": expectedPart(), "replyPart": replyPart(),
	})
}

func test() *schema {
	s := mapping("Tests", "Stories of flows, which nudge test plays in virtual time.",
		key("flow", "The flow under test. Flows that it starts are there too.", name(), "order_shipped"),
		key("flows", "The flows under test, if there are several.", listOf(name(), 1), []any{"order_buyer", "order_seller"}),
		key("people", "The people in the stories: their profiles, and what they do by themselves.",
			&schema{Type: "object", Additional: anyOf(person(), &schema{Type: "null"})}, example{"ann": example{"timezone": "Europe/London"}}),
		must(key("tests", "The tests.", listOf(ref("test"), 1), []any{example{"name": "read in time", "start": "2026-03-02 10:00 Europe/London", "story": []any{example{"event": "order.shipped"}}}})),
	)
	s.OneOf = exactlyOne("flow", "flows")
	return s
}

// person is what is known of somebody: anything beside the keys that say what they do.
func person() *schema {
	s := mapping("A person", "What is known of the person, by the profile in nudge.yaml, and what they do by themselves.",
		key("timezone", "Their time zone.", text(), "Europe/London"),
		key("does", "What they do with every message, as in nudge dev. Default: nothing.", text(), "reads after 3s", `never reads, replies "yes" after 1h`),
		key("fails", "Every message to them fails: `true`, or the reason.", text(), true, "no such device"),
	)
	s.Additional = nil
	return s
}

func story() *schema {
	return mapping("A test", "One story.",
		must(key("name", "What it shows, in a few words.", text(), "unread for a day, so one reminder")),
		must(key("start", "When it begins: a day, a time and the story's time zone.", &schema{
			Type: "string", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2} +[0-9]{2}:[0-9]{2} +\S+$`, PatternMessage: "for example 2026-03-02 10:00 Europe/London",
		}, "2026-03-02 10:00 Europe/London")),
		key("arms", "The arms that splits deal, by the ids of the splits. Default: by the person, as in a real run.", arms(), example{"offer": "short"}),
		key("each", "`people`: the story is played for each person of the file, alone. It names nobody with `by`, and its snapshots are kept by person.", words("people"), "people"),
		key("answers", "The answers of HTTP services, by the ids of the fetch steps.", answers(), example{"report": example{"json": example{"visits": 1200}}}),
		must(key("story", "Events and expectations, one after the other.", &schema{Type: "array", Items: ref("move")},
			[]any{example{"event": "order.shipped", "data": example{"order_id": "A1"}}, example{"expect": "shipped"}, example{"read": "shipped"}})),
	)
}

func answers() *schema { return &schema{Type: "object", Additional: ref("answer")} }

func arms() *schema { return &schema{Type: "object", Additional: name()} }

func answer() *schema {
	return mapping("An answer", "What a service answers.",
		key("status", "The status. Default: 200.", integer(100, 599), 500),
		key("json", "The body.", &schema{}, example{"visits": 1200}),
		key("error", "There is no answer; this is the reason.", text(), "timed out"),
		key("after", "It takes so long. Beyond the `timeout` of the step there is no answer.", duration(), "3s"),
	)
}

// moves are the words of which a line of a story has one.
var moves = []string{
	"event", "call", "reply", "sent", "delivered", "read", "failed", "expired", "profile", "arms", "answers", "after", "at", "expect",
}

func move() *schema {
	s := mapping("A move", "One thing that happens, or what is expected by then.",
		key("event", "An event of this type happens.", eventType(), "order.shipped"),
		key("call", "The flow is called for a person.", name(), "order_shipped"),
		key("reply", "A person writes this, as an answer to their newest message, unless `message` or `conversation` says otherwise.", text(), "Help, please"),
		key("conversation", "The conversation of the reply; without `message` the reply answers no message of its own. `\"\"` is none.", text(), "nudge_ann"),
		key("message", "The message that the reply answers: the newest of this template or step.", message(), "shipped"),
		key("parts", "The parts of the reply, as `reply.parts` has them.", listOf(ref("replyPart"), 1), []any{example{"type": "image/png", "url": "https://shop.example/cat.png"}}),
		key("metadata", "What the person's app writes beside the reply, as `reply.metadata` has it.", &schema{}, example{"screen": "orders"}),
		key("nth", "Which message of that name is meant, beside a receipt or `message`: `1` is the first. Default: the newest.", integer(1, 100000), 1),
		key("sent", "The message went out. The provider reports this for every message by itself.", message(), "shipped"),
		key("delivered", "The newest message of this template or step, or `any`, reached its person.", message(), "shipped"),
		key("read", "The newest message of this template or step, or `any`, was read.", message(), "shipped", "any"),
		key("failed", "The newest message of this template or step, or `any`, did not arrive.", message(), "shipped"),
		key("expired", "The newest message of this template or step, or `any`, came too late.", message(), "shipped"),
		key("profile", "A person's profile changes; `null` removes a field.", &schema{Type: "object"}, example{"plan": "pro"}),
		key("arms", "The arms that splits deal from here on.", arms(), example{"offer": "short"}),
		key("answers", "The answers of services from here on.", answers(), example{"report": example{"status": 500}}),
		key("after", "This much time passes: `h` is elapsed time, `d` is a calendar day.", duration(), "3d", "90m"),
		key("at", "Time passes until this moment, the next of its kind: `11:00`, `thu 11:00` or `2026-03-05 11:00`, also with seconds: `11:00:30`.", text(), "thu 11:00"),
		key("expect", "The expected result: the name of a message, `nothing`, a mapping, or a list of them. Name all messages.", oneOrMore(ref("expectation")),
			"shipped", "nothing", example{"end": "completed"}),
		key("by", "The person who does it, or whose message it is. With one person in the file, that person. `nobody`: the event names nobody.", text(), "ann"),
		key("id", "The id of the event. The same id again is a redelivery, which changes nothing.", text(), "e1"),
		key("data", "The data of the event, or of the call.", &schema{Type: "object"}, example{"order_id": "A1"}),
		key("key", "The key of the run that is called.", text(), "A1"),
		key("times", "How often the event happens, one after the other.", integer(1, 1000), 50),
		key("reason", "Why the message did not arrive.", text(), "no such device"),
	)
	s.OneOf = exactlyOne(moves...)
	return s
}

func replyPart() *schema {
	return mapping("A part of a reply", "A text, a picture, or data of the person's app.",
		must(key("type", "Its media type.", text(), "image/png")),
		key("name", "Its name.", text(), "cat.png"),
		key("url", "Its address.", text(), "https://shop.example/cat.png"),
		key("data", "Its content: a text, or any value.", &schema{}, "Hello", example{"choice": "b"}),
	)
}

func expectation() *schema {
	return anyOf(text(), expected())
}

func expected() *schema {
	s := mapping("An expectation", "What must have happened: a message, what was held back, an end, an event, a wait, or a start that did not happen.",
		key("message", "A message went out: the name of its template, or of its step. It must match the other keys here.", message(), "shipped"),
		key("to", "The person of a message or an unsent message.", text(), "ann"),
		key("at", "When, by the clock of the person who gets it: to the minute, or to the second.", text(), "tue 09:00"),
		key("text", "The whole text.", text(), "Hello Ann"),
		key("contains", "Pieces of the text: one or a list.", texts(), "Hello", []any{"Ann", "order A1"}),
		key("matches", "A regular expression that the text matches.", text(), "^Hello [A-Z]"),
		key("from", "The sender's name or id.", text(), "Customer Services"),
		key("conversation", "The conversation. Those that the provider assigns are `new_1`, `new_2` and so on.", text(), "order A1"),
		key("alert", "The push notification.", anyOf(expectedAlert()), example{"title": "On its way"}),
		key("parts", "The parts, all of them.", listOf(ref("part"), 1), []any{example{"type": "image/png"}}),
		key("metadata", "Values for your app; there may be others.", &schema{Type: "object"}, example{"order": "A1"}),
		key("rules", "The channels in the order to try.", texts(), []any{"appMessaging", "sms"}),
		key("snapshot", "The whole message equals the one in tests/snapshots with this name; `nudge test --update` writes it.", name(), "shipped"),
		key("unsent", "A message was held back: the name of its template, or of its step.", message(), "reminder"),
		key("reason", "Why something was unsent or skipped; a part of the text is enough.", text(), "held too long"),
		key("end", "A run has ended with this outcome.", name(), "completed"),
		key("goal", "Whether that reached the flow's goal.", truth(), true),
		key("flow", "The flow of the run.", name(), "order_shipped"),
		key("of", "The person of the run.", text(), "ann"),
		key("event", "A run emitted an event of this type.", eventType(), "nps.scored"),
		key("data", "The data of the event; there may be other fields. `null`: the field is absent.", &schema{Type: "object"}, example{"score": 4}),
		key("wait", "A run waits at this step, or its wait there has ended with an `outcome`.", name(), "wait_1"),
		key("until", "The end of the wait, by the person's clock.", text(), "tue 10:00"),
		key("outcome", "How the wait ended.", name(), "read"),
		key("skipped", "A start of this flow did not happen.", name(), "order_shipped"),
		key("fetch", "A service was asked by this step. Fetches need not all be named.", name(), "report"),
		key("any_order", "These, in any order.", listOf(ref("expectation"), 1), []any{"shipped", example{"message": "invoice", "to": "bob"}}),
	)
	s.OneOf = exactlyOne("message", "unsent", "end", "event", "wait", "skipped", "fetch", "any_order")
	return s
}

func expectedAlert() *schema {
	return mapping("An expected alert", "The push notification.",
		key("title", "Its title.", text(), "On its way"),
		key("body", "Its text.", text(), "Order A1"),
	)
}

func expectedPart() *schema {
	return mapping("An expected part", "One part of a message. What does not stand here may be anything.",
		key("name", "Its name.", text(), "picture"),
		key("type", "Its media type.", text(), "image/png"),
		key("data", "Its text.", text(), "Hello"),
		key("url", "Its address.", text(), "https://shop.example/A1.png"),
	)
}
