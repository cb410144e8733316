package schema

// Template is the schema of a file of the folder templates, and of one of its partials.
func Template() []byte {
	s := mapping("A template", "The content of a message. Every text is a template: `{{ data.order_id }}`.", messageKeys()...)
	s.AnyOf = says()
	s.AllOf = messageRules()
	return document(s, map[string]*schema{"json": jsonValue(), "part": part()})
}

// messageKeys is the keys of a message, in a file or in a send.
func messageKeys() []property {
	return []property{
		key("body", "The text of the message.", text(), "Your order {{ data.order_id }} is on its way."),
		key("parts", "The parts of the message, if it is more than a text.", listOf(ref("part"), 1),
			[]any{example{"type": "image/png", "url": "https://shop.example/{{ data.order_id }}.png"}}),
		key("alert", "The push notification.", anyOf(alert()), example{"title": "On its way"}),
		key("metadata", "Values for your app. A value that is a single action keeps its type.", open(), example{"order": "{{ data.order_id }}"}),
		key("from", "The sender: a Chat team, or `{ id, name }`. Default: that of the flow, or of nudge.yaml.", from(), "Customer Services"),
		key("conversation", "The conversation; `new`: the provider begins one for this message. Default: the flow's, else that of the sender and the person.", text(), "order {{ data.order_id }}"),
		key("rules", "The channels in the order to try.", listOf(text(), 1), []any{"appMessaging", "sms"}),
		key("ruleSet", "The name of a rule set, instead of `rules`.", text(), "urgent"),
		key("title", "The title, for channels that show one.", text(), "Order {{ data.order_id }}"),
		key("templateId", "The id of a template kept at the provider, instead of `body` and `parts`.", text(), "order-shipped"),
		key("addresses", "Further addresses of the person, by the provider's names. The provider remembers them.", &schema{Type: "object", Additional: text()},
			example{"phoneNumber": "{{ profile.phone }}"}),
		key("channelOptions", "Options of other channels, by channel.", open(), example{"sms": example{"from": "Acme"}}),
		key("customBody", "Content instead of the body, by channel; for `appMessaging`, `parts`.", open(),
			example{"sms": example{"body": "Order {{ data.order_id }}"}}),
		key("overrides", "Settings for a new conversation, as the provider has them.", open(),
			example{"appMessaging": example{"conversation": example{"name": "Order {{ data.order_id }}"}}}),
		key("requireOptIn", "The provider refuses the message unless the person opted in to one of the channels.", &schema{Type: "boolean"}, true),
	}
}

// says is that a message says something.
func says() []*schema {
	return []*schema{has("body"), has("parts"), has("templateId"), has("customBody")}
}

func messageRules() []*schema {
	return []*schema{
		notTogether("body", "parts"), notTogether("rules", "ruleSet"),
		notTogether("templateId", "body"), notTogether("templateId", "parts"),
		{AnyOf: []*schema{notTogether("templateId", "alert"), has("customBody")}},
		{AnyOf: []*schema{notTogether("templateId", "metadata"), has("customBody")}},
	}
}

// open is a mapping whose keys are the provider's.
func open() *schema { return &schema{Type: "object", Additional: ref("json")} }

func part() *schema {
	s := mapping("A part", "One part of a message: `data`, `text`, `file`, `url` or `json`.",
		key("name", "Its name.", text(), "picture"),
		key("type", "Its media type. Default for `json`: application/json.", text(), "text/plain", "image/png"),
		key("data", "Data that is sent as it is: text, or base64 if the type is not `text/*` or JSON.", text(), "Hello {{ profile.first_name }}"),
		key("text", "Text that is base64-encoded if the type is not `text/*` or JSON.", text(), "{{ data.order_id }}"),
		key("file", "A file of the project, at most 1 MiB, base64-encoded if the type is not `text/*` or JSON.", &schema{Type: "string"}, "images/logo.png"),
		key("url", "Its address.", text(), "https://shop.example/{{ data.order_id }}.png"),
		key("json", "A value, sent as JSON. Its texts may be templates.", ref2("json"), example{"id": "{{ data.order_id }}"}),
		key("size", "Its size in bytes. Nudge knows the size of `file` and of encoded text.", &schema{Type: "integer", Minimum: new(int)}, 2048),
		key("channels", "The channels that get it. Default: all.", listOf(&schema{Type: "string"}, 1), []any{"appMessaging"}),
	)
	s.OneOf = exactlyOne("data", "text", "file", "url", "json")
	s.AnyOf = []*schema{has("type"), has("json")}
	return s
}

func alert() *schema {
	s := mapping("An alert", "What the phone shows: `title` and `body`, or `platforms`.",
		key("title", "Its title.", text(), "On its way"),
		key("body", "Its text.", text(), "Order {{ data.order_id }}"),
		key("platforms", "Payloads for Apple's and Google's services, instead of title and body.", anyOf(platforms()), example{"apns": example{"badge": 1}}),
	)
	s.MinProperties = 1
	return s
}

func platforms() *schema {
	return mapping("Platforms", "The payloads of the push services.",
		key("apns", "The payload for Apple's service.", open(), example{"badge": 1}),
		key("fcm", "The payload for Google's service.", open(), example{"data": example{"order": "{{ data.order_id }}"}}),
	)
}

// from is who a message is from.
func from() *schema { return anyOf(text(), sender()) }

func sender() *schema {
	return mapping("A sender", "A profile with a name.",
		must(key("id", "The profile.", text(), "shop")),
		key("name", "The name that people see.", text(), "The Shop"),
		key("avatar", "The URL of a picture.", text(), "https://shop.example/logo.png"),
	)
}

// jsonValue is any value whose leaves may be templates.
func jsonValue() *schema {
	return &schema{Title: "A value", AnyOf: []*schema{
		{Type: []string{"string", "number", "boolean", "null"}},
		{Type: "array", Items: ref("json")},
		{Type: "object", Additional: ref("json")},
	}}
}

// ofTheMessage is the keys of a message that a send with a template does not have.
var ofTheMessage = []string{
	"body", "parts", "alert", "metadata", "ruleSet",
	"title", "templateId", "addresses", "channelOptions", "customBody", "overrides", "requireOptIn",
}

// send is a message with how it is sent.
func send() *schema {
	keys := append([]property{
		key("template", "The template. Without it, the message itself is here.", name(), "shipped"),
	}, messageKeys()...)
	keys = append(keys,
		key("category", "Its category, instead of the flow's.", name(), "service"),
		key("window", "The hours in which it may go out, inside the hours of the category.", window(), "09:00-20:00"),
		key("max_delay", "How late the message is still useful. After that it is not sent.", duration(), "30m"),
		key("account", "The account, instead of the flow's.", name(), "main"),
		key("expires", "How long the provider tries to deliver it.", duration(), "2d"),
		key("on_unknown", "What happens if nobody can know whether it was accepted: `continue`, `resend` or `fail`.", words("continue", "resend", "fail"), "resend"),
	)
	s := mapping("A send", "A template by its name, or the message itself, and how it is sent.", keys...)
	s.AnyOf = append(says(), has("template"))
	s.AllOf = messageRules()
	for _, own := range ofTheMessage {
		s.AllOf = append(s.AllOf, notTogether("template", own))
	}
	return s
}
