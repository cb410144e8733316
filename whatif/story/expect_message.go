package story

import (
	"fmt"
	"strings"
	"time"

	"nudge/lang/diag"
)

// expectMessages holds the messages that no expectation has named yet to all that are
// expected, in order.
func (p *player) expectMessages(at diag.Span, want []expectation) *Failure {
	got := p.unexpected()
	if f := p.compare(at, want, got); f != nil {
		return f
	}
	for _, m := range got {
		m.expected = true
	}
	return nil
}

// unexpected are the messages that no expectation has named yet.
func (p *player) unexpected() (got []*Message) {
	for _, m := range p.world.Messages {
		if !m.expected {
			got = append(got, m)
		}
	}
	return got
}

// compare pairs expectations and messages of one name, as many as can be in order, and
// tells what is left over and what differs within the pairs.
func (p *player) compare(at diag.Span, want []expectation, got []*Message) *Failure {
	f := &Failure{Span: at, Message: "the messages differ from what was expected"}
	wrong := false
	blame := func(e *expectation) {
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
	want *expectation
	got  *Message
}

// aligned is the longest common order of names, with what stands between.
func aligned(want []expectation, got []*Message) (pairs []pair) {
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

// text is an expectation on one line.
func (e *expectation) text() string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, ", %s: %s", name, value)
		}
	}
	switch e.About {
	case aboutMessage:
		b.WriteString(e.Name)
		if e.Who != "" {
			b.WriteString(" to " + e.Who)
		}
		if e.At != nil {
			add("at", momentText(e.At))
		}
		return b.String()
	case aboutUnsent:
		b.WriteString("unsent " + e.Name)
		add("to", e.Who)
		add("reason", e.Reason)
	case aboutEnd:
		b.WriteString("end " + e.Name)
		add("flow", e.Flow)
		add("of", e.Who)
		if e.Goal != nil {
			add("goal", fmt.Sprint(*e.Goal))
		}
	case aboutEvent:
		b.WriteString("event " + e.Name)
		add("of", e.Who)
		if e.Data != nil {
			add("data", valueText(e.Data))
		}
	case aboutWait:
		b.WriteString("wait " + e.Name)
		add("of", e.Who)
		if e.At != nil {
			add("until", momentText(e.At))
		}
		add("outcome", e.Outcome)
	case aboutFetch:
		b.WriteString("fetch " + e.Name)
		add("of", e.Who)
		if e.At != nil {
			add("at", momentText(e.At))
		}
	case aboutSkipped:
		b.WriteString(e.Name + " skipped")
		add("reason", e.Reason)
	}
	return b.String()
}
