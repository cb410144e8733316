package audience

import (
	"errors"
	"io"
	"strings"
	"testing"

	"nudge/lang/shape"
)

// FuzzRows holds that no file of an audience makes reading it panic or go on for ever: each row is
// one that may start a run, or a bad row with its number, and numbers rise.
func FuzzRows(f *testing.F) {
	for _, text := range []string{
		"person,name,n,at\nann,Ann,3,2026-03-05T14:00:00Z\nbob,\"B, \"\"ob\"\"\",x,\n", "person\n\n\"ann\n", "\xef\xbb\xbfperson;name\r\nann;Ann\r\n",
		"{\"person\":\"ann\",\"name\":\"Ann\",\"n\":3}\n{\"person\":\"ann\",\"person\":\"bob\"}\n[]\n{\n", "null\n\n{\"person\":7,\"n\":1e400}\n",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	data := shape.MapOf(map[string]*shape.Type{
		"name": shape.String, "n": shape.Number.OrNil(), "at": shape.Moment.OrNil(), "vip": shape.Boolean.OrNil(), "tags": shape.ListOf(shape.String).OrNil(),
	})
	f.Fuzz(func(t *testing.T, text string, json bool) {
		var rows source
		var err error
		if json {
			rows, err = newLines(strings.NewReader(text), "person", data)
		} else {
			rows, err = newCSV(strings.NewReader(text), "person", data)
		}
		if err != nil {
			return
		}
		last := 0
		for n := 0; ; n++ {
			row, number, err := rows.next()
			var wrong *badRow
			switch {
			case n > len(text)+1:
				t.Fatalf("%d rows of %d bytes", n, len(text))
			case errors.As(err, &wrong):
			case errors.Is(err, io.EOF) || err != nil:
				return
			case check(&row, data) == nil && row.Profile == "":
				t.Fatalf("a row without a person is right: %+v", row)
			}
			if number < last {
				t.Fatalf("row %d comes after row %d", number, last)
			}
			last = number
		}
	})
}
