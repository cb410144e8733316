package app

import (
	"fmt"
	"strings"
)

// bad is a text that is made to be expensive, of about any size.
type bad struct {
	name string
	text func(size int) string
}

// many repeats a piece between a head and a tail.
func many(name, head, piece, tail string) bad {
	return bad{name, func(size int) string {
		return head + strings.Repeat(piece, max(1, (size-len(head)-len(tail))/len(piece))) + tail
	}}
}

// counted repeats a piece with numbers, which are all different.
func counted(name, head, piece, tail string) bad {
	return bad{name, func(size int) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < size-len(tail)-len(piece); i++ {
			b.WriteString(strings.ReplaceAll(piece, "N", fmt.Sprintf("%x", i)))
		}
		return b.String() + tail
	}}
}

// nested repeats two pieces around a core.
func nested(name, open, core, end string) bad {
	return bad{name, func(size int) string {
		n := size / (len(open) + len(end))
		return strings.Repeat(open, n) + core + strings.Repeat(end, n)
	}}
}

// bodies are JSON, and what passes for it at first sight.
var bodies = []bad{
	many("commas", "[", ",", "]"),
	many("numbers", "[", "1,", "1]"),
	many("objects", "[", "{},", "{}]"),
	many("brackets", "", "[", ""),
	nested("nested lists", "[", "", "]"),
	nested("nested objects", `{"a":`, "1", "}"),
	many("digits", `{"type":"t","profile":"p","data":{"n":`, "9", "}}"),
	many("exponent", `{"type":1e`, "9", "}"),
	many("escapes", `{"id":"`, `\u0041`, `"}`),
	many("escaped quotes", `{"id":"`, `\"`, `"}`),
	many("open text", `{"id":"`, `\"`, ""),
	counted("keys", `{"id":"x"`, `,"kN":0`, "}"),
	counted("keys of data", `{"id":"x","type":"t","profile":"p","data":{"a":0`, `,"kN":0`, "}}"),
	many("one key", `{"id":"x"`, `,"id":"y"`, "}"),
	many("long key", `{"`, "k", `":1}`),
	many("spaces", "{", " ", "}"),
	many("bytes", `{"id":"`, "\xff", `"}`),
	many("marks", "", "\ufeff", ""),
	{"nulls behind a long key", func(size int) string {
		return `{"` + strings.Repeat("k", size/2) + `":[` + strings.Repeat("null,", size/10) + "null]}"
	}},
	{"long keys, nested", func(size int) string {
		return strings.Repeat(`{"`+strings.Repeat("k", size/9000)+`":`, 9000) + "null" + strings.Repeat("}", 9000)
	}},
}

var webhooks = []bad{
	many("parts", `{"eventId":"e","name":"message.inbound","payload":{"messageId":"x","from":{"profileId":"p"},"messageParts":[`, "{},", "{}]}}"),
	many("reasons", `{"eventId":"e","name":"message.failed","payload":{"id":"x","details":[`, `{"a":[]},`, "0]}}"),
	counted("attributes", `{"eventId":"e","name":"profile.update","payload":{"id":"x"`, `,"kN":0`, "}}"),
	many("payloads", `{"eventId":"e","name":"message.read"`, `,"payload":{"metadata":{"nudge":{}}}`, "}"),
	many("events", "[", `{"name":"message.read"},`, `7]`),
}

var tables = []bad{
	many("commas", "id,name\n", ",", ""),
	many("header", "id", ",", "\n"),
	many("open quote", "id,name\n\"", "x\n", ""),
	many("quotes", "id,name\n", `"`, ""),
	many("texts of many lines", "id,name\n", "a,\"\n\n\n\n\n\n\n\n\"\n", ""),
	many("quotes inside", "id,name\n", "\"a\"b,c\n", ""),
	many("empty rows", "id,name\n", "\n", ""),
	many("long row", "id,name\n", "x", ""),
	many("carriage returns", "id,name\n", "\r", ""),
	many("bytes", "id,name\n", "\xff,\xff\n", ""),
}

