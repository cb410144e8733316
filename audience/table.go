package audience

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nudge/lang/encoding"
)

// Table reads CSV text with a header, row by row. Columns are separated by commas; if the
// header has semicolons or tabs instead, by those. It skips a byte order mark.
type Table struct {
	// Columns are the names in the header, without spaces around them and without
	// duplicates.
	Columns []string

	text   *limited
	reader *csv.Reader
	line   int // where the last row began
}

// RowError is a mistake in one row. The rows after it can be read.
type RowError struct {
	Line int    // the first line of the row, from 1
	Why  string // such as "it has 2 cells, the header has 3"
}

// Error returns the line and the mistake.
func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// NewTable reads the header. Its error says why the text cannot be read at all.
func NewTable(text io.Reader) (*Table, error) {
	t := &Table{text: &limited{Reader: text}}
	t.text.row()
	b := bufio.NewReaderSize(t.text, readAhead)
	if err := checkHead(b); err != nil {
		return nil, err
	}
	t.reader = csv.NewReader(b)
	t.reader.Comma = separator(b)
	t.reader.FieldsPerRecord, t.reader.ReuseRecord = -1, true
	header, err := t.reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; the first line names the columns")
	case err != nil:
		return nil, fmt.Errorf("the header: %s", whyTorn(err))
	case len(header) > MaxColumns:
		return nil, fmt.Errorf("it has %d columns; %d are allowed", len(header), MaxColumns)
	}
	for _, name := range header {
		name = strings.TrimSpace(name)
		switch err := encoding.Check([]byte(name)); {
		case err != nil:
			return nil, fmt.Errorf("the header is %w; save the file as UTF-8", err)
		case slices.Contains(t.Columns, name):
			return nil, fmt.Errorf("two columns are called %q", name)
		}
		t.Columns = append(t.Columns, name)
	}
	t.line, _ = t.reader.FieldPos(0)
	return t, nil
}

// Next returns the cells of the next row, one for each column, and the line on which the
// row begins. The cells are valid until the next call. The error is io.EOF after the last
// row, and a *RowError for a row that cannot be read.
func (t *Table) Next() (line int, cells []string, err error) {
	t.text.row()
	cells, err = t.reader.Read()
	var torn *csv.ParseError
	switch {
	case errors.As(err, &torn):
		return 0, nil, &RowError{torn.StartLine, whyTorn(err)}
	case errors.Is(err, errLongRow):
		return 0, nil, fmt.Errorf("a row after line %d is longer than a megabyte; is a quote left open?", t.line)
	case err != nil:
		return 0, nil, err
	}
	line, _ = t.reader.FieldPos(0)
	t.line = line
	if len(cells) != len(t.Columns) {
		return 0, nil, &RowError{line, fmt.Sprintf("it has %d cells, the header has %d", len(cells), len(t.Columns))}
	}
	for i, cell := range cells {
		if err := encoding.Check([]byte(cell)); err != nil {
			return 0, nil, &RowError{line, fmt.Sprintf("%s is %v; save the file as UTF-8", t.Columns[i], err)}
		}
	}
	return line, cells, nil
}

// whyTorn explains a mistake in the quotes of a row. An open quote includes the lines
// after it, so the text names them.
func whyTorn(err error) string {
	var torn *csv.ParseError
	if !errors.As(err, &torn) {
		return err.Error()
	}
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return `a quote stands inside a cell; put the cell into quotes and write "" for the quote`
	case errors.Is(err, csv.ErrQuote) && torn.Line > torn.StartLine:
		return fmt.Sprintf("a quote opens here and does not close its cell: lines %d to %d cannot be read", torn.StartLine, torn.Line)
	case errors.Is(err, csv.ErrQuote):
		return "a quote opens here and does not close its cell"
	}
	return torn.Err.Error()
}

// checkHead skips a byte order mark. It reports text whose lines cannot be separated:
// another encoding, or lines that end with only a carriage return.
func checkHead(b *bufio.Reader) error {
	if mark, err := b.Peek(len(encoding.Mark)); err == nil && string(mark) == encoding.Mark {
		b.Discard(len(mark))
	}
	head, _ := b.Peek(b.Size()) // a shorter text is completely in the buffer
	var wrong *encoding.Error
	if errors.As(encoding.Check(head), &wrong) && wrong.Likely == encoding.UTF16 {
		return fmt.Errorf("it is %s; save it as UTF-8", wrong.Likely)
	}
	if i := bytes.IndexAny(head, "\r\n"); i >= 0 && i+1 < len(head) && head[i] == '\r' && head[i+1] != '\n' {
		return errors.New("its lines end with a carriage return alone; save it with line feeds (Unix or Windows line ends)")
	}
	return nil
}

// separator returns the separator between the columns of the header, ignoring quoted text.
func separator(b *bufio.Reader) rune {
	head, _ := b.Peek(b.Size())
	first, _, _ := bytes.Cut(head, []byte("\n"))
	found, quoted := ',', false
	for _, c := range string(first) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',':
			return ','
		case (c == ';' || c == '\t') && found == ',':
			found = c
		}
	}
	return found
}
