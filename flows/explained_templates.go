package flows

// explainedTemplates is the codes about templates.
var explainedTemplates = []explanation{
	{"template-syntax", `The text is not a valid template, or gives a function what it does not take. What stands
between {{ and }} is a value, such as data.order_id, or a function and its values,
separated by spaces: {{ truncate data.note 60 }}. An if, range or with is closed by
{{ end }}.`,
		`# templates/hello.yaml
body: "{{ if data.order_id }}Your order {{ data.order_id }}"`,
		`# templates/hello.yaml
body: "Your order{{ if data.order_id }} {{ data.order_id }}{{ end }}"`},
	{"merge-field", `The message has {{ in it after it was made, or a key is a template. The provider would
take the braces for a field of its own and put something else in their place. A message
that gets them from its data is not sent: it is unsent, for the reason merge_field. Where
you mean the provider's fields, write merge_fields: allow in nudge.yaml and
{{ "{{profile.email}}" }} in the template.`,
		`# templates/hello.yaml
body: Hello
metadata: { "{{ data.order_id }}": yes }`,
		`# templates/hello.yaml
body: Hello
metadata: { order: "{{ data.order_id }}" }`},
	{"platforms-win", `A warning: the alert has a title or body beside platforms. The provider then ignores the
title and body; put them into the platforms.`,
		`# templates/hello.yaml
body: Hello
alert: { title: Hello, platforms: { apns: { badge: 1 } } }`,
		`# templates/hello.yaml
body: Hello
alert: { platforms: { apns: { badge: 1, alert: Hello } } }`},
	{"mixed-channels", `A warning: the message has channelOptions and a customBody, for different channels. One
page of the provider says that it takes only one of them in a request, another that only
the same channel may not have both. An alert, metadata and parts of app messaging's own
are sent as a customBody. Try it with your account before you rely on it.`,
		`# templates/hello.yaml
body: Hello
alert: { title: Hello }
rules: [appMessaging, sms]
channelOptions: { sms: { from: Acme } }`,
		`# templates/hello.yaml
body: Hello
rules: [appMessaging, sms]
channelOptions: { sms: { from: Acme } }`},
	{"lost-key", `A warning: nothing of what the key says reaches the person. The provider takes the picture
of a sender only where there is no alert, no metadata and no customBody for app messaging.`,
		`# templates/hello.yaml
body: Hello
alert: { title: Hello }
from: { id: acme, name: Acme, avatar: "https://acme.example/a.png" }`,
		`# templates/hello.yaml
body: Hello
from: { id: acme, name: Acme, avatar: "https://acme.example/a.png" }`},
	{"bad-encoding", `The part's data is sent as it is, and data of its type has to be in base64. Write text
instead of data, or file, which are put into base64 for you.`,
		`# templates/hello.yaml
parts: [ { type: text/plain, data: Hello }, { type: application/pdf, data: "not base64!" } ]`,
		`# templates/hello.yaml
parts: [ { type: text/plain, data: Hello }, { type: application/pdf, text: "encoded for you" } ]`},
	{"bad-file", `The file of a part cannot be sent: it is not there, it is not below the project's folder,
or it is larger than 1 MiB. What is larger is sent by its url.`,
		`# templates/hello.yaml
parts: [ { type: image/png, file: images/logo.png } ]`,
		`# templates/hello.yaml
parts: [ { type: image/png, url: "https://acme.example/logo.png" } ]`},
	{"unknown-partial", `The template includes a partial that the project does not have. The partial footer stands
in templates/partials/footer.yaml.`,
		`# templates/hello.yaml
body: 'Hello {{ partial "foter" }}'
# templates/partials/footer.yaml
body: Yours, Acme`,
		`# templates/hello.yaml
body: 'Hello {{ partial "footer" }}'
# templates/partials/footer.yaml
body: Yours, Acme`},
	{"partial-in-itself", `A partial includes itself, directly or by way of others. The text would never end.`,
		`# templates/hello.yaml
body: 'Hello {{ partial "footer" }}'
# templates/partials/footer.yaml
body: 'Yours {{ partial "footer" }}'`,
		`# templates/hello.yaml
body: 'Hello {{ partial "footer" }}'
# templates/partials/footer.yaml
body: Yours, Acme`},
	{"bad-locale", `The name of the file, or nudge.yaml, says a locale that does not exist or is written in
another way. A locale is a language, such as fr, or a language with its country, such as
pt-BR.`,
		`# templates/hello.yaml
body: Hello
# templates/hello.french.yaml
body: Salut`,
		`# templates/hello.yaml
body: Hello
# templates/hello.fr.yaml
body: Salut`},
	{"bad-variant", `A variant in another language does not go with its template: there is no template without
a locale for all other people, or the variant changes what a variant may not, such as who
the message is from.`,
		`# templates/hello.yaml
body: Hello
# templates/bye.fr.yaml
body: Salut`,
		`# templates/hello.yaml
body: Hello
# templates/hello.fr.yaml
body: Salut`},
}
