package lsp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nudge/flows"
	"nudge/flows/graph"
	"nudge/flows/schema"
	"nudge/lang/diag"
	"nudge/lang/shape"
	"nudge/lsp/protocol"
	"nudge/templates"
	"nudge/whatif/cases"
	"nudge/whatif/prove"
)

// told is an explanation of a place, in Markdown.
type told struct {
	text string
	at   diag.Span
}

func (s *Server) hover(_ context.Context, params protocol.TextDocumentPositionParams) (*protocol.Hover, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return nil, nil
	}
	l := s.lines(p, file)
	t, ok := p.explain(file, l.place(params.Position), s.options.Now())
	if !ok {
		return nil, nil
	}
	at := l.span(t.at)
	return &protocol.Hover{Contents: protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: t.text}, Range: &at}, nil
}

// explain explains what stands at a place of a file. While the file is broken, its other lines are
// explained as they were.
func (p *project) explain(file string, at diag.Pos, now time.Time) (told, bool) {
	text, ok := p.text(file)
	if !ok {
		return told{}, false
	}
	if _, broken := p.current[file]; broken {
		same := p.moves(file)
		if before, ok := same.back(at); ok {
			t, ok := p.explainIn(file, p.folder.texts[file], before, now)
			t.at, _ = same.move(t.at)
			return t, ok
		}
	}
	return p.explainIn(file, text, at, now)
}

// explainIn explains what stands at a place of a text of a file.
func (p *project) explainIn(file, text string, at diag.Pos, now time.Time) (told, bool) {
	if t, ok := p.explainPart(file, text, at); ok {
		return t, true
	}
	var found *spot
	walk(parse(file, text), func(s spot) {
		if within(at, s.text.Span) {
			found = &s
		}
	})
	switch {
	case found == nil:
		return told{}, false
	case found.isKey:
		return p.explainKey(file, *found)
	}
	if says := p.explainValue(file, *found, now); says != "" {
		return told{says, found.text.Span}, true
	}
	return told{}, false
}

// explainPart explains a part of an expression or a template: its type, or a function.
func (p *project) explainPart(file, text string, at diag.Pos) (told, bool) {
	notes, _ := p.space.Inspect(file, text)
	best, length := told{}, 1<<30
	for _, piece := range notes.Pieces {
		offset, ok := piece.Text.Offset(at)
		if !ok || offset < chars(piece.Text.Value, piece.From) {
			continue
		}
		if t, ok := functionAt(piece.Text.Value, offset, piece.Template); ok {
			t.at = piece.Text.At(t.at.Start.Column, t.at.End.Column)
			return t, true
		}
		for _, part := range piece.Parts {
			if part.Type == nil || offset < part.From || offset > part.To || part.To-part.From >= length || part.Outcome != "" {
				continue
			}
			written := string([]rune(piece.Text.Value)[part.From:min(part.To, len([]rune(piece.Text.Value)))])
			if len(part.Path) > 0 {
				written = strings.Join(part.Path, ".")
			}
			best, length = told{"`" + written + "`: " + typeText(part.Type), piece.Span(part)}, part.To-part.From
		}
	}
	return best, length < 1<<30
}

// functionAt explains the function whose name stands at a character of a text. The span has
// the characters as columns.
func functionAt(text string, offset int, template bool) (told, bool) {
	runes := []rune(text)
	from, to := min(offset, len(runes)), min(offset, len(runes))
	for ; from > 0 && runes[from-1] < 128 && isName(byte(runes[from-1])); from-- {
	}
	for ; to < len(runes) && runes[to] < 128 && isName(byte(runes[to])); to++ {
	}
	name := string(runes[from:to])
	called := to < len(runes) && runes[to] == '('
	if name == "" || from > 0 && (runes[from-1] == '.' || runes[from-1] == '"') || !template && !called {
		return told{}, false
	}
	at := diag.Span{Start: diag.Pos{Column: from}, End: diag.Pos{Column: to}}
	if template {
		inside := strings.LastIndex(string(runes[:from]), "{{") > strings.LastIndex(string(runes[:from]), "}}")
		for _, f := range templates.Functions() {
			if f.Name == name && inside {
				return told{"`" + f.Name + "`: " + f.Says + "\n\nFor example `{{ " + f.Example + " }}`", at}, true
			}
		}
		return told{}, false
	}
	for _, f := range flows.Functions() {
		if f.Name == name {
			return told{"`" + f.Signature() + "`\n\n" + f.Says, at}, true
		}
	}
	return told{}, false
}

