package story

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nudge/channels"
)

// differences are the fields in which a message is not as expected.
func (p *player) differences(e *expectation, m *Message) (diff []string) {
	differ := func(field, want, got string) {
		diff = append(diff, fmt.Sprintf("-   %s: %s", field, want), fmt.Sprintf("+   %s: %s", field, got))
	}
	c := &m.Content
	body := textOf(c)
	if at := p.readerTime(m); e.At != nil && !shows(e.At, at) {
		differ("at", momentText(e.At), timeText(e.At, at))
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
	if e.Thread != "" && e.Thread != c.Conversation {
		differ("conversation", e.Thread, c.Conversation)
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

func alertDiffers(want *alert, got *channels.Alert) (diff []string) {
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

func partsDiffer(want []part, got []channels.Part) (diff []string) {
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
	name = p.test.snapshot(name)
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
		return []string{"-   snapshot " + name + " does not exist yet; run with --update to write it"}
	}
	for line := range strings.SplitSeq(want, "\n") {
		diff = append(diff, "-   "+line)
	}
	for line := range strings.SplitSeq(got, "\n") {
		diff = append(diff, "+   "+line)
	}
	return diff
}
