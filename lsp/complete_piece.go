package lsp

import (
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lang/shape"
	"nudge/lsp/protocol"
	"nudge/templates"
)

// writing is an expression or a template that is being written: the pieces where mark stands
// in it, one for each place that uses it, and the mistakes that it has without the mark.
type writing struct {
	c        *completing
	variant  variant
	places   []marked
	mistakes map[mistake]bool // of the file, with the mark in it, besides those of the mark itself
}

// marked is a part of a piece that is the mark.
type marked struct {
	piece    *insight.Piece
	part     insight.Part
	mistakes map[mistake]bool // of the piece, with the mark in it
}

// mistake is a mistake wherever it stands: what is inserted moves the places behind it.
type mistake struct {
	code    diag.Code
	message string
}

// inPiece completes a name, a field or a word of an expression or a template. It returns
// false if the place is in none.
func (c *completing) inPiece() ([]offer, bool) {
	of := kindOf(c.file)
	if of != "flow" && of != "template" {
		return nil, false
	}
	for _, v := range c.variants() {
		notes, list := c.p.space.Inspect(c.file, v.with(mark))
		w := &writing{c: c, variant: v, mistakes: withoutMark(list)}
		inside := false
		for _, piece := range notes.Pieces {
			inside = inside || strings.Contains(piece.Text.Value[min(piece.From, len(piece.Text.Value)):], mark)
			for _, part := range piece.Parts {
				if strings.Contains(part.Name, mark) {
					w.places = append(w.places, marked{piece, part, withoutMark(piece.Try(piece.Text.Value))})
				}
			}
		}
		if len(w.places) > 0 {
			return w.offers(), true
		}
		if inside {
			return append(c.partials(), w.called(notes)...), true
		}
	}
	return nil, false
}

// called returns the functions that fit before a bracket that is there already.
func (w *writing) called(notes *insight.Notes) (offers []offer) {
	if !strings.HasPrefix(w.variant.after, "(") {
		return nil
	}
	for _, piece := range notes.Pieces {
		if !piece.Template && strings.Contains(piece.Text.Value, mark) {
			w.places = append(w.places, marked{piece: piece, mistakes: withoutMark(piece.Try(piece.Text.Value))})
		}
	}
	for _, f := range flows.Functions() {
		if strings.HasPrefix(f.Name, w.c.typed()) && w.fits(f.Name) {
			offers = append(offers, offer{label: f.Name, detail: f.Signature(), says: f.Says, kind: protocol.CompletionItemKindFunction, from: w.c.from})
		}
	}
	return offers
}

// partials returns the names of partials, where one is to be named.
func (c *completing) partials() (offers []offer) {
	before := strings.TrimRight(c.text[:c.from], `"`)
	if !strings.HasSuffix(strings.TrimRight(before, " "), "partial") {
		return nil
	}
	for _, name := range c.stems(templates.PartialsFolder) {
		offers = append(offers, offer{label: name, detail: "partial", kind: protocol.CompletionItemKindFile, from: c.from})
	}
	return offers
}

// withoutMark returns the mistakes that are not about the mark.
func withoutMark(list diag.List) map[mistake]bool {
	all := map[mistake]bool{}
	for _, d := range list {
		if d.Severity == diag.Error && !strings.Contains(d.Message, mark) {
			all[mistake{d.Code, d.Message}] = true
		}
	}
	return all
}

// fits reports whether a text in place of the mark makes no new mistake, wherever the piece
// is used.
func (w *writing) fits(text string) bool {
	for _, m := range w.places {
		for _, d := range m.piece.Try(strings.Replace(m.piece.Text.Value, mark, text, 1)) {
			if d.Severity == diag.Error && !m.mistakes[mistake{d.Code, d.Message}] {
				return false
			}
		}
	}
	_, list := w.c.p.space.Inspect(w.c.file, w.variant.with(text))
	return !slices.ContainsFunc(list, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && !w.mistakes[mistake{d.Code, d.Message}]
	})
}

// offers returns what the checker takes in place of the mark.
func (w *writing) offers() (offers []offer) {
	first := w.places[0]
	switch part := first.part; {
	case len(part.Words) > 0:
		for _, word := range part.Words {
			if strings.HasPrefix(word, w.c.typed()) && w.fits(word) {
				offers = append(offers, offer{label: word, kind: protocol.CompletionItemKindEnumMember, from: w.c.from})
			}
		}
	case part.Outcome != "" || part.Of == nil:
	case part.Of == first.piece.Scope || len(part.Path) == 1:
		offers = append(w.fields(part.Of, protocol.CompletionItemKindVariable), w.functions()...)
	default:
		offers = w.fields(part.Of, protocol.CompletionItemKindField)
	}
	return offers
}