// typeText is a type in Markdown: a map with a line for each field.
func typeText(t *shape.Type) string {
	if t.Kind != shape.KindMap || len(t.Fields) == 0 {
		return "`" + t.String() + "`"
	}
	text := "a map"
	for _, name := range t.Names() {
		text += "\n- `" + name + "`: `" + t.Fields[name].String() + "`"
	}
	return text
}

// explainKey explains a key by the schema of its file.
func (p *project) explainKey(file string, s spot) (told, bool) {
	place := schema.File(kindOf(file))
	for _, key := range s.path[:len(s.path)-1] {
		if key == item {
			place = place.Item()
		} else {
			place = place.Key(key)
		}
	}
	if k, ok := place.Describe(s.text.Value); ok {
		return told{"**" + k.Name + "**: " + says(k), s.text.Span}, true
	}
	if t := p.dataType(s, s.keys(), kindOf(file)); t != nil && t.Fields[s.text.Value] != nil {
		return told{"`" + s.text.Value + "`: " + typeText(t.Fields[s.text.Value]), s.text.Span}, true
	}
	if keys := s.keys(); kindOf(file) == "project" && len(keys) == 2 && keys[0] == "events" && p.read.Events[keys[1]] != nil {
		return told{"event `" + keys[1] + "`: " + typeText(p.read.Events[keys[1]]), s.text.Span}, true
	}
	return told{}, false
}

// explainValue explains a value; an empty text if there is nothing to say.
func (p *project) explainValue(file string, s spot, now time.Time) string {
	name, last := s.text.Value, s.path[len(s.path)-1]
	f := p.read.Flow(stem(file))
	if kindOf(file) == "flow" && slices.Contains([]string{"cron", "every", "at"}, last) && f != nil {
		return firings(f, last, name, now)
	}
	switch k := s.named(kindOf(file)); k {
	case aFlow:
		return p.flowText(name)
	case aTemplate, aMessage:
		return p.rendered(name)
	case anEvent:
		if t := p.read.Events[name]; t != nil {
			return "event `" + name + "`: " + typeText(t)
		}
		if t := p.eventType(name); t != nil && len(t.Fields) > 0 {
			return "event `" + name + "`, which nudge.yaml does not declare; the flows that hear it read " + typeText(t)
		}
		return "event `" + name + "`, which nudge.yaml does not declare"
	case aStep:
		return p.stepText(f, name)
	case aCategory, someHours:
		return p.categoryText(name)
	}
	return ""
}

// stepText explains a step of a flow, which may be nil.
func (p *project) stepText(f *flows.Flow, id string) string {
	if f == nil {
		return ""
	}
	i := f.StepNamed(id)
	if i < 0 {
		return ""
	}
	text := "step `" + id + "`: " + graph.StepText(f, &f.Steps[i])
	if send := f.Steps[i].Send; send != nil {
		text += "\n\n" + p.rendered(send.Template)
	}
	return strings.TrimSpace(text)
}

func (p *project) categoryText(name string) string {
	c := p.read.Categories[name]
	if c == nil {
		return ""
	}
	var rules []string
	if c.Always {
		rules = append(rules, "always: no hours, no cap, no opt-out")
	}
	if c.Window != nil {
		rules = append(rules, "messages go out "+c.Window.String())
	}
	for _, limit := range c.Caps {
		rules = append(rules, "at most "+limit.String())
	}
	return "category `" + name + "`" + strings.TrimSuffix(": "+strings.Join(rules, "; "), ": ")
}

