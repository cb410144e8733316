package story

import (
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
)

// expect holds what has happened to a group of expectations.
func (p *player) expect(group []expectation) *Failure {
	messages, ofMessages := p.inOrder(group)
	if ofMessages {
		if f := p.expectMessages(group[0].Span, messages); f != nil {
			return f
		}
	}
	for i := range group {
		if f := p.expectOther(&group[i]); f != nil {
			return f
		}
	}
	return nil
}

// inOrder returns the messages of a group in the order in which they must have gone out, and
// whether the group says anything of messages. Those of an any_order are put into the order in
// which they did go out, as far as they did.
func (p *player) inOrder(group []expectation) (messages []expectation, said bool) {
	got := p.unexpected()
	for _, e := range group {
		switch e.About {
		case aboutMessage:
			messages, said = append(messages, e), true
		case aboutNothing:
			said = true
		case aboutAnyOrder:
			some := slices.DeleteFunc(slices.Clone(e.Any), func(e expectation) bool { return e.About != aboutMessage })
			from := min(len(messages), len(got))
			messages = append(messages, p.arranged(some, got[from:min(from+len(some), len(got))])...)
			said = said || len(some) > 0
		}
	}
	return messages, said
}

// arranged orders expectations by the messages that they fit. Each message takes the first
// that fits in everything, else the first of its name.
func (p *player) arranged(want []expectation, got []*Message) (order []expectation) {
	taken := make([]bool, len(want))
	place := make([]int, len(got)) // the expectation of each message, or -1
	pick := func(is func(*expectation, *Message) bool) {
		for i, m := range got {
			for k := range want {
				if place[i] < 0 && !taken[k] && is(&want[k], m) {
					place[i], taken[k] = k, true
				}
			}
		}
	}
	for i := range place {
		place[i] = -1
	}
	called := func(e *expectation, m *Message) bool {
		return m.called(e.Name) && (e.Who == "" || e.Who == m.Content.To)
	}
	pick(func(e *expectation, m *Message) bool { return called(e, m) && len(p.differences(e, m)) == 0 })
	pick(called)
	for _, k := range place {
		if k >= 0 {
			order = append(order, want[k])
		}
	}
	for k := range want {
		if !taken[k] {
			order = append(order, want[k])
		}
	}
	return order
}

func (p *player) expectOther(e *expectation) *Failure {
	switch e.About {
	case aboutUnsent:
		return p.expectEntry(e, "message was held back", p.unsent)
	case aboutEnd:
		return p.expectEntry(e, "run ended", p.ended)
	case aboutEvent:
		return p.expectEvent(e)
	case aboutWait:
		return p.expectWait(e)
	case aboutSkipped:
		return p.expectSkipped(e)
	case aboutFetch:
		return p.expectFetch(e)
	case aboutAnyOrder:
		for i := range e.Any {
			if f := p.expectOther(&e.Any[i]); f != nil {
				return f
			}
		}
	}
	return nil
}

// end holds the world to what every story promises: no message that nobody expected,
// and no run that broke.
func (p *player) end() *Failure {
	at := p.test.Span
	if n := len(p.test.story); n > 0 {
		at = p.test.story[n-1].Span
	}
	if f := p.expectMessages(at, nil); f != nil {
		f.Message = "no expectation names these messages"
		return f
	}
	for _, r := range p.world.runs {
		if r.Outcome != engine.OutcomeFailed && r.Outcome != engine.OutcomeQuarantined {
			continue
		}
		for i, e := range r.Timeline {
			if e.Kind == engine.KindEnded && !r.seen[i] {
				return &Failure{Span: at, Message: fmt.Sprintf("run %d of %s failed: %s", r.Number, r.Flow.Name, why(r.Run))}
			}
		}
	}
	return nil
}

// why is what broke a run.
func why(r *engine.Run) string {
	for i := len(r.Timeline) - 1; i >= 0; i-- {
		if e := r.Timeline[i]; e.Kind == engine.KindError || e.Kind == engine.KindQuarantined {
			return e.Detail
		}
	}
	return r.Outcome
}

// found is one thing that happened to a run, and in what it differs from what was
// expected.
type found struct {
	text    string
	differs []string // nothing: it is as expected
}

// expectEntry looks for an entry of any run's timeline that no expectation has taken
// yet and that is as expected.
func (p *player) expectEntry(e *expectation, what string, of func(*expectation, *Run, engine.Entry) *found) *Failure {
	f := &Failure{Span: e.Span, Message: "no " + what + " like this", Diff: []string{"- " + e.text()}}
	for _, r := range p.world.runs {
		for i, entry := range r.Timeline {
			if r.seen[i] {
				continue
			}
			got := of(e, r, entry)
			if got == nil {
				continue
			}
			if len(got.differs) == 0 {
				r.seen[i] = true
				return nil
			}
			f.Diff = append(f.Diff, "+ "+got.text)
		}
	}
	return f
}

func (p *player) unsent(e *expectation, r *Run, entry engine.Entry) *found {
	if entry.Kind != engine.KindUnsent {
		return nil
	}
	s := &r.Flow.Steps[entry.Step]
	got := &found{text: fmt.Sprintf("unsent %s to %s, reason: %s", s.ID, r.Profile, entry.Detail)}
	got.unless("name", s.ID == e.Name || s.Send.Template == e.Name)
	got.unless("to", e.Who == "" || e.Who == r.Profile)
	got.unless("reason", strings.Contains(entry.Detail, e.Reason))
	return got
}

