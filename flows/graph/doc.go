// Package graph draws a flow: as SVG, as Mermaid, and as text.
//
//	svg := graph.SVG(flow)
//
// A flow is structured, so its drawing is laid out exactly: steps stand below each other
// on one line, what follows a line of a wait or an arm stands in a column of its own, and
// what goes on comes together again below. The tree of package graph is the flow's steps
// as they are nested in its file; it is made from the flat program.
//
// Every step and every line has an id in the SVG (step-ID, line-ID-1, …), and an empty
// text of the class count beside it, for numbers that a page fills in. The colours follow
// the reader's light or dark scheme.
package graph
