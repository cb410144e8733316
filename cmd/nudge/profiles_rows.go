package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nudge/lang/shape"
)

// rows reads people from CSV.
type rows struct {
	csv     *csv.Reader
	columns []string
	known   *shape.Type // of the attributes
}

// rowError is what is wrong with one row. The rows after it can be read.
type rowError struct {
	line int
	why  string
}

func (e *rowError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.why) }

// newRows reads the header. Columns are separated by commas, or else by the semicolons
// or tabs that the header has instead.
func newRows(text io.Reader, known *shape.Type) (*rows, error) {
	b := bufio.NewReaderSize(text, 64<<10)
	r := &rows{csv: csv.NewReader(b), known: known}
	r.csv.Comma = separator(b)
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; it begins with a header, for example id,name,timezone")
	}
	if err != nil {
		return nil, withoutCSV(err)
	}
	for _, name := range header {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return nil, errors.New("a column of the header has no name")
		case slices.Contains(r.columns, name):
			return nil, fmt.Errorf("the header has two columns %s", name)
		}
		r.columns = append(r.columns, name)
	}
	if !slices.Contains(r.columns, "id") {
		return nil, fmt.Errorf("the header has no column id, only %s", strings.Join(r.columns, ", "))
	}
	return r, nil
}

func separator(b *bufio.Reader) rune {
	head, _ := b.Peek(b.Size()) // a shorter file is all there
	first, _, _ := strings.Cut(string(head), "\n")
	if !strings.Contains(first, ",") {
		for _, c := range ";\t" {
			if strings.ContainsRune(first, c) {
				return c
			}
		}
	}
	return ','
}

// next returns the line that the next row begins at and the person as JSON. The error
// is io.EOF after the last one, and a *rowError for a row that is wrong.
func (r *rows) next() (line int, profile []byte, err error) {
	cells, err := r.csv.Read()
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong):
		return 0, nil, &rowError{wrong.StartLine, withoutCSV(err).Error()}
	case err != nil:
		return 0, nil, err
	}
	line, _ = r.csv.FieldPos(0)
	fields := make(map[string]json.RawMessage, len(cells))
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if fields[r.columns[i]], err = r.value(r.columns[i], cell); err != nil {
			return 0, nil, &rowError{line, r.columns[i] + " " + err.Error()}
		}
	}
	profile, err = json.Marshal(fields)
	return line, profile, err
}

// value is a cell as JSON, by the type of its column.
func (r *rows) value(column, cell string) (json.RawMessage, error) {
	if column == "opt_outs" {
		return json.Marshal(strings.FieldsFunc(cell, func(c rune) bool { return strings.ContainsRune(" ,;|", c) }))
	}
	t, _ := r.known.Field(column)
	if column == "id" || t == nil || t.Kind == shape.KindAny || t.Kind == shape.KindString || t.Kind == shape.KindTime {
		return json.Marshal(cell)
	}
	raw := []byte(strings.TrimSpace(cell))
	if _, err := t.Decode(raw); err != nil {
		return nil, fmt.Errorf("must be %s, got %q", t.Described(), cell)
	}
	return raw, nil
}

// withoutCSV is what is wrong with a row, in our words and without its place.
func withoutCSV(err error) error {
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return errors.New("has more or fewer cells than the header")
	case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
		return errors.New(`has a quote that is not closed, or stands within a cell; write "" for a quote inside quotes`)
	}
	return err
}
