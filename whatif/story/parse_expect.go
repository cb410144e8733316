package story

import (
	"regexp"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
)

const nothing = "nothing"

// expectWords say what an expectation is about.
var expectWords = []string{"message", "unsent", "end", "event", "wait", "skipped", "fetch", "any_order"}

const expectHint = "for example welcome, nothing, { message: welcome, at: tue 09:00 } or { end: completed }"

// expectations reads one expectation or a list of them.
func (r *reader) expectations(v *node.Value) []expectation {
	if v == nil {
		return nil
	}
	items := []*node.Value{v}
	if v.IsList() {
		items = v.List()
	}
	if len(items) == 0 {
		v.Errorf(codeExpect, "to expect no message write expect: nothing", "an empty list of expectations checks nothing")
	}
	var all []expectation
	for _, item := range items {
		all = append(all, r.expectation(item))
	}
	return all
}

func (r *reader) expectation(v *node.Value) expectation {
	e := expectation{Span: v.Span()}
	if v.IsEmpty() {
		v.Empty(expectHint, "say what is expected")
		return e
	}
	if v.IsMap() {
		r.expectationOf(&e, v.Map())
		return e
	}
	t := v.Text()
	switch {
	case t == nil:
	case t.Value == nothing:
		e.About, e.Name = aboutNothing, nothing
	default:
		e.About, e.Name = aboutMessage, r.messageName(t, nothing)
	}
	return e
}

func (r *reader) expectationOf(e *expectation, m *node.Map) {
	m.Allow(expectWords...)
	var said []string
	for _, word := range expectWords {
		if m.Has(word) {
			said = append(said, word)
		}
	}
	if len(said) != 1 {
		m.Close()
		m.Errorf("", codeExpect, expectHint, "an expectation needs exactly one of %s", strings.Join(expectWords, ", "))
		return
	}
	switch said[0] {
	case "message":
		r.expectMessage(e, m)
	case "unsent":
		e.About, e.Name, e.Reason = aboutUnsent, r.messageName(m.Text("unsent")), m.Str("reason")
		e.Who = r.named(m.Text("to"))
	case "end":
		e.About, e.Name, e.Who = aboutEnd, m.Str("end"), r.named(m.Text("of"))
		e.Flow = r.flowName(m.Text("flow"))
		if m.Has("goal") {
			goal := m.Bool("goal")
			e.Goal = &goal
		}
	case "event":
		e.About, e.Name, e.Who = aboutEvent, m.Str("event"), r.named(m.Text("of"))
		if v := m.Get("data"); v != nil {
			e.Data = literal(v)
		}
	case "wait":
		r.expectWait(e, m)
	case "fetch":
		e.About, e.Who, e.At = aboutFetch, r.named(m.Text("of")), r.clock(m.Text("at"))
		if t := m.Text("fetch"); t != nil {
			known := r.stepIDs(func(s *flows.Step) bool { return s.Fetch != nil })
			if e.Name = t.Value; !slices.Contains(known, t.Value) {
				r.unknown(t, "fetch step", known)
			}
		}
	case "any_order":
		r.anyOrder(e, m.Get("any_order"))
	case "skipped":
		e.About, e.Name, e.Reason = aboutSkipped, r.flowName(m.Text("skipped")), m.Str("reason")
	}
	m.Close()
}

// anyOrder reads expectations that may come about in any order.
func (r *reader) anyOrder(e *expectation, v *node.Value) {
	e.About, e.Any = aboutAnyOrder, r.expectations(v)
	for _, inner := range e.Any {
		if inner.About == aboutAnyOrder || inner.About == aboutNothing {
			r.list.Errorf(inner.Span, codeExpect, "list messages, ends, events, waits and fetches", "this does not belong into any_order")
		}
	}
}

func (r *reader) named(t *node.Text) string {
	if t == nil {
		return ""
	}
	r.someone(t)
	return t.Value
}

// expectMessage reads what a message must be.
func (r *reader) expectMessage(e *expectation, m *node.Map) {
	e.About, e.Name = aboutMessage, r.messageName(m.Text("message"))
	e.Who, e.At, e.From = r.named(m.Text("to")), r.clock(m.Text("at")), m.Str("from")
	e.Thread = m.Str("conversation")
	if t := m.Text("text"); t != nil {
		e.Text = &t.Value
	}
	e.Contains, e.Rules = texts(m.Get("contains")), texts(m.Get("rules"))
	if t := m.Text("matches"); t != nil {
		if _, err := regexp.Compile(t.Value); err != nil {
			r.list.Errorf(t.Span, codePattern, "", "%v", err)
		}
		e.Matches = t.Value
	}
	if a := m.Child("alert"); a != nil {
		e.Alert = &alert{Title: a.Str("title"), Body: a.Str("body")}
		a.Close()
	}
	for _, v := range m.List("parts") {
		if p := v.Map(); p != nil {
			e.Parts = append(e.Parts, part{p.Str("name"), p.Str("type"), p.Str("data"), p.Str("url")})
			p.Close()
		}
	}
	if v := m.Get("metadata"); v != nil {
		e.Metadata = literal(v)
	}
	if t := m.Text("snapshot"); t != nil {
		if e.Snapshot = t.Value; !snapshotName.MatchString(t.Value) {
			r.list.Errorf(t.Span, codeUnknown, "for example welcome", "the name of a snapshot may have only a-z, 0-9 and _")
		}
	}
}

var snapshotName = regexp.MustCompile(`^[a-z0-9_]+$`)

func (r *reader) expectWait(e *expectation, m *node.Map) {
	e.About, e.Who = aboutWait, r.named(m.Text("of"))
	if t := m.Text("wait"); t != nil {
		known := r.stepIDs(func(s *flows.Step) bool {
			return s.Wait != nil || s.Repeat != nil || s.Collect != nil || s.Start != nil
		})
		if e.Name = t.Value; !slices.Contains(known, t.Value) {
			r.list.Errorf(t.Span, codeUnknown, diag.DidYouMean(t.Value, known, "There is"), "no step called %q waits", t.Value)
		}
	}
	e.At, e.Outcome = r.clock(m.Text("until")), m.Str("outcome")
	if e.At != nil && e.Outcome != "" {
		m.Errorf("until", codeExpect, "use until while the run waits, and outcome once the wait has ended", "until and outcome exclude each other")
	}
}

// texts reads one text or a list of them.
func texts(v *node.Value) []string {
	switch {
	case v == nil:
		return nil
	case !v.IsList():
		return []string{v.Str()}
	}
	var all []string
	for _, item := range v.List() {
		all = append(all, item.Str())
	}
	return all
}
