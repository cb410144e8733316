package flows

// explainedTemplates explains the codes about templates.
var explainedTemplates = []explanation{
	{"template-syntax", `The text is not a valid template, or a function gets values that it does not take.
Between {{ and }} write a value, such as data.order_id, or a function and its values
separated by spaces: {{ truncate data.note 60 }}. Close every if, range and with by
{{ end }}.`,
		`# templates/hello.yaml
body: "{{ if data.order_id }}Your order {{ data.order_id }}"`,
		`# templates/hello.yaml
body: "Your order{{ if data.order_id }} {{ data.order_id }}{{ end }}"`},
	{"merge-field", `The finished message contains {{, or a key is a template. The provider would read the
braces as one of its own fields and replace them. A message that gets {{ from its data is
not sent: its status is unsent, and the reason is merge_field. If you want the provider's
fields, set merge_fields: allow in nudge.yaml and write {{ "{{profile.email}}" }} in the
template.`,
		`# templates/hello.yaml
body: Hello
metadata: { "{{ data.order_id }}": yes }`,
		`# templates/hello.yaml
body: Hello
metadata: { order: "{{ data.order_id }}" }`},
	{"no-preferences", `A message links to the page on which people choose what they get, and nudge.yaml says nothing of
such a page. Give it the address under which people reach it, and a secret that signs the
links.`,
		`# templates/hello.yaml
body: "Hello. Fewer messages: {{ preferences_url }}"`,
		`# nudge.yaml
preferences: { public_url: "https://shop.example", secrets: [ "${NUDGE_PREFERENCES_SECRET}" ] }
# templates/hello.yaml
body: "Hello. Fewer messages: {{ preferences_url }}"`},
	{"platforms-win", `A warning: the alert has a title or body beside platforms. The provider then ignores the
title and the body. Move them into platforms.`,
		`# templates/hello.yaml
body: Hello
alert: { title: Hello, platforms: { apns: { badge: 1 } } }`,
		`# templates/hello.yaml
body: Hello
alert: { platforms: { apns: { badge: 1, alert: Hello } } }`},
	{"mixed-channels", `The message has channelOptions and a customBody, and the provider accepts only one of them
in a request. An alert, metadata and the parts of app messaging are sent as a customBody,
and so they exclude channelOptions too. Keep one of them, or send two messages.`,
		`# templates/hello.yaml
body: Hello
alert: { title: Hello }
rules: [appMessaging, sms]
channelOptions: { sms: { from: Acme } }`,
		`# templates/hello.yaml
body: Hello
rules: [appMessaging, sms]
channelOptions: { sms: { from: Acme } }`},
	{"no-part", `The message goes out by several channels, and one of them gets none of its parts: each
part names other channels. Add a part for that channel, a customBody for it, or remove the
channel from the rules.`,
		`# templates/hello.yaml
parts: [ { type: text/plain, data: Hello, channels: [sms] } ]
rules: [appMessaging, sms]`,
		`# templates/hello.yaml
parts: [ { type: text/plain, data: Hello }, { type: image/png, url: "https://acme.example/a.png", channels: [appMessaging] } ]
rules: [appMessaging, sms]`},
	{"unknown-channel", `The provider has no channel of this name. If the name is close to one of its channels, it is
a mistake. Any other name is a warning, because an account can have custom channels.`,
		`# templates/hello.yaml
body: Hello
rules: [appmessaging, sms]`,
		`# templates/hello.yaml
body: Hello
rules: [appMessaging, sms]`},
	{"lost-key", `A warning: the value of this key never reaches the person. The provider uses the avatar of
a sender only if there is no alert, no metadata and no customBody for app messaging.`,
		`# templates/hello.yaml
body: Hello
alert: { title: Hello }
from: { id: acme, name: Acme, avatar: "https://acme.example/a.png" }`,
		`# templates/hello.yaml
body: Hello
from: { id: acme, name: Acme, avatar: "https://acme.example/a.png" }`},
	{"bad-encoding", `The data of this part is sent unchanged, and data of this type must be base64. Write text
or file instead of data; Nudge encodes both.`,
		`# templates/hello.yaml
parts: [ { type: text/plain, data: Hello }, { type: application/pdf, data: "not base64!" } ]`,
		`# templates/hello.yaml
parts: [ { type: text/plain, data: Hello }, { type: application/pdf, text: "encoded for you" } ]`},
	{"bad-file", `The file of a part cannot be sent: it does not exist, it is not in the project's folder,
or it is larger than 1 MiB. Send larger files by url.`,
		`# templates/hello.yaml
parts: [ { type: image/png, file: images/logo.png } ]`,
		`# templates/hello.yaml
parts: [ { type: image/png, url: "https://acme.example/logo.png" } ]`},
	{"unknown-partial", `The template includes a partial that the project does not have. The partial footer is the
file templates/partials/footer.yaml.`,
		`# templates/hello.yaml
body: 'Hello {{ partial "foter" }}'
# templates/partials/footer.yaml
body: Yours, Acme`,
		`# templates/hello.yaml
body: 'Hello {{ partial "footer" }}'
# templates/partials/footer.yaml
body: Yours, Acme`},
	{"partial-in-itself", `A partial includes itself, directly or through other partials. The text would never end.`,
		`# templates/hello.yaml
body: 'Hello {{ partial "footer" }}'
# templates/partials/footer.yaml
body: 'Yours {{ partial "footer" }}'`,
		`# templates/hello.yaml
body: 'Hello {{ partial "footer" }}'
# templates/partials/footer.yaml
body: Yours, Acme`},
	{"bad-locale", `The locale in the name of the file, or in nudge.yaml, does not exist or is misspelt. A
locale is a language, such as fr, or a language with a country, such as pt-BR.`,
		`# templates/hello.yaml
body: Hello
# templates/hello.french.yaml
body: Salut`,
		`# templates/hello.yaml
body: Hello
# templates/hello.fr.yaml
body: Salut`},
	{"bad-variant", `A variant in another language does not fit its template. Either there is no template
without a locale for everybody else, or the variant changes something that must be the
same in all languages, such as the sender.`,
		`# templates/hello.yaml
body: Hello
# templates/bye.fr.yaml
body: Salut`,
		`# templates/hello.yaml
body: Hello
# templates/hello.fr.yaml
body: Salut`},
}
