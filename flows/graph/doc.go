// Package graph draws a flow as SVG, as Mermaid, and as text.
//
//	svg := graph.SVG(flow)
//
// A flow is structured, so its drawing can be laid out exactly: steps are below each other
// on one line, every line of a wait and every arm has its own column, and the columns join
// again below. The tree of package graph is the nesting of the flow's steps; it is rebuilt
// from the flat program.
//
// What the flow's exits do is drawn on the right. A line leaves each step at which an exit can come, and the
// lines of one exit meet at its end. A line from inside of an arm goes down beside the arm and passes below the other arms,
// so no line goes through a box.
//
// Lay returns the same drawing as data, with room for numbers and with the counts that belong to each line.
//
// Every step and every line has an id in the SVG (step-ID, line-ID-1, …) and an empty text
// of the class count beside it, for numbers that a page fills in. The colours follow the
// reader's light or dark scheme.
package graph
