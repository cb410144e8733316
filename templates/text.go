package templates

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// text is one string of a message: a plain text, or a Go template.
type text struct {
	source *node.Text
	plain  string
	tmpl   *template.Template // nil when the text has no actions
	single bool               // nothing but one action, whose value may keep its type
	typed  *template.Template // for single: writes the value as JSON
	counts *sync.Pool         // of machines for tmpl; nil: it takes few steps
	blanks []placeholder      // of a text that can be filled without running tmpl

	print func(any) (string, error) // writes the value of a blank

	partials map[string]*included // by the names of their Go templates
	merge    bool                 // {{ may be left in it
}

// maxWrites is how many pieces one text may have; one more, and it cannot be rendered, which
// fails its run. A range
// writes one piece for each item, so this limits the time too.
const maxWrites = 50_000

var errTooMuch = fmt.Errorf("the text has more than %d pieces", maxWrites)

var errTooLong = fmt.Errorf("the text is longer than %d bytes", MaxOutput)

// limited is a writer that stops at MaxOutput bytes and maxWrites pieces. Nothing else can
// stop a running template.
type limited struct {
	bytes.Buffer
	writes int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.writes++; l.writes > maxWrites {
		return 0, errTooMuch
	}
	if l.Len()+len(p) > MaxOutput {
		return 0, errTooLong
	}
	return l.Buffer.Write(p)
}

var buffers = sync.Pool{New: func() any { return new(limited) }}

// render writes the text for a scope.
func (t *text) render(scope map[string]any) (string, error) {
	out, err := t.plain, error(nil)
	if t.tmpl != nil {
		var ok bool
		if out, ok = t.fill(scope); !ok {
			out, err = t.execute(t.tmpl, scope)
		}
	}
	if err == nil {
		err = t.checkMergeField(out)
	}
	return out, err
}

// mergeField begins one of the provider's own fields, such as {{profile.email}}.
const mergeField = "{{"

// ErrMergeField means that a message cannot be sent because the rendered text contains {{,
// most likely in something that a person wrote.
var ErrMergeField = errors.New("the text contains {{, which the provider would read as one of its own fields")

func (t *text) checkMergeField(out string) error {
	if t.merge || !strings.Contains(out, mergeField) {
		return nil
	}
	return fmt.Errorf("%s: %w", t.source.Span, ErrMergeField)
}

func (t *text) execute(tmpl *template.Template, scope map[string]any) (string, error) {
	if t.counts != nil && tmpl == t.tmpl {
		m := t.counts.Get().(*machine)
		defer t.counts.Put(m)
		m.left, tmpl = MaxTextSteps, m.tmpl
	}
	buffer := buffers.Get().(*limited)
	buffer.Reset()
	buffer.writes = 0
	defer buffers.Put(buffer)
	if err := tmpl.Execute(io.Writer(buffer), scope); err != nil {
		return "", t.located(err)
	}
	return buffer.String(), nil
}

// located adds the place in the file to an error of a running template, which may be in a
// partial.
func (t *text) located(err error) error {
	at, message := t.source.Span, err.Error()
	var exec template.ExecError
	if errors.As(err, &exec) {
		source := t.source
		if p := t.partials[exec.Name]; p != nil {
			source = p.source
		}
		var from, to int
		from, to, message = failure(source.Value, exec)
		at = source.At(from, to)
	}
	return fmt.Errorf("%s: %s", at, message)
}

// failure reads the place from the message of a failed action, which has the form template:
// name:line:column: executing "name" at <action>: what went wrong.
func failure(text string, exec template.ExecError) (from, to int, what string) {
	var line, column int
	message := exec.Err.Error()
	rest, _ := strings.CutPrefix(message, "template: "+exec.Name+":")
	if n, _ := fmt.Sscanf(rest, "%d:%d:", &line, &column); n != 2 {
		return -1, -1, message
	}
	from = offsetOf(text, line, column)
	to = from + 1
	if _, after, ok := strings.Cut(rest, " at <"); ok {
		if action, cause, ok := strings.Cut(after, ">: "); ok {
			message = cause
			to = from + len([]rune(action))
		}
	}
	if i := strings.Index(message, "error calling "); i >= 0 {
		if _, cause, ok := strings.Cut(message[i:], ": "); ok {
			message = cause
		}
	}
	if strings.HasPrefix(message, "nil pointer evaluating ") {
		message = errAbsent.Error()
	}
	if field, ok := strings.CutPrefix(message, "can't evaluate field "); ok {
		field, _, _ = strings.Cut(field, " ")
		message = "the value has no field " + field
	}
	return from, to, message
}

// offsetOf returns the character at a line and a column, which is in bytes.
func offsetOf(text string, line, column int) int {
	start := 0
	for ; line > 1; line-- {
		next := strings.IndexByte(text[start:], '\n')
		if next < 0 {
			return -1
		}
		start += next + 1
	}
	if start+column > len(text) {
		return -1
	}
	return len([]rune(text[:start+column]))
}

// spanOf returns the place of the characters between two bytes of a text.
func spanOf(t *node.Text, from, to int) diag.Span {
	from, to = min(from, len(t.Value)), min(to, len(t.Value))
	return t.At(len([]rune(t.Value[:from])), len([]rune(t.Value[:to])))
}