// firings says when a schedule fires, and its next three times.
func firings(f *flows.Flow, key, written string, now time.Time) string {
	for _, t := range f.Triggers {
		s := t.Schedule
		if s == nil || key == "cron" && (s.Cron == nil || s.Cron.Spec != written) || key == "every" && s.Every == nil || key == "at" && s.At == nil {
			continue
		}
		text := "`" + written + "`"
		if s.Cron != nil {
			text = s.Cron.InWords()
		}
		zone := s.Zone
		if zone == nil {
			text, zone = text+", by the clock of each person", time.UTC
		} else {
			text += ", in " + zone.String()
		}
		text += "\n\nNext:"
		next := now
		for range 3 {
			if next = s.Next(next); next.IsZero() {
				break
			}
			if s.Zone == nil {
				text += "\n- " + s.PersonsTime(next, 0, time.UTC).Format("Mon 2 Jan 2006 15:04")
			} else {
				text += "\n- " + next.In(zone).Format("Mon 2 Jan 2006 15:04 MST")
			}
		}
		return strings.TrimSuffix(text, "\n\nNext:")
	}
	return ""
}

// rendered shows what a template looks like, with example data of a flow that sends it.
func (p *project) rendered(name string) string {
	for _, f := range p.read.Flows {
		for i := range f.Steps {
			send := f.Steps[i].Send
			if send == nil || send.Template != name || send.Inline {
				continue
			}
			all, _ := cases.Of(f, send)
			for _, c := range all {
				if c.Message != nil && len(c.Absent) == 0 && c.Language == send.Facts.Locale {
					return "template `" + name + "` with example data:\n\n" + quoted(messageText(c.Message))
				}
			}
		}
	}
	return ""
}

func messageText(m *cases.Message) string {
	lines := []string{m.Title, m.Body}
	for _, part := range m.Parts {
		lines = append(lines, part.Text+part.URL)
	}
	if m.Alert != nil {
		lines = append(lines, "Push: "+strings.TrimSpace(m.Alert.Title+" "+m.Alert.Body))
	}
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n")
}

// quoted is a text as a quotation in Markdown.
func quoted(text string) string { return "> " + strings.ReplaceAll(text, "\n", "  \n> ") }

// flowText says what a flow is for, and what was proved of it.
func (p *project) flowText(name string) string {
	f := p.read.Flow(name)
	if f == nil {
		return ""
	}
	text := "flow `" + name + "`"
	if f.About != "" {
		text += ": " + f.About
	}
	for _, start := range graph.Starts(f) {
		text += "\n- started by " + start
	}
	if r := p.proofs.report(p.read.Project, f); r != nil && !p.list.HasErrors() {
		text += provedText(r)
	}
	return text
}

// provedText says what was proved of a flow.
func provedText(r *prove.Report) string {
	if !r.Proved {
		return "\n\nIt is too large to be proved."
	}
	most := fmt.Sprintf("at most %d messages", r.Most)
	switch r.Most {
	case prove.NoBound:
		most = "any number of messages"
	case 1:
		most = "at most 1 message"
	case 0:
		most = "no message"
	}
	var ends []string
	for _, e := range r.Endings {
		end := "`" + e.Outcome + "`"
		if e.Goal {
			end += " (goal)"
		}
		ends = append(ends, end)
	}
	text := "\n\nProved: a run sends " + most + " and lives " + r.Life.String() + " at the longest. It ends as " + strings.Join(ends, ", ") + "."
	if r.Life.Endless {
		text = strings.Replace(text, "lives without end at the longest", "may live forever", 1)
	}
	for _, b := range r.Broken {
		text += "\n- broken: " + b.What + ": " + b.Found
	}
	return text
}
