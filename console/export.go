package console

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"nudge/client"
)

// listDownloads are lists as files: all that a filter finds, not only what a page shows. They are asked for page by page and
// written as they come, so that a long one needs no more memory than a short one. What is private is masked, as on every page.
var listDownloads = []download{
	{pattern: Root + "runs.csv", scope: "read", media: mediaCSV, name: "runs.csv", write: writeRuns(csvRuns)},
	{pattern: Root + "runs.ndjson", scope: "read", media: mediaLines, name: "runs.ndjson", write: writeRuns(jsonRuns)},
	{pattern: Root + "people.csv", scope: "read", media: mediaCSV, name: "people.csv", write: writePeople(csvPeople)},
	{pattern: Root + "people.ndjson", scope: "read", media: mediaLines, name: "people.ndjson", write: writePeople(jsonPeople)},
}

const (
	mediaCSV   = "text/csv; charset=utf-8"
	mediaLines = "application/x-ndjson"

	// How many are asked for at once: the most that the API gives.
	exportedRuns   = 500
	exportedPeople = 500
)

// fileLinks lead to a list as files.
type fileLinks struct{ CSV, NDJSON string }

// filesOf are the files of a list of runs.
func filesOf(f client.RunFilter) *fileLinks {
	query := strings.TrimPrefix(runsPath(f), Root+"runs")
	return &fileLinks{Root + "runs.csv" + query, Root + "runs.ndjson" + query}
}

// A list begins with its first page: an error before it is a page of the console. After that the file breaks off.
type (
	runsWriter   func(io.Writer) func([]client.Run) error
	peopleWriter func(io.Writer, []client.Profile) func([]client.Profile) error
)

func writeRuns(of runsWriter) func(*visit, io.Writer) error {
	return func(v *visit, w io.Writer) error {
		filter, before := v.filterOf(), ""
		for write := of(w); ; {
			page, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: filter, Before: before, Limit: exportedRuns})
			if err == nil {
				err = write(page.Runs)
			}
			if err != nil || page.Next == "" {
				return err
			}
			before = page.Next
		}
	}
}

func jsonRuns(w io.Writer) func([]client.Run) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return func(runs []client.Run) error {
		for i := range runs {
			if err := lines.Encode(&runs[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// runColumns are the columns of runs.
var runColumns = []string{"id", "flow", "version", "profile", "key", "started_by", "status", "step", "deadline", "held_until", "started", "ended", "outcome", "goal", "trace"}

func csvRuns(w io.Writer) func([]client.Run) error {
	table := newTable(w, runColumns)
	return func(runs []client.Run) error {
		for i := range runs {
			r := &runs[i]
			table.row(r.ID, r.Flow, r.Version, r.Profile, r.Key, r.StartedBy, r.Status, r.Step, timeText(r.Deadline), timeText(r.HeldUntil), timeText(r.Started), timeText(r.Ended),
				r.Outcome, strconv.FormatBool(r.Goal), r.Trace)
		}
		return table.flush()
	}
}

func timeText(t client.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.String()
}

func writePeople(of peopleWriter) func(*visit, io.Writer) error {
	return func(v *visit, w io.Writer) error {
		q := v.peopleQuery()
		q.After, q.Limit = "", exportedPeople
		var write func([]client.Profile) error
		for {
			page, err := v.api.Profiles(v.ctx(), q)
			switch {
			case err != nil:
				return err
			case page.Incomplete:
				return &client.Problem{Status: http.StatusConflict, Detail: "the index of this field is still being made, so people would be missing in the file: try again later"}
			case write == nil:
				write = of(w, page.Profiles)
			}
			if err := write(page.Profiles); err != nil || page.Next == "" {
				return err
			}
			q.After = page.Next
		}
	}
}

func jsonPeople(w io.Writer, _ []client.Profile) func([]client.Profile) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return func(people []client.Profile) error {
		for _, p := range people {
			if err := lines.Encode(p); err != nil {
				return err
			}
		}
		return nil
	}
}

// restColumn has what is known of a person besides the columns, as a JSON object.
const restColumn = "besides"

// csvPeople has a column for each field that somebody on the first page has. People further on may have others: a table cannot grow
// a column once its head is written, so these stand in the last one.
func csvPeople(w io.Writer, first []client.Profile) func([]client.Profile) error {
	names := map[string]bool{}
	for _, p := range first {
		for name := range p {
			names[name] = name != "id" && name != "opt_outs"
		}
	}
	maps.DeleteFunc(names, func(_ string, field bool) bool { return !field })
	fields := slices.Sorted(maps.Keys(names))
	table := newTable(w, slices.Concat([]string{"id", "opt_outs"}, fields, []string{restColumn}))
	return func(people []client.Profile) error {
		for _, p := range people {
			row := []string{plain(p["id"]), strings.Join(optOutsOf(p), " ")}
			for _, name := range fields {
				row = append(row, plain(p[name]))
			}
			rest := maps.Clone(p)
			maps.DeleteFunc(rest, func(name string, _ json.RawMessage) bool { return name == "id" || name == "opt_outs" || names[name] })
			besides := ""
			if len(rest) > 0 {
				raw, err := json.Marshal(rest)
				if err != nil {
					return err
				}
				besides = string(raw)
			}
			table.row(append(row, besides)...)
		}
		return table.flush()
	}
}

// table writes CSV.
type table struct{ csv *csv.Writer }

func newTable(w io.Writer, columns []string) *table {
	t := &table{csv.NewWriter(w)}
	_ = t.csv.Write(columns) // an error is that of flush
	return t
}

func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = inert(cells[i])
	}
	_ = t.csv.Write(cells) // an error is that of flush
}

func (t *table) flush() error {
	t.csv.Flush()
	return t.csv.Error()
}

// inert is a cell that no spreadsheet takes for a formula: people and products write them. A number is none, and a phone number stays one.
func inert(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}
