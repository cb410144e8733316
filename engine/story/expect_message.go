package story

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nudge/channels"
	"nudge/flows"
	"nudge/flows/diag"
)

// expectMessages holds the messages that no expectation has named yet to all that are
// expected, in order.
func (p *player) expectMessages(at diag.Span, want []Expectation) *Failure {
	var got []*Message
	for _, m := range p.world.Messages {
		if !m.expected {
			got = append(got, m)
		}
	}
	if f := p.compare(at, want, got); f != nil {
		return f
	}
	for _, m := range got {
		m.expected = true
	}
	return nil
}

// compare pairs expectations and messages of one name, as many as can be in order, and
// tells what is left over and what differs within the pairs.
func (p *player) compare(at diag.Span, want []Expectation, got []*Message) *Failure {
	f := &Failure{Span: at, Message: "the messages are others than expected"}
	wrong := false
	blame := func(e *Expectation) {
		if !wrong && e != nil {
			f.Span = e.Span
		}
		wrong = true
	}
	for _, pair := range aligned(want, got) {
		switch {
		case pair.got == nil:
			blame(pair.want)
			f.Diff = append(f.Diff, "- "+pair.want.text())
		case pair.want == nil:
			blame(nil)
			f.Diff = append(f.Diff, "+ "+p.text(pair.got))
		default:
			f.Diff = append(f.Diff, "  "+p.text(pair.got))
			if differs := p.differences(pair.want, pair.got); len(differs) > 0 {
				blame(pair.want)
				f.Diff = append(f.Diff, differs...)
			}
		}
	}
	if !wrong {
		return nil
	}
	return f
}

// pair is an expectation with its message; one of them may be missing.
type pair struct {
	want *Expectation
	got  *Message
}

// aligned is the longest common order of names, with what stands between.
func aligned(want []Expectation, got []*Message) (pairs []pair) {
	common := make([][]int, len(want)+1) // of the rests from i and j on
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	same := func(i, j int) bool {
		return got[j].called(want[i].Name) && (want[i].Who == "" || want[i].Who == got[j].Content.To)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); same(i, j) {
				common[i][j] = max(common[i][j], common[i+1][j+1]+1)
			}
		}
	}
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && same(i, j) && common[i][j] == common[i+1][j+1]+1:
			pairs = append(pairs, pair{&want[i], got[j]})
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			pairs = append(pairs, pair{want: &want[i]})
			i++
		default:
			pairs = append(pairs, pair{got: got[j]})
			j++
		}
	}
	return pairs
}

// text is a message on one line, its time by the clock of its reader.
func (p *player) text(m *Message) string {
	return fmt.Sprintf("%s to %s, at: %s", m.Step.ID, m.Content.To, clockText(p.readerTime(m)))
}

func (p *player) readerTime(m *Message) time.Time {
	return m.At.In(p.world.zoneOf(m.Content.To, m.Run.Flow))
}

// differences are the fields in which a message is not as expected.
func (p *player) differences(e *Expectation, m *Message) (diff []string) {
	differ := func(field, want, got string) {
		diff = append(diff, fmt.Sprintf("-   %s: %s", field, want), fmt.Sprintf("+   %s: %s", field, got))
	}
	c := &m.Content
	body := textOf(c)
	if at := p.readerTime(m); e.At != nil && !shows(e.At, at) {
		differ("at", momentText(e.At), clockText(at))
	}
	if e.Text != nil && strings.TrimSpace(*e.Text) != body {
		differ("text", quoted(strings.TrimSpace(*e.Text)), quoted(body))
	}
	for _, piece := range e.Contains {
		if !strings.Contains(body, piece) {
			differ("contains", quoted(piece), quoted(body))
		}
	}
	if e.Matches != "" && !regexp.MustCompile(e.Matches).MatchString(body) {
		differ("matches", e.Matches, quoted(body))
	}
	if e.From != "" && (c.From == nil || e.From != c.From.Name && e.From != c.From.ID) {
		differ("from", e.From, fromText(c.From))
	}
	if e.Rules != nil && !slices.Equal(e.Rules, c.Rules) {
		differ("rules", strings.Join(e.Rules, ", "), strings.Join(c.Rules, ", "))
	}
	if e.Metadata != nil && !within(e.Metadata, plain(c.Metadata)) {
		differ("metadata", valueText(e.Metadata), valueText(c.Metadata))
	}
	diff = append(diff, alertDiffers(e.Alert, c.Alert)...)
	diff = append(diff, partsDiffer(e.Parts, c.Parts)...)
	return append(diff, p.snapshotDiffers(e.Snapshot, c)...)
}

