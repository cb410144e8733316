package lsp

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"nudge/flows/schema"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/lsp/protocol"
)

// mark stands in a text where something is to be completed.
const mark = "nudge_completes_here"

// offer is something that may stand at a place.
type offer struct {
	label   string
	detail  string
	says    string // in Markdown
	kind    protocol.CompletionItemKind
	text    string // what is inserted; empty: the label
	from    int    // where the text begins that it replaces, in bytes of the file
	snippet string // the same as text with a placeholder; empty: none
}

// completing is a place where something is to be completed.
type completing struct {
	p        *project
	file     string
	text     string // of the file, as it is
	at       int    // the place, in bytes
	from, to int    // the word around it
}

func (s *Server) completion(_ context.Context, params protocol.TextDocumentPositionParams) (*protocol.CompletionList, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := &protocol.CompletionList{Items: []protocol.CompletionItem{}}
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return list, nil
	}
	l := s.lines(p, file)
	offers := p.complete(file, l.offset(l.place(params.Position)))
	for i, o := range offers {
		word := &protocol.TextEdit{NewText: o.text}
		if word.NewText == "" {
			word.NewText = o.label
		}
		item := protocol.CompletionItem{Label: o.label, Detail: o.detail, Kind: o.kind, SortText: fmt.Sprintf("%04d", i), TextEdit: word}
		if s.snippets && o.snippet != "" {
			word.NewText, item.InsertTextFormat = o.snippet, protocol.InsertTextFormatSnippet
		}
		word.Range = protocol.Range{Start: l.position(l.pos(o.from)), End: params.Position}
		if o.says != "" {
			item.Documentation = &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: o.says}
		}
		list.Items = append(list.Items, item)
	}
	return list, nil
}

// complete returns what may stand at a place of a file, the likeliest first.
func (p *project) complete(file string, at int) []offer {
	text, ok := p.text(file)
	if !ok || kindOf(file) == "" {
		return nil
	}
	c := &completing{p: p, file: file, text: text, at: at}
	c.from, c.to = wordAround(text, at, isName)
	if offers, ok := c.inPiece(); ok {
		return offers
	}
	c.from, c.to = wordAround(text, at, isLongName)
	return c.inTree()
}

func isName(r byte) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func isLongName(r byte) bool { return isName(r) || strings.IndexByte("./-", r) >= 0 }

func wordAround(text string, at int, in func(byte) bool) (from, to int) {
	for from = at; from > 0 && in(text[from-1]); from-- {
	}
	for to = at; to < len(text) && in(text[to]); to++ {
	}
	return from, to
}

// typed returns the part of the word that stands before the place.
func (c *completing) typed() string { return c.text[c.from:c.at] }

// variant is the text of the file with something else in place of the word, and with what
// closes an unfinished line.
type variant struct{ before, after string }

func (v variant) with(word string) string { return v.before + word + v.after }

// variants are the ways to read a text that is being written, the likeliest first: as it is,
// without the rest of the line, and without all that follows.
func (c *completing) variants() []variant {
	end := c.to + strings.IndexByte(c.text[c.to:]+"\n", '\n')
	start := strings.LastIndexByte(c.text[:c.from], '\n') + 1
	closers := closing(c.text[start:c.from])
	return []variant{
		{c.text[:c.from], c.text[c.to:]},
		{c.text[:c.from], closers + c.text[end:]},
		{c.text[:c.from], closers + "\n"},
	}
}

// closing returns what closes the quotes and brackets of a line that is being written.
func closing(line string) string {
	var open []string
	for i := 0; i < len(line); i++ {
		last := ""
		if len(open) > 0 {
			last = open[len(open)-1]
		}
		switch c, ends := line[i:i+1], opens(line, i); {
		case last == "\"" || last == "'" || last == "`":
			if c == last {
				open = open[:len(open)-1]
			}
		case c == "#" && (i == 0 || line[i-1] == ' ') && last == "":
			return ""
		case ends != "":
			open = append(open, ends)
			if ends == actionEnd {
				i++
			}
		case last != "" && strings.HasPrefix(line[i:], strings.TrimSpace(last)):
			open = open[:len(open)-1]
			i += len(strings.TrimSpace(last)) - 1
		}
	}
	slices.Reverse(open)
	return strings.Join(open, "")
}