var scripts = []bad{
	many("open texts", "", `\"`, ""),
	many("commas", "", ",", ""),
	many("replies", "", `replies "a",`, "never reads"),
	many("digits", "reads after ", "9", "s"),
}

// files are YAML. All files of a project have one parser, so nudge.yaml stands for them.
var files = []bad{
	many("commas", "a: [", ",", "]\n"),
	many("list", "a: [", "1,", "1]\n"),
	counted("keys", "", "kN: 1 # c\n", ""),
	many("one key", "", "k: 1\n", ""),
	many("brackets", "a: ", "[", ""),
	many("braces", "a: ", "{a: ", ""),
	many("dashes", "", "- ", "x"),
	many("keys that are maps", "a: {", "{x}: 1, ", "b: 1}\n"),
	counted("laughs", "a: &aN [x]\n", "bN: &bN [*a,*a,*a,*a,*a,*a,*a,*a]\n", ""),
	counted("merges", "k: &a {x: 1}\n", "kN: {<<: *a}\n", ""),
	counted("comments", "", "# h\nkN: 1\n\n# f\n\n", ""),
	counted("directives", "", "%TAG !aN! b\n", "---\na: 1\n"),
	many("documents", "a: 1\n", "---\n", ""),
	many("tags", "a:\n", "- !t x\n", ""),
	many("escaped quotes", `a: "`, `\"`, "\"\n"),
	many("open text", `a: "`, "x ", ""),
	many("commas in braces", "a: {b: x", ",", "\n"),
	many("quotes in braces", "a: {", `b: "" x,`, "\n"),
	counted("braces without quotes", "", "kN: {{ x }}\n", "\t: x\n- y\n"),
	many("wrong lines", "a: [\n", "}\n", "\n"),
	many("digits", "a: 1.", "9", "e9\n"),
	many("long line", "a: ", "x ", "\n"),
}

var peopleFiles = []bad{
	many("script", "people:\n- profile: x\n  does: ", `\"`, "\n"),
	many("pattern", "people:\n- profile: '", "*a", "'\n  does: reads\n"),
	many("rules", "people:\n", "- profile: x\n", ""),
}

var settingsFiles = []bad{
	counted("fields", "profile:\n", "  kN: string\n", ""),
	counted("events", "events:\n", "  e.kN: { a: string }\n", ""),
	counted("categories", "categories:\n", "  kN: {}\n", ""),
	counted("words", "profile: { a: ", "wN | ", "x }\n"),
	many("optional", "profile: { a: ", "optional ", "string }\n"),
}

var flowFiles = []bad{
	many("sum", "flow: a\ntrigger: { event: x }\nsteps:\n - if: 1", "+1", " > 0\n   then: [ exit: x ]\n"),
	many("brackets", "flow: a\ntrigger: { event: x }\nsteps:\n - if: ", "(", "1\n   then: [ exit: x ]\n"),
	many("path", "flow: a\ntrigger: { event: x }\nsteps:\n - if: data", ".x", "\n   then: [ exit: x ]\n"),
	counted("steps", "flow: a\ntrigger: { event: x }\nsteps:\n", " - id: sN\n   wait: 1h\n", ""),
	many("triggers", "flow: a\ntrigger:\n", " - event: x\n", "steps: [ exit: x ]\n"),
}

var templateFiles = []bad{
	many("unknown names", "body: |\n  ", "{{ x }}", "\n"),
	many("path", "body: '{{ data", ".x", "}}'\n"),
	many("brackets", "body: '{{ ", "(", "'\n"),
	counted("variables", "body: '{{ $b := 1 }}", "{{ $aN := 1 }}{{ $b }}", "'\n"),
	many("open ifs", "body: '", "{{ if x }}", "'\n"),
}
