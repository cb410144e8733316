package audience

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"nudge/engine"
	"nudge/lang/shape"
)

// csvRows reads the rows of a CSV file with a header.
type csvRows struct {
	table  *Table
	person int // index of the person's column
	data   *shape.Type
}

// newCSV reads the header of a file.
func newCSV(file io.Reader, person string, data *shape.Type) (*csvRows, error) {
	table, err := NewTable(file)
	if err != nil {
		return nil, err
	}
	c := &csvRows{table: table, data: data}
	if c.person = slices.Index(table.Columns, person); c.person < 0 {
		return nil, fmt.Errorf("no column is called %s, which names the person; there is %s", person, strings.Join(table.Columns, ", "))
	}
	return c, nil
}

func (c *csvRows) next() (engine.Row, int, error) {
	line, record, err := c.table.Next()
	var wrong *RowError
	switch {
	case errors.As(err, &wrong):
		return engine.Row{}, wrong.Line, bad("%s", wrong.Why)
	case err != nil:
		return engine.Row{}, 0, err
	}
	fields := map[string]json.RawMessage{}
	for i, cell := range record {
		name := c.table.Columns[i]
		field, known := c.data.Fields[name]
		if !known && (!c.data.Open || i == c.person) {
			continue
		}
		if field == nil {
			field = shape.String
		}
		value, err := cellOf(cell, field)
		if err != nil {
			return engine.Row{}, line, bad("%s %v", name, err)
		}
		if value != nil {
			fields[name] = value
		}
	}
	row, err := rowWith(record[c.person], fields)
	return row, line, err
}

// cellOf returns a cell as JSON of a shape, or nil if it is absent.
func cellOf(cell string, t *shape.Type) (json.RawMessage, error) {
	trimmed := strings.TrimSpace(cell)
	if trimmed == "" && (t.Optional || t.Kind != shape.KindString) {
		return nil, nil
	}
	switch t.Kind {
	case shape.KindNumber:
		if _, err := strconv.ParseFloat(trimmed, 64); err != nil || !json.Valid([]byte(trimmed)) {
			return nil, fmt.Errorf("must be a number, got %q", short(cell))
		}
		return json.RawMessage(trimmed), nil
	case shape.KindBoolean:
		if trimmed != "true" && trimmed != "false" {
			return nil, fmt.Errorf("must be true or false, got %q", short(cell))
		}
		return json.RawMessage(trimmed), nil
	case shape.KindList, shape.KindMap:
		if !json.Valid([]byte(trimmed)) {
			return nil, fmt.Errorf("must be %s in JSON, got %q", t.Described(), short(cell))
		}
		return json.RawMessage(trimmed), nil
	case shape.KindTime, shape.KindDate:
		cell = trimmed
	}
	raw, err := json.Marshal(cell)
	return raw, err
}

func short(cell string) string {
	if letters := []rune(cell); len(letters) > 40 {
		return string(letters[:40]) + "…"
	}
	return cell
}
