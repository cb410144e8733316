package lsp

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/app"
	"nudge/lsp/protocol"
)

// TestFolderGone holds that a folder which comes or goes is noticed with all its files, and that
// nothing is shown of a project whose folder is gone.
func TestFolderGone(t *testing.T) {
	dir := t.TempDir()
	root, away := filepath.Join(dir, "shop"), filepath.Join(dir, "away")
	if err := os.CopyFS(root, os.DirFS("../examples/hello")); err != nil {
		t.Fatal(err)
	}
	c := serve(t, root, Options{})
	for _, step := range []struct{ from, to, changed, shows string }{
		{filepath.Join(root, "templates"), away, "templates", "template file templates/welcome.yaml not found"},
		{away, filepath.Join(root, "templates"), "templates", "none"},
		{filepath.Join(root, "templates"), away, "../shop", "template file templates/welcome.yaml not found"},
		{root, filepath.Join(dir, "other"), "../shop", "none"},
	} {
		if err := os.Rename(step.from, step.to); err != nil {
			t.Fatal(err)
		}
		shown, err := c.Play(t.Context(), "changed "+step.changed+"\ndiagnostics")
		if err != nil || !strings.Contains(shown, step.shows) {
			t.Errorf("%s became %s: %v\n%s", step.from, step.to, err, shown)
		}
	}
}

// TestBeyondTheEnd holds that every question can be asked at any place, also one that a document
// does not have.
func TestBeyondTheEnd(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/hello")); err != nil {
		t.Fatal(err)
	}
	c := serve(t, dir, Options{})
	for _, file := range []string{"flows/hello.yaml", "flows/new.yaml", "nudge.yaml", "README.md"} {
		if err := c.OpenText(file, "flow: hello"); err != nil {
			t.Fatal(err)
		}
		for _, at := range []protocol.Position{{Line: 1}, {Character: 1 << 20}, {Line: 1 << 20, Character: 1 << 20}, {Line: 1<<32 - 1, Character: 1<<32 - 1}} {
			for _, method := range []string{"completion", "hover", "definition", "signatureHelp"} {
				params := protocol.TextDocumentPositionParams{TextDocument: protocol.TextDocumentIdentifier{URI: c.URI(file)}, Position: at}
				if err := c.Call(t.Context(), "textDocument/"+method, &params, nil); err != nil {
					t.Errorf("%s of %s at %v: %v", method, file, at, err)
				}
			}
		}
	}
}

// TestBlockEnds compares the blocks of random texts with a simple reading of them.
func TestBlockEnds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	indentOf := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	for range 2000 {
		var texts []string
		for range random.IntN(12) + 1 {
			texts = append(texts, strings.Repeat(" ", random.IntN(5))+[]string{"a", "", "\t"}[max(random.IntN(6)-3, 0)])
		}
		ends := blockEnds(lines{texts: texts})
		for n, text := range texts {
			want := n
			for k := n + 1; k < len(texts) && strings.TrimSpace(text) != ""; k++ {
				if strings.TrimSpace(texts[k]) == "" {
					continue
				}
				if indentOf(texts[k]) <= indentOf(text) {
					break
				}
				want = k
			}
			if ends[n] != want {
				t.Fatalf("line %d of %q ends at %d, not at %d", n, texts, ends[n], want)
			}
		}
	}
}

// TestUnreadable holds that the server says of a source that cannot be read what nudge check says.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/hello")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "flows", "folder.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../outside.yaml", filepath.Join(dir, "templates", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	files, err := app.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := openProject(files, noEnv)
	found := p.diagnostics()
	if diff := cmp.Diff(checked(files), found); diff != "" || len(found) != 2 {
		t.Errorf("%d files have mistakes (-check +server):\n%s", len(found), diff)
	}
	p.set("flows/folder.yaml", "flow: folder\ntrigger: { event: user.signed_up }\nsteps: [ { exit: done } ]\n") // the editor has it
	p.load()
	if _, ok := p.diagnostics()["flows/folder.yaml"]; ok {
		t.Error("a document counts, whatever is on the disk")
	}
}
