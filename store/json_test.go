package store

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int // without version and checksum
	}{
		{"", 0},
		{"7", 2},
		{`{}`, 3},
		{`{"a":"b"}`, 6},
		{`{"name":"Ada","n":1,"b":{"c":["d","e"]}}`, 29},
		{`{"at":"https://example.org"}`, 18},
		{"{ \"a\" : 1 }\n", 13},
		{"no \x01 JSON", 10},
	} {
		raw := json.RawMessage(c.text)
		record := encode(1, func(x *codec) { x.raw(&raw) })
		var got json.RawMessage
		if err := decode(record, 1, func(x *codec) { x.raw(&got) }); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%q came back as %q, %v", raw, got, err)
		}
		if n := len(record) - 1 - checksumBytes; n != c.bytes {
			t.Errorf("%q takes %d bytes, want %d", raw, n, c.bytes)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":"b","c":[1,{"d":"https://"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		raw := json.RawMessage(text)
		record := encode(1, func(x *codec) { x.raw(&raw) })
		var got json.RawMessage
		if err := decode(record, 1, func(x *codec) { x.raw(&got) }); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%q came back as %q, %v", raw, got, err)
		}
	})
}
