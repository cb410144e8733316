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
// Every string is a Go text template over the names that expressions use, with the same
// paths. The leading dot is optional, also inside range. Templates are strict: a field
// that its shape does not have is reported when the flow loads, and printing an absent
// value is an error instead of "<no value>" for the person.
//
// A text that several templates share is a [Partial], {{ partial "footer" }}. A template
// in another language is a variant: shipped.fr.yaml beside shipped.yaml. A person gets the
// variant of their locale, otherwise the next wider one, otherwise the template itself.
// Numbers, plurals and dates follow the language of the text, and times follow the
// person's zone. The table of functions in docs/templates.md is generated from exampleTable.
// A [Library] holds a project's files.
//
// Structured values (metadata, json parts, platforms) are rendered leaf by leaf and stay
// structured, so no value can break the JSON around it. A leaf that is a single action
// keeps the type of its value: items above is a number.
//
// Rendering has no clock, no randomness and no I/O, so the same scope always gives the
// same message.
package templates
