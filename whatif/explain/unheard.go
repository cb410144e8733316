package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/shape"
	"nudge/whatif/story"
)

// unheard is a type of event that came for the person and matched nothing. Only the first
// one has a line: a product may send thousands that no flow needs.
type unheard struct {
	line int // index of its line
	more int // events like it since
	last string
}

// unheardEvent shows an event of the person that started nothing, and that no run waited for.
func (t *teller) unheardEvent(a *applied) {
	ev, ok := a.Input.Payload.(*engine.Event)
	if !ok || t.question.Run != (engine.RunID{}) || ev.Profile != t.question.Profile || ev.FanOut != nil ||
		a.Outcome.Answer.Ignored == "" {
		return
	}
	why := whyUnheard(t.core.Active(), ev)
	if seen := t.unheard[ev.Type+why]; seen != nil {
		seen.more++
		seen.last = story.Clock(a.Stamp.Time())
		return
	}
	t.say(a, 0, story.LineInput, inputText(a.Input))
	t.say(a, 0, story.LineSkip, ev.Type+" matched nothing: "+why)
	t.unheard[ev.Type+why] = &unheard{line: len(t.answer.Lines) - 1}
}

// finishUnheard adds to each line how many events like it came later.
func (t *teller) finishUnheard() {
	for _, u := range t.unheard {
		if u.more > 0 {
			t.answer.Lines[u.line].Text += fmt.Sprintf(" (and %d more like it, the last %s)", u.more, u.last)
		}
	}
}

// whyUnheard says why an event matched nothing: no flow listens to its type, its key cannot
// be used, or no run waits for it.
func whyUnheard(active []*flows.Flow, ev *engine.Event) string {
	var reasons []string
	known := map[string]bool{}
	for _, f := range active {
		for kind := range f.Listening {
			known[kind] = true
		}
		if use := f.Listening[ev.Type]; use != nil {
			reasons = append(reasons, whyNoRun(f, use, ev))
		}
	}
	if len(reasons) > 0 {
		slices.Sort(reasons)
		return strings.Join(reasons, "; ")
	}
	if near := diag.Nearest(ev.Type, slices.Sorted(maps.Keys(known))); near != "" {
		return fmt.Sprintf("no flow listens to it; did you mean %s?", near)
	}
	return "no flow listens to it"
}

// whyNoRun says why no run of a flow that listens to an event was concerned.
func whyNoRun(f *flows.Flow, use *flows.EventUse, ev *engine.Event) string {
	var keys []*flows.Expr
	narrowed := ""
	add := func(key, by *flows.Expr) {
		if keys = append(keys, key); by != nil {
			narrowed = ", or the event does not name " + by.String()
		}
	}
	for _, line := range slices.Concat(use.Exits, use.Waits, use.Untils) {
		add(line.Key, line.By)
	}
	for _, c := range use.Collects {
		add(c.Key, c.By)
	}
	for _, key := range keys {
		if key == nil {
			continue
		}
		text, err := keyOf(key, use.Shape, ev)
		switch {
		case err != nil:
			return fmt.Sprintf("%s cannot use its key: %v", f.Name, err)
		case len(text) > engine.MaxKeyBytes:
			return fmt.Sprintf("%s cannot use its key %s: the key has %d bytes, and at most %d are allowed", f.Name, key, len(text), engine.MaxKeyBytes)
		}
		return fmt.Sprintf("no run of %s with the key %q waits for it", f.Name, text) + narrowed
	}
	return fmt.Sprintf("no run of %s for %s waits for it", f.Name, ev.Profile)
}

func keyOf(key *flows.Expr, as *shape.Type, ev *engine.Event) (string, error) {
	if as == nil {
		as = shape.Any
	}
	raw := ev.Data
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	data, err := as.Decode(raw)
	if err != nil {
		return "", err
	}
	return key.Text(map[string]any{flows.NameEvent: data})
}

// passedOver shows a reply that nobody took, and that passed over a run that is asked about.
func (t *teller) passedOver(a *applied) {
	for _, d := range a.Outcome.Answer.Decisions {
		if d.Action != engine.DidPass {
			continue
		}
		rp := a.Input.Payload.(*engine.Reply)
		if d.Run == t.question.Run.String() || d.Flow == t.question.Flow && rp.Profile == t.question.Profile {
			t.say(a, 0, story.LineInput, inputText(a.Input))
			t.say(a, 0, story.LineSkip, passedText(d))
		}
	}
}

// passedText says that a reply passed over a run.
func passedText(d engine.Decision) string {
	return fmt.Sprintf("the reply passed over run %s of %s: %s", d.Run, d.Flow, d.Reason)
}
