package audience

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"nudge/engine"
	"nudge/lang/encoding"
	"nudge/lang/shape"
)

// Limits of an audience.
const (
	// MaxRowBytes is how many bytes a row of a file may have; a longer one fails the campaign
	// before it writes to anybody.
	MaxRowBytes = 1 << 20
	// MaxColumns is how many columns a file may have; one more fails the campaign before it
	// writes to anybody.
	MaxColumns = 256
)

// source delivers rows. After the last row, next fails with io.EOF. For a row that cannot
// be read it returns a *badRow, and more rows may follow. Any other error is the end.
type source interface {
	next() (engine.Row, int, error)
}

// badRow is the error for a row that cannot be read or does not fit.
type badRow struct{ what string }

func (b *badRow) Error() string { return b.what }

func bad(format string, args ...any) error { return &badRow{fmt.Sprintf(format, args...)} }

// check returns what is wrong with a row. Data is the shape of the data that starts a run
// of the flow.
func check(row *engine.Row, data *shape.Type) error {
	if row.Profile == "" {
		return bad("it names no person")
	}
	if err := engine.CheckProfileID(row.Profile); err != nil {
		return bad("the person's id %v", err)
	}
	if len(row.Data) > engine.MaxEventBytes {
		return bad("it has %d bytes of data; %d are allowed", len(row.Data), engine.MaxEventBytes)
	}
	raw := row.Data
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	if _, err := data.Decode(raw); err != nil {
		return &badRow{err.Error()}
	}
	return nil
}

// rowOf makes a row from an object: the person's field is the person. The other fields of
// the shape are its data.
func rowOf(raw []byte, person string, data *shape.Type) (engine.Row, error) {
	if err := encoding.Check(raw); err != nil {
		return engine.Row{}, bad("it is %v; it must be UTF-8", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return engine.Row{}, bad("it is no JSON object")
	}
	if name, twice := shape.TwiceIn(raw); twice {
		return engine.Row{}, bad("it has %q twice", name)
	}
	profile, err := textOf(fields[person], person)
	if err != nil {
		return engine.Row{}, err
	}
	kept := map[string]json.RawMessage{}
	for name, value := range fields {
		if _, declared := data.Fields[name]; declared || data.Open && name != person {
			kept[name] = value
		}
	}
	return rowWith(profile, kept)
}

func rowWith(profile string, fields map[string]json.RawMessage) (engine.Row, error) {
	row := engine.Row{Profile: profile}
	if len(fields) == 0 {
		return row, nil
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return row, bad("it is no JSON: %v", err)
	}
	row.Data = raw
	return row, nil
}

// textOf returns a person's ID from JSON: a text or a whole number.
func textOf(raw json.RawMessage, name string) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		return text, nil
	}
	if len(raw) > 0 && !bytes.ContainsAny(raw, ".eE{[tfn") {
		return string(raw), nil
	}
	if len(raw) == 0 {
		return "", bad("it has no %s, which names the person", name)
	}
	return "", bad("%s must be text or a whole number", name)
}

// limited reads text and refuses rows longer than MaxRowBytes.
type limited struct {
	io.Reader
	left int // bytes until the row is too long
}

var errLongRow = errors.New("a row is longer than a megabyte")

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRow
	}
	n, err := l.Reader.Read(b[:min(len(b), l.left)])
	l.left -= n
	return n, err
}

// row begins the next row. Bytes that a buffer reads ahead count for it, too.
func (l *limited) row() { l.left = MaxRowBytes + readAhead }

// readAhead is how many bytes of later rows a buffer may hold.
const readAhead = 64 << 10