// fields returns the names or fields of a map, as they fit.
func (w *writing) fields(of *shape.Type, kind protocol.CompletionItemKind) (offers []offer) {
	for _, name := range of.Names() {
		if !strings.HasPrefix(strings.ToLower(name), strings.ToLower(w.c.typed())) || strings.HasPrefix(name, "__") {
			continue
		}
		t := of.Fields[name]
		if more, ok := w.continued(name, t, 2); ok {
			o := offer{label: name, detail: shortType(t), kind: kind, text: name + more, from: w.c.from}
			if more != "" {
				o.snippet = escaped(name) + "${1:" + escaped(more) + "}"
			}
			offers = append(offers, o)
		}
	}
	return offers
}

// shortType is a type on a short line.
func shortType(t *shape.Type) string {
	if t.Kind == shape.KindMap || t.Kind == shape.KindList && t.Elem != nil && t.Elem.Kind == shape.KindMap {
		return strings.TrimPrefix(t.Described(), "a ")
	}
	return t.String()
}

// continued returns what has to follow a name for the checker to take it: nothing, a
// comparison, a default, or a field and what follows that.
func (w *writing) continued(text string, t *shape.Type, depth int) (more string, ok bool) {
	if w.fits(text) {
		return "", true
	}
	for _, more := range w.continuations(t) {
		if w.fits(text + more) {
			return more, true
		}
	}
	if t.Kind != shape.KindMap || depth == 0 {
		return "", false
	}
	dot := "."
	if t.Optional {
		dot = "?."
	}
	for _, name := range t.Names() {
		if more, ok := w.continued(text+dot+name, t.Fields[name], depth-1); ok {
			return dot + name + more, true
		}
	}
	return "", false
}

// continuations are the likely ways to go on after a value of a type.
func (w *writing) continuations(t *shape.Type) []string {
	if w.places[0].piece.Template {
		return []string{` | default ""`}
	}
	text := `""`
	if len(t.Words) > 0 {
		text = `"` + t.Words[0] + `"`
	}
	switch t.Kind {
	case shape.KindString:
		return []string{" == " + text, " ?? " + text, " ?? " + text + " == " + text}
	case shape.KindNumber:
		return []string{" > 0", " ?? 0", " ?? 0 > 0"}
	case shape.KindTime:
		return []string{" > run.started", " < now", " ?? now"}
	case shape.KindMap: // its fields
		return nil
	case shape.KindDate:
		return []string{" == date(now)", " ?? date(now)"}
	case shape.KindBoolean:
		return []string{" ?? false"}
	case shape.KindAny:
		return []string{` ?? ""`, ` ?? "" == ""`, " ?? 0", " ?? now", " ?? false", " ?? []"}
	}
	return []string{" != nil"}
}

// functions returns the functions whose result fits.
func (w *writing) functions() (offers []offer) {
	add := func(name, detail, says, call string) {
		if !strings.HasPrefix(name, w.c.typed()) || call == "" {
			return
		}
		more, ok := "", false
		for _, end := range append([]string{""}, w.endings()...) {
			if ok = w.fits(call + end); ok {
				more = end
				break
			}
		}
		if ok {
			offers = append(offers, offer{label: name, detail: detail, says: says, kind: protocol.CompletionItemKindFunction, text: call + more, from: w.c.from,
				snippet: escaped(name+call[len(name):len(name)+1]) + "${1:" + escaped(call[len(name)+1:]+more) + "}"})
		}
	}
	if w.places[0].piece.Template {
		for _, f := range templates.Functions() {
			if call := f.Sample(); len(call) > len(f.Name) {
				add(f.Name, f.Example, f.Says, call)
			}
		}
		return offers
	}
	for _, f := range flows.Functions() {
		add(f.Name, f.Signature(), f.Says, f.Name+"("+strings.Join(f.Sample, ", ")+")")
	}
	return offers
}

// endings are the ways to go on after the result of a function.
func (w *writing) endings() []string {
	if w.places[0].piece.Template {
		return nil
	}
	return []string{` == ""`, " > 0", " ?? 0", ` ?? ""`, " < now"}
}

// escaped is a text as a snippet of an editor writes it.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "$", `\$`, "}", `\}`).Replace(text)
}
