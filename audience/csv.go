package audience

import (
	"bufio"
	"encoding/csv"
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

// csvRows is the rows of a CSV file with a header.
type csvRows struct {
	text   *limited
	reader *csv.Reader
	header []string
	person int // index of the person's column
	data   *shape.Type
}

// newCSV reads the header of a file.
func newCSV(file io.Reader, person string, data *shape.Type) (*csvRows, error) {
	c := &csvRows{text: &limited{Reader: file}, data: data}
	c.text.row()
	text := bufio.NewReaderSize(c.text, readAhead)
	skipBOM(text)
	c.reader = csv.NewReader(text)
	c.reader.FieldsPerRecord, c.reader.ReuseRecord = -1, true
	header, err := c.reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; the first line names the columns")
	case err != nil:
		return nil, fmt.Errorf("the header: %w", err)
	case len(header) > MaxColumns:
		return nil, fmt.Errorf("it has %d columns; %d are allowed", len(header), MaxColumns)
	}
	for _, name := range header {
		name = strings.TrimSpace(name)
		if slices.Contains(c.header, name) {
			return nil, fmt.Errorf("two columns are called %q", name)
		}
		c.header = append(c.header, name)
	}
	if c.person = slices.Index(c.header, person); c.person < 0 {
		return nil, fmt.Errorf("no column is called %s, which names the person; there is %s", person, strings.Join(c.header, ", "))
	}
	return c, nil
}

func skipBOM(text *bufio.Reader) {
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" {
		text.Discard(3)
	}
}

func (c *csvRows) next() (engine.Row, int, error) {
	c.text.row()
	record, err := c.reader.Read()
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong):
		return engine.Row{}, wrong.StartLine, bad("%v", wrong.Err)
	case err != nil:
		return engine.Row{}, 0, err
	}
	line, _ := c.reader.FieldPos(0)
	if len(record) != len(c.header) {
		return engine.Row{}, line, bad("it has %d cells, the header has %d", len(record), len(c.header))
	}
	fields := map[string]json.RawMessage{}
	for i, cell := range record {
		name := c.header[i]
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
	row, err := rowWith(strings.TrimSpace(record[c.person]), fields)
	return row, line, err
}

// cellOf is a cell as JSON of a shape; nil where it is absent.
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
	case shape.KindTime:
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
