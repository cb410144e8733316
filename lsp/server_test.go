package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
	"github.com/creachadair/jrpc2/handler"

	"nudge/client"
)

// TestWaiting holds that lenses show how many runs wait at each step, as a server counts them
// over all versions of a flow.
func TestWaiting(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/flows" {
			t.Errorf("the server is asked for %s", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"flows": [
			{"flow": "order_shipped", "version": "a", "parked": {"wait_1": 40, "wait_2": 1}},
			{"flow": "order_shipped", "version": "b", "parked": {"wait_1": 2}},
			{"flow": "other", "version": "c", "parked": {"wait_1": 7}}]}`))
	}))
	defer server.Close()
	asked, err := client.New(client.Config{Server: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/order_shipped")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		options Options
		want    []string
	}{
		{Options{Client: asked}, []string{"19: 42 runs wait here now", "31: 1 run waits here now"}},
		{Options{}, nil},
	} {
		shown, err := serve(t, dir, c.options).Play(t.Context(), "open flows/order_shipped.yaml\nlenses flows/order_shipped.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(shown, "here now"); n != len(c.want) {
			t.Errorf("%d lenses count runs, not %d:\n%s", n, len(c.want), shown)
		}
		for _, want := range c.want {
			if !strings.Contains(shown, want) {
				t.Errorf("no lens says %q:\n%s", want, shown)
			}
		}
	}
}

// TestFaults holds that a panic of a method is the answer to its request, and nothing else.
func TestFaults(t *testing.T) {
	methods := guarded(handler.Map{"broken": func(context.Context, *jrpc2.Request) (any, error) { panic("no such place") }})
	_, err := methods["broken"](t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "broken: no such place") {
		t.Errorf("got %v", err)
	}
}

// TestPositions holds that places come through as the client counts them: in UTF-16, or in
// characters.
func TestPositions(t *testing.T) {
	const text = "a: é😀b\r\nc: 😀\n"
	for _, wide := range []bool{false, true} {
		l := linesOf(text, wide)
		for offset := range text {
			if text[offset] == '\r' || text[offset] == '\n' && offset > 0 && text[offset-1] == '\r' {
				continue // a place between the two is the end of the line
			}
			p := l.pos(offset)
			if back := l.place(l.position(p)); back != p {
				t.Errorf("wide %t, byte %d: %v came back as %v", wide, offset, p, back)
			}
			if back := l.offset(p); back != offset {
				t.Errorf("wide %t: byte %d came back as %d", wide, offset, back)
			}
		}
	}
	l := linesOf(text, false)
	if at := l.position(l.pos(strings.Index(text, "b"))); at.Character != 6 {
		t.Errorf("b is at %d, and an emoji counts as two", at.Character)
	}
}

// TestCarriedFiles holds that a file that a message carries is noticed when it comes.
func TestCarriedFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"flows/f.yaml":         "flow: f\ntrigger: { event: user.signed_up }\nsteps: [ { send: hello } ]\n",
		"templates/hello.yaml": "parts: [ { type: image/png, name: cat, file: cat.png } ]\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := serve(t, dir, Options{})
	before, err := c.Play(t.Context(), "open flows/f.yaml\ndiagnostics")
	if err != nil || !strings.Contains(before, "file cat.png not found") {
		t.Fatalf("%v\n%s", err, before)
	}
	if err := os.WriteFile(filepath.Join(dir, "cat.png"), []byte("a cat"), 0o644); err != nil {
		t.Fatal(err)
	}
	after, err := c.Play(t.Context(), "changed cat.png\ndiagnostics")
	if err != nil || strings.Contains(after, "cat.png not found") {
		t.Errorf("%v\n%s", err, after)
	}
}

// TestExit holds that an end without a shutdown is none in order, as LSP 3.17 has it.
func TestExit(t *testing.T) {
	for what, c := range map[string]struct {
		asks []string
		want error
	}{
		"in order":           {[]string{"initialize", "shutdown"}, nil},
		"without a shutdown": {[]string{"initialize"}, ErrExit},
	} {
		in, said := io.Pipe()
		heard, out := io.Pipe()
		go func() {
			answers := channel.LSP(heard, said)
			for n, method := range c.asks {
				answers.Send(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":{}}`, n, method))
				answers.Recv()
			}
			answers.Send([]byte(`{"jsonrpc":"2.0","method":"exit"}`)) // the input stays open: the client waits for the end
		}()
		if err := Serve(t.Context(), in, out, Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		in.Close()
	}
}