func (p *player) ended(e *expectation, r *Run, entry engine.Entry) *found {
	if entry.Kind != engine.KindEnded {
		return nil
	}
	got := &found{text: fmt.Sprintf("end %s of run %d of %s for %s", entry.Detail, r.Number, r.Flow.Name, r.Profile)}
	if r.Goal {
		got.text += ", which met its goal"
	}
	if r.Outcome == engine.OutcomeFailed {
		got.text += ": " + why(r.Run)
	}
	got.unless("end", entry.Detail == e.Name)
	got.unless("goal", e.Goal == nil || *e.Goal == r.Goal)
	got.unless("flow", e.Flow == "" || e.Flow == r.Flow.Name)
	got.unless("of", e.Who == "" || e.Who == r.Profile)
	return got
}

func (f *found) unless(what string, ok bool) {
	if !ok {
		f.differs = append(f.differs, what)
	}
}

// expectEvent looks for an event that a run emitted.
func (p *player) expectEvent(e *expectation) *Failure {
	f := &Failure{Span: e.Span, Message: "no run emitted an event like this", Diff: []string{"- " + e.text()}}
	all, err := p.world.emissions()
	if err != nil {
		return &Failure{Span: e.Span, Message: err.Error()}
	}
	for _, event := range all {
		var has any
		switch {
		case event.seen:
		case event.Type == e.Name && (e.Who == "" || e.Who == event.Profile) && (e.Data == nil || decode(event.Data, &has) && within(e.Data, has)):
			event.seen = true
			return nil
		default:
			f.Diff = append(f.Diff, fmt.Sprintf("+ event %s of %s %s", event.Type, event.Profile, event.Data))
		}
	}
	return f
}

// expectWait looks for a run that waits at a step, or whose wait there has ended.
func (p *player) expectWait(e *expectation) *Failure {
	f := &Failure{Span: e.Span, Message: "no run waits like this", Diff: []string{"- " + e.text()}}
	for _, r := range p.world.runs {
		step := r.Flow.StepNamed(e.Name)
		if step < 0 || e.Who != "" && e.Who != r.Profile {
			continue
		}
		if e.Outcome != "" {
			f.Message = "no wait ended like this"
			for i := range r.Waits {
				if end := &r.Waits[i]; end.Step == step && end.Outcome != "" {
					if end.Outcome == e.Outcome {
						return nil
					}
					f.Diff = append(f.Diff, fmt.Sprintf("+ wait %s of run %d, outcome: %s", e.Name, r.Number, end.Outcome))
				}
			}
			continue
		}
		if !r.Live() {
			f.Diff = append(f.Diff, fmt.Sprintf("+ run %d ended: %s", r.Number, r.Outcome))
			continue
		}
		zone := p.world.zoneOf(r.Profile, r.Flow)
		if r.WaitsAt() == step && (e.At == nil || r.Deadline != 0 && shows(e.At, r.Deadline.Time().In(zone))) {
			return nil
		}
		text := fmt.Sprintf("+ run %d is %s at %s", r.Number, r.Status, r.Flow.Steps[r.At].ID)
		if r.Deadline != 0 {
			text += ", until: " + timeText(e.At, r.Deadline.Time().In(zone))
		}
		f.Diff = append(f.Diff, text)
	}
	return f
}

// expectFetch looks for a question to a service that no expectation has taken yet.
func (p *player) expectFetch(e *expectation) *Failure {
	f := &Failure{Span: e.Span, Message: "no step fetched like this", Diff: []string{"- " + e.text()}}
	for _, asked := range p.world.fetches {
		if asked.seen {
			continue
		}
		at := asked.at.In(p.world.zoneOf(asked.profile, asked.run.Flow))
		if asked.step == e.Name && (e.Who == "" || e.Who == asked.profile) && (e.At == nil || shows(e.At, at)) {
			asked.seen = true
			return nil
		}
		f.Diff = append(f.Diff, fmt.Sprintf("+ fetch %s of %s, at: %s", asked.step, asked.profile, timeText(e.At, at)))
	}
	return f
}

func (p *player) expectSkipped(e *expectation) *Failure {
	f := &Failure{Span: e.Span, Message: "no start was skipped like this", Diff: []string{"- " + e.text()}}
	for _, s := range p.world.skips {
		if s.seen {
			continue
		}
		if s.Flow == e.Name && strings.Contains(s.Reason, e.Reason) {
			s.seen = true
			return nil
		}
		f.Diff = append(f.Diff, fmt.Sprintf("+ %s skipped, reason: %s", s.Flow, s.Reason))
	}
	return f
}

// within reports whether a value is in another: what a map names, all of a list, or
// the same scalar.
func within(want, got any) bool {
	switch want := want.(type) {
	case nil:
		return got == nil // it is absent
	case map[string]any:
		fields, ok := got.(map[string]any)
		for name, value := range want {
			if !ok || !within(value, fields[name]) {
				return false
			}
		}
		return ok
	case []any:
		items, ok := got.([]any)
		if !ok || len(items) != len(want) {
			return false
		}
		for i := range want {
			if !within(want[i], items[i]) {
				return false
			}
		}
		return true
	}
	return fmt.Sprint(want) == fmt.Sprint(got)
}
