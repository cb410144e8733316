// Package audience reads the people of a campaign and freezes them into a snapshot. The
// people come from a CSV or JSON Lines file of the project, from the stored profiles that
// match a condition, or from the pages of an HTTP service.
//
//	file, profiles, pages ──▶ source ──▶ check by the flow's data ──▶ frozen file ──▶ rows
//
// # Frozen first
//
// An audience is read once, when its campaign starts. It is written to the data folder
// under the hash of its contents. All later rows come from this snapshot. So an edited
// file, a changed profile or a restarted service changes nothing in a running campaign,
// and a killed process continues at the same row. A crash during freezing leaves a file
// that nothing refers to; freezing then begins again.
//
// # Rows
//
// A row names its person in the column or field profile, unless the audience names another
// one. The rest of the row is the run's data. In CSV the first line is the header. Cells
// are read by the type of their column in the flow's data, and an empty cell of an
// optional column is absent. A row that does not fit is bad: it is counted and reported
// with its line, and the audience says whether the campaign continues without it.
//
// Memory does not grow with the audience: rows are streamed in both directions.
package audience
