package lsp

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"nudge/lang/diag"
)

var spots = flag.Int("spots", 60, "at how many random places TestOffersFit accepts every offer")

// TestOffersFit takes names out of the expressions and templates of all examples, completes
// at those places, and accepts every offer: the project must have no mistake then. The name
// that was there must be among the offers, with whatever follows it in the offer.
func TestOffersFit(t *testing.T) {
	dirs := exampleProjects(t)
	random := rand.New(rand.NewPCG(3, uint64(*spots)))
	offered, missed := 0, 0
	for i := range *spots {
		dir := dirs[i%len(dirs)]
		p := openProject(readFolder(t, dir), noEnv)
		if p.list.HasErrors() {
			continue // the cases of diagnostics
		}
		var files []string
		for _, file := range p.folder.names() {
			if of := kindOf(file); of == "flow" || of == "template" {
				files = append(files, file)
			}
		}
		file := files[random.IntN(len(files))]
		text := p.folder.texts[file]
		notes, _ := p.space.Inspect(file, text)
		type place struct {
			name     string
			from, to int
		}
		var places []place
		l := linesOf(text, true)
		for _, piece := range notes.Pieces {
			for _, part := range piece.Parts {
				if part.Name == "" || !piece.Text.Exact() || part.Outcome != "" {
					continue
				}
				at := piece.Span(part)
				from := l.offset(at.Start)
				if from+len(part.Name) <= len(text) && text[from:from+len(part.Name)] == part.Name {
					places = append(places, place{part.Name, from, from + len(part.Name)})
				}
			}
		}
		if len(places) == 0 {
			continue
		}
		at := places[random.IntN(len(places))]
		typed := random.IntN(2) // the first letter may be there
		p.set(file, text[:at.from+typed]+text[at.to:])
		p.load()
		offers := p.complete(file, at.from+typed)
		found := false
		for _, o := range offers {
			found = found || o.label == at.name
			inserted := o.text
			if inserted == "" {
				inserted = o.label
			}
			accepted := text[:o.from] + inserted + text[at.to:]
			p.set(file, accepted)
			p.load()
			offered++
			for _, d := range p.diagnostics()[file] {
				if d.Severity == diag.Error {
					t.Errorf("%s/%s: %q in place of %q:\n%s\n%v", dir, file, inserted, at.name, lineAt(accepted, o.from), d)
				}
			}
		}
		if !found {
			missed++
			t.Logf("%s/%s: %q is not offered in\n%s", dir, file, at.name, lineAt(text, at.from))
		}
	}
	if offered < *spots || missed > *spots/20 {
		t.Errorf("%d offers were accepted at %d places; at %d places the name that was there was not offered", offered, *spots, missed)
	}
}

// lineAt returns the line of a text with a byte.
func lineAt(text string, at int) string {
	from := strings.LastIndexByte(text[:at], '\n') + 1
	return text[from : at+strings.IndexByte(text[at:]+"\n", '\n')]
}