// actionEnd closes an action of a template.
const actionEnd = " }}"

// opens returns what closes a quote or bracket that begins at a byte of a line; an empty text
// if none does. A quote inside of a word is an apostrophe.
func opens(line string, at int) string {
	switch c := line[at]; {
	case strings.HasPrefix(line[at:], "{{"):
		return actionEnd
	case c == '"' || c == '`' || c == '\'' && (at == 0 || !isName(line[at-1])):
		return line[at : at+1]
	case c == '(':
		return ")"
	case c == '[':
		return "]"
	case c == '{':
		return " }"
	}
	return ""
}

// inTree completes a key, or a value that is no expression.
func (c *completing) inTree() []offer {
	for _, v := range c.variants() {
		for _, probe := range []string{mark, mark + ": "} {
			if probe != mark && strings.HasPrefix(strings.TrimLeft(v.after, " "), ":") {
				continue
			}
			var found *spot
			walk(parse(c.file, v.with(probe)), func(s spot) {
				if s.text.Value == mark {
					found = &s
				}
			})
			if found != nil {
				return c.atSpot(*found, strings.HasPrefix(v.after, ":"))
			}
		}
	}
	return nil
}

// atSpot returns what may stand at a spot, where mark is now.
func (c *completing) atSpot(s spot, colon bool) (offers []offer) {
	of := kindOf(c.file)
	way := s.path
	if s.isKey {
		way = way[:len(way)-1]
	}
	place := schema.File(of)
	for _, key := range way {
		if key == item {
			place = place.Item()
		} else {
			place = place.Key(key)
		}
	}
	if s.isKey {
		return c.keys(place, s, colon)
	}
	for _, word := range place.Words() {
		offers = append(offers, offer{label: word, kind: protocol.CompletionItemKindEnumMember})
	}
	offers = append(offers, c.names(s.named(of), s)...)
	if (s.path[len(s.path)-1] == item || c.alone()) && len(place.Keys(nil)) > 0 {
		offers = append(offers, c.keys(place, spot{path: append(slices.Clip(s.path), mark), isKey: true}, colon)...)
	}
	for i := range offers {
		if offers[i].from == 0 {
			offers[i].from = c.from
		}
	}
	return offers
}

// alone reports whether nothing stands before the word on its line.
func (c *completing) alone() bool {
	start := strings.LastIndexByte(c.text[:c.from], '\n') + 1
	return strings.TrimSpace(c.text[start:c.from]) == ""
}

// keys returns the keys that a mapping may have beside those that it has.
func (c *completing) keys(place schema.Place, s spot, colon bool) (offers []offer) {
	var present []string
	if len(s.maps) > 0 {
		for _, k := range s.maps[len(s.maps)-1].Keys() {
			present = append(present, k.Value)
		}
	}
	for _, k := range place.Keys(present) {
		o := offer{label: k.Name, text: k.Name + ": ", says: says(k), kind: protocol.CompletionItemKindProperty, from: c.from}
		if colon {
			o.text = k.Name
		}
		if k.Required {
			o.detail = "required"
		}
		offers = append(offers, o)
	}
	return append(offers, c.fieldKeys(s, present, colon)...)
}

// says returns what a key means, with its examples.
func says(k schema.Key) string {
	text := k.Says
	if len(k.Examples) > 0 {
		text += "\n\nFor example `" + strings.Join(k.Examples, "`, `") + "`"
	}
	return text
}

// fieldKeys returns the fields of data that a mapping may have.
func (c *completing) fieldKeys(s spot, present []string, colon bool) (offers []offer) {
	keys := s.keys()
	if len(keys) < 2 {
		return nil
	}
	t := c.p.dataType(s, keys, kindOf(c.file))
	if t == nil {
		return nil
	}
	for _, name := range t.Names() {
		if slices.Contains(present, name) {
			continue
		}
		o := offer{label: name, text: name + ": ", detail: t.Fields[name].String(), kind: protocol.CompletionItemKindField, from: c.from}
		if colon {
			o.text = name
		}
		offers = append(offers, o)
	}
	return offers
}

