package pagetest

import (
	"regexp"
	"strings"
)

var fileHead = regexp.MustCompile(`^# ([\w./-]+\.ya?ml|steps|in a flow)\n`)

// File returns the file that a YAML block shows. Its first line names it: "# FILE", or "# steps" and "# in a
// flow" for a part of a flow, which gets the rest that it lacks. A block without such a line is a flow if it has
// one's name, and otherwise a part of usual.
func (b Block) File(usual string) (file, text string) {
	m := fileHead.FindStringSubmatch(b.Text)
	if m == nil {
		if name, ok := strings.CutPrefix(strings.SplitN(b.Text, "\n", 2)[0], "flow: "); ok {
			return "flows/" + name + ".yaml", b.Text
		}
		return usual, b.Text
	}
	text = b.Text[len(m[0]):]
	switch m[1] {
	case "steps":
		return "flows/example.yaml", "flow: example\ntrigger: { event: order.shipped, key: event.order_id }\nsteps:\n" + indented(text)
	case "in a flow":
		whole := "flow: example\n" + text
		if !strings.Contains("\n"+text, "\ntrigger:") {
			whole += "trigger: { event: order.shipped, key: event.order_id }\n"
		}
		if !strings.Contains("\n"+text, "\nsteps:") {
			whole += "steps: [ { send: hello } ]\n"
		}
		return "flows/example.yaml", whole
	}
	return m[1], text
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}
