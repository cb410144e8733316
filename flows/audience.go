package flows

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

// Audience says who a schedule is for. Exactly one of File, If and Pages is set.
type Audience struct {
	File    string // below the project's audiences folder; ends in .csv or .jsonl
	If      *Expr  // the stored profiles of whom it holds
	Pages   *Pages // the rows of a service
	Profile string // the column or field that names the person
}

// DefaultPersonField is the field of a row that names the person, unless the audience names
// another one.
const DefaultPersonField = "profile"

// Pages describes rows that an HTTP service returns page by page. The next page is the link
// next in the Link header, unless Cursor names the place of a cursor in the answer.
type Pages struct {
	Request   Requester // of the first page; it sees nothing
	Items     string    // path of the array of rows in an answer; empty for the answer itself
	Cursor    string    // path of the text that asks for the next page; empty for a Link header
	Parameter string    // the query parameter that takes the cursor
}

// Rate limits how fast the messages of a campaign go out. The zero Rate sets no limit.
type Rate struct {
	Messages int
	Per      time.Duration
}

// Time returns how long a number of messages takes at this rate, to the microsecond.
func (r Rate) Time(messages int) time.Duration {
	if r.Messages == 0 {
		return 0
	}
	whole, rest := messages/r.Messages, messages%r.Messages
	part := r.Per.Microseconds() * int64(rest) / int64(r.Messages) // an hour in nanoseconds would overflow
	return time.Duration(whole)*r.Per + time.Duration(part)*time.Microsecond
}

var (
	rateForm = regexp.MustCompile(`^([1-9]\d{0,6})/(s|m|h)$`)
	ratePer  = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
)

// ReadRate reads a rate such as 200/s or 1000/m. It returns the zero Rate for a nil text
// and after a mistake, which it adds to the list.
func ReadRate(t *node.Text, list *diag.List) Rate {
	if t == nil {
		return Rate{}
	}
	m := rateForm.FindStringSubmatch(t.Value)
	if m == nil {
		list.Errorf(t.Span, codeBadValue, "for example 200/s or 1000/m", "%q is not a rate", t.Value)
		return Rate{}
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		panic("flows: seven digits are a number: " + err.Error())
	}
	return Rate{n, ratePer[m[2]]}
}

// audience reads who a schedule is for: a file, a condition on stored profiles and the event
// that fires it, if one does, or a service.
func (r *reader) audience(v *node.Value, event *shape.Type) *Audience {
	a := &Audience{Profile: DefaultPersonField}
	if v == nil {
		return a
	}
	if v.IsText() {
		a.File = r.audienceFile(v)
		return a
	}
	m := v.Map()
	if m == nil {
		return a
	}
	if m.Has("file") {
		a.File = r.audienceFile(m.Get("file"))
	}
	known := map[string]*shape.Type{NameProfile: r.profile, NameNow: shape.Moment}
	if event != nil {
		known[NameEvent] = event
	}
	a.If = r.expr(m.Get("if"), shape.MapOf(known), forCondition)
	if m.Has("fetch") {
		a.Pages = r.pages(m.Child("fetch"))
	}
	if t := m.Text("profile"); t != nil {
		a.Profile = t.Value
	}
	sources := 0
	for _, key := range []string{"file", "if", "fetch"} {
		if m.Has(key) {
			sources++
		}
	}
	switch {
	case sources != 1:
		v.Errorf(CodeMissingKey, `for example audience: { if: profile.plan == "pro" }`, "an audience needs exactly one of file, if and fetch")
	case m.Has("if") && m.Has("profile"):
		m.Errorf("profile", codeBadValue, "remove it", "profile names a column, and stored profiles have no columns")
	}
	m.Close()
	return a
}

// audienceFile reads the name of a file in the folder audiences.
func (r *reader) audienceFile(v *node.Value) string {
	name := v.Str()
	switch ext := path.Ext(name); {
	case ext != ".csv" && ext != ".jsonl":
		v.Errorf(codeBadValue, "for example people.csv", "an audience file must end in .csv or .jsonl")
	case path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "../") || strings.Contains(name, `\`):
		v.Errorf(codeBadValue, "for example people.csv, which is audiences/people.csv",
			"an audience file must be in the project's folder audiences")
	}
	return name
}

// pages reads a service that returns rows.
func (r *reader) pages(m *node.Map) *Pages {
	use := r.use(&typeEnv{names: map[string]*shape.Type{}})
	use.Partials = nil
	p := &Pages{Request: r.request(m, use), Parameter: "cursor"}
	for key, into := range map[string]*string{"items": &p.Items, "cursor": &p.Cursor, "parameter": &p.Parameter} {
		if t := m.Text(key); t != nil {
			*into = t.Value
		}
	}
	if m.Has("json") || m.Has("form") {
		m.Value().Errorf(templates.CodeExclusive, "remove it", "the pages of an audience are read with GET, which sends no body")
	}
	if m.Has("parameter") && !m.Has("cursor") {
		m.Errorf("parameter", CodeMissingKey, "add for example cursor: next", "parameter needs cursor: the place of the cursor in an answer")
	}
	m.Close()
	return p
}
