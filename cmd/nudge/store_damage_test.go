package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/store/bolt"
)

// A damaged page is named, without a trace of the stack, by the check and by a server.
func TestDamagedStoreIsNamed(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	kv, err := bolt.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(data, bolt.FileName)
	whole, err := os.ReadFile(file)
	if err := errors.Join(err, kv.Close(), os.WriteFile(filepath.Join(dir, "nudge.yaml"),
		[]byte("project: shop\naccount: { url: http://127.0.0.1:9, path: /cpaas, token: a-token-of-ours }\nlisten: 127.0.0.1:0\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for name, test := range map[string]struct {
		file         []byte
		check, serve string // what they say
	}{
		"no root": {
			append(bytes.Clone(whole[:2*page]), make([]byte, len(whole)-2*page)...),
			"nudge: open the store " + file + ": the store is damaged at page", "the store is damaged at page",
		},
		"cut": {whole[:2*page+100], "the store is damaged at page 2: the file ends here", "the store is damaged at page 2: the file ends here"},
	} {
		if err := os.WriteFile(file, test.file, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []struct {
			args []string
			want string
		}{{[]string{"store", "check", data}, test.check}, {[]string{"serve", "-c", dir}, test.serve}} {
			var out bytes.Buffer
			code := run(verb.args, strings.NewReader(""), &out, &out)
			if text := out.String(); code != exitFailed || !strings.Contains(text, verb.want) || strings.Contains(text, "goroutine") {
				t.Errorf("%s: %v exits with %d and says\n%s\nwant %s", name, verb.args, code, text, verb.want)
			}
		}
	}
}