// names returns the names that a value may be.
func (c *completing) names(k kind, s spot) (offers []offer) {
	add := func(kind protocol.CompletionItemKind, detail string, names ...string) {
		for _, name := range names {
			offers = append(offers, offer{label: name, detail: detail, kind: kind})
		}
	}
	r := c.p.read
	switch k {
	case aFlow:
		add(protocol.CompletionItemKindModule, "flow", c.stems("flows")...)
	case aTemplate:
		add(protocol.CompletionItemKindFile, "template", c.stems("templates")...)
	case anEvent:
		add(protocol.CompletionItemKindEvent, "event", c.p.events()...)
	case aStep:
		add(protocol.CompletionItemKindFunction, "step", c.steps()...)
		if kindOf(c.file) == "flow" {
			add(protocol.CompletionItemKindKeyword, "message", "any")
		}
	case aMessage:
		add(protocol.CompletionItemKindFile, "message", append(c.sends(), c.stems("templates")...)...)
	case aCategory, someHours:
		add(protocol.CompletionItemKindEnum, "category", slices.Sorted(maps.Keys(r.Categories))...)
		if key := s.path[len(s.path)-1]; key == "opt_in" || key == "opt_out" {
			add(protocol.CompletionItemKindKeyword, "category", "all")
		}
	case anAccount:
		add(protocol.CompletionItemKindEnum, "account", r.Accounts...)
	case aZone:
		if len(s.path) > 1 && s.path[0] == "trigger" {
			add(protocol.CompletionItemKindKeyword, "zone", "local")
		}
		add(protocol.CompletionItemKindConstant, "zone", shape.ZoneNames()...)
	case anEnd, anOutcome:
		if kindOf(c.file) == "test" {
			add(protocol.CompletionItemKindEnumMember, "outcome", c.outcomes(k, s)...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(offers, func(o offer) bool {
		again := seen[o.label]
		seen[o.label] = true
		return again || c.refused(k, s, o.label)
	})
}

// refused reports whether a name cannot stand here although it is one, such as that of a
// message which is sent later.
func (c *completing) refused(k kind, s spot, name string) bool {
	if k != aStep || kindOf(c.file) != "flow" {
		return false
	}
	text := c.variants()[0].with(name)
	if !node.Readable(c.file, []byte(text), &diag.List{}) {
		return false
	}
	_, list := c.p.space.Inspect(c.file, text)
	return slices.ContainsFunc(list, func(d diag.Diagnostic) bool {
		return d.Span.Start == s.text.Span.Start && (d.Code == "unknown-step" || d.Code == "not-a-send" || d.Code == "not-before")
	})
}

// stems returns the names of the files of a folder, without variants.
func (c *completing) stems(folder string) (names []string) {
	for _, file := range c.p.folder.names() {
		if path.Dir(file) == folder && !strings.Contains(stem(file), ".") {
			names = append(names, stem(file))
		}
	}
	return names
}

// events returns the types of all events that the project declares or uses, sorted.
func (p *project) events() []string {
	all := map[string]bool{}
	for name := range p.read.Events {
		all[name] = true
	}
	for _, f := range p.read.Flows {
		for name := range f.Listening {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// steps returns the steps that a name may name: of the flow itself, or of those that a file of
// tests is about.
func (c *completing) steps() (ids []string) {
	if kindOf(c.file) == "flow" {
		notes, _ := c.p.space.Inspect(c.file, c.variants()[0].with("any"))
		for _, s := range notes.Steps {
			ids = append(ids, s.ID)
		}
		return ids
	}
	for _, f := range c.p.tested(c.file) {
		for i := range f.Steps {
			ids = append(ids, f.Steps[i].ID)
		}
	}
	return ids
}

// sends returns the steps that send a message, of the flows that a file of tests is about.
func (c *completing) sends() (ids []string) {
	for _, f := range c.p.tested(c.file) {
		for i := range f.Steps {
			if f.Steps[i].Send != nil {
				ids = append(ids, f.Steps[i].ID)
			}
		}
	}
	return ids
}

// outcomes returns the outcomes that a test may expect of a run or of a wait.
func (c *completing) outcomes(k kind, s spot) (names []string) {
	for _, f := range c.p.tested(c.file) {
		if k == anEnd {
			names = append(names, endsOf(f)...)
			continue
		}
		if i := f.StepNamed(s.beside("wait", 0)); i >= 0 {
			for _, line := range f.Steps[i].Lines() {
				names = append(names, line.As)
			}
		}
	}
	return names
}
