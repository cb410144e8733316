package audience

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"nudge/engine"
	"nudge/lang/shape"
)

// lines reads the rows of a JSON Lines file.
type lines struct {
	text   *bufio.Scanner
	line   int
	person string
	data   *shape.Type
}

func newLines(file io.Reader, person string, data *shape.Type) (*lines, error) {
	text := bufio.NewReaderSize(file, readAhead)
	if err := checkHead(text); err != nil {
		return nil, err
	}
	l := &lines{text: bufio.NewScanner(text), person: person, data: data}
	l.text.Buffer(make([]byte, 0, readAhead), MaxRowBytes)
	return l, nil
}

func (l *lines) next() (engine.Row, int, error) {
	for l.text.Scan() {
		l.line++
		if raw := bytes.TrimSpace(l.text.Bytes()); len(raw) > 0 {
			row, err := rowOf(raw, l.person, l.data)
			return row, l.line, err
		}
	}
	switch err := l.text.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return engine.Row{}, l.line + 1, fmt.Errorf("line %d is longer than a megabyte", l.line+1)
	case err != nil:
		return engine.Row{}, l.line, err
	}
	return engine.Row{}, l.line, io.EOF
}
