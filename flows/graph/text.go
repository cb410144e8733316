package graph

import (
	"fmt"
	"strings"

	"nudge/flows"
)

// Text returns the flow as a tree for a terminal.
func Text(f *flows.Flow) string {
	b := &builder{f}
	w := &textWriter{}
	fmt.Fprintf(w, "%s, started by %s\n", f.Name, strings.Join(Starts(f), " or "))
	for i, exit := range b.exits() {
		fmt.Fprintf(w, "  ends at any time by %s\n", b.exitText(i))
		w.block(exit.own(), "  ")
	}
	w.block(b.steps(), "")
	return w.String()
}

type textWriter struct{ strings.Builder }

// branchOf returns the lines before an item of a tree, and before the lines below it.
func branchOf(last bool) (own, below string) {
	if last {
		return "└─ ", "   "
	}
	return "├─ ", "│  "
}

func (w *textWriter) block(b block, indent string) {
	for i, n := range b {
		own, below := branchOf(i == len(b)-1)
		w.node(n, indent+own, indent+below)
	}
}

func (w *textWriter) node(n *node, own, below string) {
	fmt.Fprintf(w, "%s%s\n", own, n.said())
	if len(n.body) > 0 {
		w.block(n.body, below)
	}
	for i := range n.arms {
		a := &n.arms[i]
		armOwn, armBelow := branchOf(i == len(n.arms)-1)
		fmt.Fprintf(w, "%s%s:\n", below+strings.ReplaceAll(armOwn, "─", "╌"), a.label)
		w.block(a.steps, below+armBelow)
	}
}

// said is a step on one line.
func (n *node) said() string {
	said := n.title
	switch n.verb {
	case flows.VerbSend:
		said = "send " + n.title
	case flows.VerbExit:
		said = "exit " + n.title
		if n.goal {
			said += " (goal)"
		}
	}
	if len(n.notes) > 0 {
		said += " (" + strings.Join(n.notes, ", ") + ")"
	}
	return said
}

// StepText describes a step of a flow on one line, as drawings do.
func StepText(f *flows.Flow, s *flows.Step) string {
	n := &node{id: s.ID, verb: s.Verb}
	(&builder{f}).describe(n, s)
	return n.said()
}