func alertDiffers(want *Alert, got *channels.Alert) (diff []string) {
	if want == nil {
		return nil
	}
	if got == nil {
		return []string{"-   alert", "+   no alert"}
	}
	for _, f := range []struct{ name, want, got string }{{"title", want.Title, got.Title}, {"body", want.Body, got.Body}} {
		if f.want != "" && f.want != strings.TrimSpace(f.got) {
			diff = append(diff, "-   alert "+f.name+": "+f.want, "+   alert "+f.name+": "+f.got)
		}
	}
	return diff
}

func partsDiffer(want []Part, got []channels.Part) (diff []string) {
	if want == nil {
		return nil
	}
	if len(want) != len(got) {
		return []string{fmt.Sprintf("-   %d parts", len(want)), fmt.Sprintf("+   %d parts", len(got))}
	}
	for i, w := range want {
		g := got[i]
		for _, f := range []struct{ name, want, got string }{
			{"name", w.Name, g.Name}, {"type", w.Type, g.Type}, {"data", w.Data, g.Data}, {"url", w.URL, g.URL},
		} {
			if f.want != "" && strings.TrimSpace(f.want) != strings.TrimSpace(f.got) {
				diff = append(diff, fmt.Sprintf("-   part %d %s: %s", i+1, f.name, f.want), fmt.Sprintf("+   part %d %s: %s", i+1, f.name, f.got))
			}
		}
	}
	return diff
}

// snapshotDiffers holds a whole message to the one that was kept under a name.
func (p *player) snapshotDiffers(name string, m *channels.Message) (diff []string) {
	if name == "" {
		return nil
	}
	got, want, known := Rendered(m), "", false
	if p.options.Snapshot != nil {
		want, known = p.options.Snapshot(name)
	}
	switch want = strings.TrimRight(want, "\n"); {
	case known && want == got:
		return nil
	case p.options.Keep != nil:
		p.options.Keep(name, got)
		return nil
	case !known:
		return []string{"-   snapshot " + name + ", which is not kept yet: --update keeps it"}
	}
	for line := range strings.SplitSeq(want, "\n") {
		diff = append(diff, "-   "+line)
	}
	for line := range strings.SplitSeq(got, "\n") {
		diff = append(diff, "+   "+line)
	}
	return diff
}

// textOf is the text of a message: its body, else its first part.
func textOf(m *channels.Message) string {
	if m.Body == "" && len(m.Parts) > 0 {
		return strings.TrimSpace(m.Parts[0].Data)
	}
	return strings.TrimSpace(m.Body)
}

func fromText(s *channels.Sender) string {
	if s == nil {
		return "nobody"
	}
	return senderName(s)
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }

// plain is a value as JSON has it.
func plain(v any) (same any) {
	raw, err := json.Marshal(v)
	if err != nil || json.Unmarshal(raw, &same) != nil {
		return v
	}
	return same
}

// shows reports whether a clock that shows t shows the moment, to the minute.
func shows(m *flows.Moment, t time.Time) bool {
	if m.Date != (flows.Date{}) {
		y, month, d := t.Date()
		if m.Date != (flows.Date{Year: y, Month: month, Day: d}) {
			return false
		}
	} else if !m.Days.Has(t.Weekday()) {
		return false
	}
	return t.Hour() == m.Hour && t.Minute() == m.Minute
}

func momentText(m *flows.Moment) string {
	at := fmt.Sprintf("%02d:%02d", m.Hour, m.Minute)
	switch {
	case m.Date != (flows.Date{}):
		return fmt.Sprintf("%04d-%02d-%02d %s", m.Date.Year, m.Date.Month, m.Date.Day, at)
	case m.Days != flows.EveryDay:
		return m.Days.String() + " " + at
	}
	return at
}

func clockText(t time.Time) string {
	return strings.ToLower(t.Format("Mon 15:04")) + t.Format(" (2006-01-02)")
}

// text is an expectation on one line.
func (e *Expectation) text() string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, ", %s: %s", name, value)
		}
	}
	switch e.About {
	case ExpectMessage:
		b.WriteString(e.Name)
		if e.Who != "" {
			b.WriteString(" to " + e.Who)
		}
		if e.At != nil {
			add("at", momentText(e.At))
		}
		return b.String()
	case ExpectUnsent:
		b.WriteString("unsent " + e.Name)
		add("to", e.Who)
		add("reason", e.Reason)
	case ExpectEnd:
		b.WriteString("end " + e.Name)
		add("flow", e.Flow)
		add("of", e.Who)
		if e.Goal != nil {
			add("goal", fmt.Sprint(*e.Goal))
		}
	case ExpectEvent:
		b.WriteString("event " + e.Name)
		add("of", e.Who)
		if e.Data != nil {
			add("data", valueText(e.Data))
		}
	case ExpectWait:
		b.WriteString("wait " + e.Name)
		add("of", e.Who)
		if e.At != nil {
			add("until", momentText(e.At))
		}
		add("outcome", e.Outcome)
	case ExpectSkipped:
		b.WriteString(e.Name + " skipped")
		add("reason", e.Reason)
	}
	return b.String()
}
