// Package audience reads the people of a campaign and freezes them: a CSV or JSON Lines
// file of the project, the stored profiles of which a condition holds, or the pages of
// an HTTP service.
//
//	file, profiles, pages ──▶ source ──▶ check by the flow's data ──▶ frozen file ──▶ rows
//
// # Frozen first
//
// An audience is read once, when its campaign fires, and written to the data folder under
// the hash of what it holds. The rows that follow come from there: whoever edits the file,
// changes a profile or restarts the service changes nothing of a campaign under way, and a
// process that was killed goes on at the very row. A crash while an audience is being
// frozen leaves a file that nobody refers to; freezing begins again.
//
// # Rows
//
// A row names its person in the column or field profile, unless the audience says
// otherwise. What else it has is the run's data. In CSV the first line is the header;
// cells are read by the type that the flow's data gives their column, and an empty cell of
// an optional one is absent. A row that does not fit is bad: it is counted and told with
// its line, and the audience says whether the campaign goes on without it.
//
// Memory does not grow with the audience: rows are streamed both ways.
package audience
