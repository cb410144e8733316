// Package templates turns a message template into a message for one person.
//
// A template is a file of the folder templates, or the body of a send step:
//
//	body: "{{ data.customer }}, your order {{ data.order_id }} is on its way."
//	alert:
//	  title: On its way
//	metadata: { order: "{{ data.order_id }}", items: "{{ len data.items }}" }
//	from: Customer Services
//
// Every string is a Go text template over the names that expressions see too, by
// the same paths; the leading dot may be left out, also inside of range. Templates
// are strict: a field that its shape does not have is reported when the flow loads,
// and printing what is absent is an error instead of "<no value>" for the person.
//
// What several templates say is a [Partial], {{ partial "footer" }}, and what one says
// in other languages are its variants: shipped.fr.yaml beside shipped.yaml. A person
// gets the variant of their locale, else of the next wider one, else the template
// itself; numbers, plurals and dates follow the language of the text that is sent, and
// times the clocks where the person lives. [exampleTable] is the table of all functions,
// from which the page docs/templates.md is written. A [Library] holds a project's files.
//
// Structured values (metadata, json parts, platforms) are rendered leaf by leaf and
// stay structured, so no value can break the JSON around it. A leaf that is nothing
// but one action keeps the type of its value: the items above are a number.
//
// Rendering has no clock, no chance and no I/O, so the same scope gives the same
// message.
package templates
