package graph

import (
	"fmt"
	"strings"

	"nudge/flows"
)

// Mermaid returns the flow as a Mermaid flowchart, which many sites draw from a block of
// text.
func Mermaid(f *flows.Flow) string {
	b := &builder{f}
	w := &mermaid{}
	w.line("flowchart TD")
	w.line("  start([%s])", escape(strings.Join(Starts(f), " or ")))
	for i, exit := range b.exits() {
		id := fmt.Sprintf("exit%d", i+1)
		w.line("  %s>%s]", id, escape("at any time: "+b.exitText(i)))
		w.block(exit.own(), []tail{{from: id}})
	}
	open := w.block(b.steps(), []tail{{from: "start"}})
	if len(open) > 0 {
		w.line("  completed((( )))")
		w.join(open, "completed")
	}
	return w.String()
}

type mermaid struct{ strings.Builder }

// tail is an open end of the chart, with the label of its link.
type tail struct{ from, label string }

func (w *mermaid) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// escape quotes a text for Mermaid.
func escape(text string) string {
	r := strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;")
	return `"` + r.Replace(text) + `"`
}

func (w *mermaid) join(open []tail, to string) {
	for _, t := range open {
		if t.label == "" {
			w.line("  %s --> %s", t.from, to)
		} else {
			w.line("  %s -->|%s| %s", t.from, escape(t.label), to)
		}
	}
}

func (w *mermaid) block(b block, open []tail) []tail {
	for _, n := range b {
		open = w.node(n, open)
	}
	return open
}

func (w *mermaid) node(n *node, open []tail) []tail {
	id := "s_" + n.id
	said := strings.Join(append([]string{n.title}, n.notes...), "\n")
	before, after := "[", "]"
	switch n.verb {
	case flows.VerbWait, flows.VerbCollect, flows.VerbRepeat:
		before, after = "{{", "}}"
	case flows.VerbBranch, flows.VerbSplit:
		before, after = "{", "}"
	case flows.VerbExit:
		before, after = "([", "])"
	}
	w.line("  %s%s%s%s", id, before, strings.ReplaceAll(escape(said), "\n", "<br>"), after)
	w.join(open, id)
	if len(n.body) > 0 {
		for _, t := range w.block(n.body, []tail{{from: id, label: "each round"}}) {
			w.line("  %s -.-> %s", t.from, id)
		}
	}
	if len(n.arms) == 0 {
		if n.ends() {
			return nil
		}
		return []tail{{from: id}}
	}
	var all []tail
	for i := range n.arms {
		open := w.block(n.arms[i].steps, []tail{{id, n.arms[i].label}})
		if !n.arms[i].back {
			all = append(all, open...)
			continue
		}
		for _, t := range open {
			w.line("  %s -.-> %s", t.from, id)
		}
	}
	return all
}
