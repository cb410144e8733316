package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"nudge/lang/diag"
	"nudge/lsp/protocol"
)

// TestProofsWait holds that proofs are made once when typing pauses, and not for each key.
func TestProofsWait(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/order_shipped")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "flows", "order_shipped.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{Env: noEnv})
		document := protocol.TextDocumentItem{URI: uriOf(file), Text: string(text)}
		if err := s.didOpen(t.Context(), protocol.DidOpenTextDocumentParams{TextDocument: document}); err != nil {
			t.Fatal(err)
		}
		proved := func(after time.Duration) (times int, current bool) {
			<-time.After(after)
			synctest.Wait()
			s.mu.Lock()
			defer s.mu.Unlock()
			p := s.projects[dir]
			return p.proved, p.proofs.of == p.read.Project
		}
		if times, current := proved(10 * pause); times != 1 || !current {
			t.Fatalf("after the file was opened, the proofs were made %d times", times)
		}
		for range 20 {
			change := protocol.DidChangeTextDocumentParams{ContentChanges: []protocol.ContentChange{{Range: &protocol.Range{}, Text: "\n"}}}
			change.TextDocument.URI = document.URI
			if err := s.didChange(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if times, _ := proved(pause / 3); times != 1 {
				t.Fatalf("while somebody types, the proofs are made %d times", times-1)
			}
		}
		if times, current := proved(10 * pause); times != 2 || !current {
			t.Errorf("after a pause the proofs are made %d times", times-1)
		}
		s.end()
		s.proving.Wait()
	})
}

// TestTooLarge holds that a flow which is too large is explored again when its content changes,
// and not when its steps move.
func TestTooLarge(t *testing.T) {
	const file = "flows/every.yaml"
	files := readFolder(t, "../flows/testdata/every")
	p := openProject(files, noEnv)
	p.prove()
	known := p.proofs.made["every"]
	if known == nil || known.report.Proved {
		t.Fatalf("the flow is not too large: %+v", known)
	}
	known.report.States = -1 // a mark, which a new proof does not have
	p.set(file, "# a word\n\n"+string(files[file].Data))
	p.load()
	p.prove()
	moved := p.proofs.made["every"].report
	if moved.States != -1 || moved.Place.Span.Start.Line != known.report.Place.Span.Start.Line+2 {
		t.Errorf("its steps have moved: %+v was %+v", *moved.Place, *known.report.Place)
	}
	if !slices.ContainsFunc(p.diagnostics()[file], func(d diag.Diagnostic) bool { return d.Code == "not-proved" }) {
		t.Error("nothing says that it is too large")
	}
	p.set("nudge.yaml", string(files["nudge.yaml"].Data)+"\n")
	p.set("templates/"+sentBy(t, p, "every")+".yaml", "body: Something else.\n")
	p.load()
	p.prove()
	if p.list.HasErrors() {
		t.Fatal(p.list)
	}
	if p.proofs.made["every"].report.States == -1 {
		t.Error("its content has changed, and it is not explored again")
	}
}

// sentBy returns a template that a flow sends.
func sentBy(t *testing.T, p *project, flow string) string {
	t.Helper()
	for _, s := range p.read.Flow(flow).Steps {
		if s.Send != nil && !s.Send.Inline {
			return s.Send.Template
		}
	}
	t.Fatalf("%s sends no template", flow)
	return ""
}
