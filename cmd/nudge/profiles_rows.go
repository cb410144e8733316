package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nudge/audience"
	"nudge/lang/shape"
)

// rows reads people from CSV.
type rows struct {
	table *audience.Table
	known *shape.Type // of the attributes
}

// newRows reads the header, which has a column id.
func newRows(text io.Reader, known *shape.Type) (*rows, error) {
	table, err := audience.NewTable(text)
	if err != nil {
		return nil, err
	}
	if slices.Contains(table.Columns, "") {
		return nil, errors.New("a column of the header has no name")
	}
	if !slices.Contains(table.Columns, "id") {
		return nil, fmt.Errorf("the header has no column id, only %s", strings.Join(table.Columns, ", "))
	}
	return &rows{table, known}, nil
}

// next returns the line where the next row begins, and the person as JSON. The error is
// io.EOF after the last row, and an *audience.RowError for a wrong row.
func (r *rows) next() (line int, profile []byte, err error) {
	line, cells, err := r.table.Next()
	if err != nil {
		return 0, nil, err
	}
	fields := make(map[string]json.RawMessage, len(cells))
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		column := r.table.Columns[i]
		if fields[column], err = r.value(column, cell); err != nil {
			return 0, nil, &audience.RowError{Line: line, Why: column + " " + err.Error()}
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
	if column == "id" || t == nil || t.Kind == shape.KindAny || t.Kind == shape.KindString || t.Kind == shape.KindTime || t.Kind == shape.KindDate {
		return json.Marshal(cell)
	}
	raw := []byte(strings.TrimSpace(cell))
	if _, err := t.Decode(raw); err != nil {
		return nil, fmt.Errorf("must be %s, got %q", t.Described(), cell)
	}
	return raw, nil
}
